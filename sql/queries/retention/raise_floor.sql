-- From now on cursors below the floor need a snapshot.
-- Params: company_id, version, now
UPDATE edge.versions
SET floor_version = %(version)s, floor_raised_at = %(now)s
WHERE company_id = %(company_id)s AND floor_version < %(version)s
