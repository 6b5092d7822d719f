-- Set tenants' publisher ids from the staged publishers, remember outcomes, and return those that
-- changed nothing with the reason. An explicit reference is followed first, then an e-mail address
-- that only one tenant and only one publisher has.
-- Params: run_key, walk
WITH publishers AS (
    SELECT DISTINCT ON (external_id)
        external_id,
        display_id,
        external_ref,
        lower(email) AS email
    FROM staged_publishers
    ORDER BY external_id
),

by_reference AS (
    SELECT publishers.external_id, tenants.tenant_id
    FROM publishers
    INNER JOIN affiliate.tenants
        ON
            tenants.external_ref IN (
                publishers.external_id, publishers.display_id, publishers.external_ref
            )
),

by_email AS (
    SELECT publishers.external_id, tenants.tenant_id
    FROM publishers
    INNER JOIN affiliate.tenants ON publishers.email = lower(tenants.email)
    WHERE
        NOT EXISTS (
            SELECT 1 FROM by_reference
            WHERE by_reference.external_id = publishers.external_id
        )
        AND NOT EXISTS (
            SELECT 1 FROM by_reference
            WHERE by_reference.tenant_id = tenants.tenant_id
        )
),

pairs AS (
    SELECT external_id, tenant_id FROM by_reference
    UNION ALL
    SELECT external_id, tenant_id FROM by_email
),

judged AS (
    SELECT
        publishers.external_id,
        publishers.display_id,
        min(pairs.tenant_id) AS tenant_id,
        CASE
            WHEN count(pairs.tenant_id) = 0 THEN 'matches no tenant'
            WHEN count(pairs.tenant_id) > 1 THEN 'matches several tenants'
            WHEN bool_or(rivals.external_id IS NOT NULL)
                THEN 'another publisher matches the same tenant'
            WHEN bool_or(taken.tenant_id IS NOT NULL)
                THEN 'its id is already another tenant''s trackier_pid'
        END AS problem
    FROM publishers
    LEFT JOIN pairs ON publishers.external_id = pairs.external_id
    LEFT JOIN pairs AS rivals
        ON pairs.tenant_id = rivals.tenant_id AND pairs.external_id <> rivals.external_id
    LEFT JOIN affiliate.tenants AS taken
        ON publishers.display_id = taken.trackier_pid AND pairs.tenant_id <> taken.tenant_id
    GROUP BY publishers.external_id, publishers.display_id
),

changed AS (
    UPDATE affiliate.tenants
    SET trackier_pid = judged.display_id
    FROM judged
    WHERE
        judged.problem IS NULL
        AND tenants.tenant_id = judged.tenant_id
        AND tenants.trackier_pid IS DISTINCT FROM judged.display_id
    RETURNING judged.external_id
),

remembered AS (
    INSERT INTO ops.sync_outcomes AS seen (
        run_key, entity, external_id, outcome, walk, duplicates
    )
    SELECT
        %(run_key)s,
        'publishers',
        judged.external_id,
        CASE WHEN changed.external_id IS NULL THEN 'unchanged' ELSE 'updated' END,
        %(walk)s,
        0
    FROM judged
    LEFT JOIN changed ON judged.external_id = changed.external_id
    WHERE judged.problem IS NULL
    ON CONFLICT (run_key, entity, external_id) DO UPDATE
        SET
            outcome = CASE WHEN seen.outcome = 'updated' THEN 'updated' ELSE excluded.outcome END,
            walk = excluded.walk
)

SELECT judged.external_id, judged.problem
FROM judged
WHERE judged.problem IS NOT NULL
ORDER BY judged.external_id;
