-- Note what an edge says that it holds, and when that was not what it should; a report in which
-- nothing else is found takes that back.
-- Params: client_id, version, client_version, drifted
UPDATE edge.edge_clients AS c
SET
    reported_at = clock_timestamp(),
    reported_version = %(version)s,
    client_version = %(client_version)s,
    drifted_at = CASE WHEN %(drifted)s THEN clock_timestamp() END
WHERE c.client_id = %(client_id)s
