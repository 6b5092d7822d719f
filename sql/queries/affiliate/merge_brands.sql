-- Merge a batch of staged brands and remember what happened to each. The last of twins wins; a
-- record seen again in the run keeps its strongest outcome, and one seen twice by the same walk
-- counts as a duplicate.
-- Params: run_key, walk, page_key, full_refresh, first, until
WITH latest AS (
    SELECT DISTINCT ON (external_id)
        external_id,
        display_id,
        name,
        logo_url,
        status,
        is_active,
        checksum,
        count(*) OVER (PARTITION BY external_id) - 1 AS repeats
    FROM staged_brands
    WHERE ordinal >= %(first)s AND ordinal < %(until)s
    ORDER BY external_id ASC, ordinal DESC
),

changed AS (
    INSERT INTO affiliate.brands AS saved (
        trackier_advertiser_id, trackier_display_id, name, logo_url, status, is_active, checksum,
        page_key
    )
    SELECT
        latest.external_id,
        latest.display_id,
        latest.name,
        latest.logo_url,
        latest.status,
        latest.is_active,
        latest.checksum,
        %(page_key)s
    FROM latest
    WHERE
        %(full_refresh)s
        OR NOT EXISTS (
            SELECT 1
            FROM affiliate.brands AS present
            WHERE
                present.trackier_advertiser_id = latest.external_id
                AND present.checksum = latest.checksum
                AND present.is_active = latest.is_active
        )
    ON CONFLICT (trackier_advertiser_id) DO UPDATE
        SET
            trackier_display_id = excluded.trackier_display_id,
            name = excluded.name,
            logo_url = excluded.logo_url,
            status = excluded.status,
            is_active = excluded.is_active,
            checksum = excluded.checksum,
            page_key = excluded.page_key,
            updated_at = now()
    RETURNING saved.trackier_advertiser_id AS external_id, saved.xmax = 0 AS is_new
)

INSERT INTO ops.sync_outcomes AS seen (run_key, entity, external_id, outcome, walk, duplicates)
SELECT
    %(run_key)s,
    'brands',
    latest.external_id,
    CASE changed.is_new WHEN TRUE THEN 'inserted' WHEN FALSE THEN 'updated' ELSE 'unchanged' END,
    %(walk)s,
    latest.repeats
FROM latest
LEFT JOIN changed ON latest.external_id = changed.external_id
ON CONFLICT (run_key, entity, external_id) DO UPDATE
    SET
        outcome = CASE
            WHEN seen.outcome = 'inserted' THEN 'inserted'
            WHEN seen.outcome = 'updated' AND excluded.outcome = 'unchanged' THEN 'updated'
            ELSE excluded.outcome
        END,
        duplicates = CASE
            WHEN seen.walk = excluded.walk THEN seen.duplicates + 1 + excluded.duplicates
            ELSE excluded.duplicates
        END,
        walk = excluded.walk;
