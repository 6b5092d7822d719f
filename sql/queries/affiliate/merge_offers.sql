-- Merge a batch of staged offers, remember what happened to each, and return the ordinals whose
-- brand is unknown. The last of twins wins; a record seen again in the run keeps its strongest
-- outcome, and one seen twice by the same walk counts as a duplicate.
-- Params: run_key, walk, page_key, full_refresh, first, until
WITH latest AS (
    SELECT DISTINCT ON (staged.external_id)
        staged.*,
        count(*) OVER (PARTITION BY staged.external_id) - 1 AS repeats
    FROM staged_offers AS staged
    WHERE staged.ordinal >= %(first)s AND staged.ordinal < %(until)s
    ORDER BY staged.external_id ASC, staged.ordinal DESC
),

known AS (
    SELECT
        latest.*,
        coalesce(by_hash.brand_id, by_display.brand_id) AS brand_id
    FROM latest
    LEFT JOIN affiliate.brands AS by_hash
        ON latest.advertiser_id = by_hash.trackier_advertiser_id
    LEFT JOIN LATERAL (
        SELECT max(brands.brand_id) AS brand_id
        FROM affiliate.brands
        WHERE by_hash.brand_id IS NULL AND brands.trackier_display_id = latest.advertiser_id
        HAVING count(*) = 1
    ) AS by_display ON TRUE
),

changed AS (
    INSERT INTO affiliate.offers AS saved (
        trackier_campaign_id, trackier_display_id, advertiser_id, name, category,
        base_commission_pct, payout_amount, payout_currency, payout_model, status, is_active,
        checksum, page_key
    )
    SELECT
        known.external_id,
        known.display_id,
        known.brand_id,
        known.name,
        known.category,
        known.commission_pct,
        known.payout_amount,
        known.payout_currency,
        known.payout_model,
        known.status,
        known.is_active,
        known.checksum,
        %(page_key)s
    FROM known
    WHERE
        known.brand_id IS NOT NULL
        AND (
            %(full_refresh)s
            OR NOT EXISTS (
                SELECT 1
                FROM affiliate.offers AS present
                WHERE
                    present.trackier_campaign_id = known.external_id
                    AND present.checksum = known.checksum
                    AND present.is_active = known.is_active
            )
        )
    ON CONFLICT (trackier_campaign_id) DO UPDATE
        SET
            trackier_display_id = excluded.trackier_display_id,
            advertiser_id = excluded.advertiser_id,
            name = excluded.name,
            category = excluded.category,
            base_commission_pct = excluded.base_commission_pct,
            payout_amount = excluded.payout_amount,
            payout_currency = excluded.payout_currency,
            payout_model = excluded.payout_model,
            status = excluded.status,
            is_active = excluded.is_active,
            checksum = excluded.checksum,
            page_key = excluded.page_key,
            updated_at = now()
    RETURNING saved.trackier_campaign_id AS external_id, saved.xmax = 0 AS is_new
),

remembered AS (
    INSERT INTO ops.sync_outcomes AS seen (
        run_key, entity, external_id, outcome, walk, duplicates
    )
    SELECT
        %(run_key)s,
        'offers',
        known.external_id,
        CASE
            WHEN known.brand_id IS NULL THEN 'rejected'
            WHEN changed.is_new THEN 'inserted'
            WHEN NOT changed.is_new THEN 'updated'
            ELSE 'unchanged'
        END,
        %(walk)s,
        known.repeats
    FROM known
    LEFT JOIN changed ON known.external_id = changed.external_id
    ON CONFLICT (run_key, entity, external_id) DO UPDATE
        SET
            outcome = CASE
                WHEN seen.outcome = 'inserted' THEN 'inserted'
                WHEN
                    seen.outcome = 'updated' AND excluded.outcome IN ('unchanged', 'rejected')
                    THEN 'updated'
                WHEN seen.outcome = 'unchanged' AND excluded.outcome = 'rejected' THEN 'unchanged'
                ELSE excluded.outcome
            END,
            duplicates = CASE
                WHEN seen.walk = excluded.walk THEN seen.duplicates + 1 + excluded.duplicates
                ELSE excluded.duplicates
            END,
            walk = excluded.walk
)

SELECT known.ordinal
FROM known
WHERE known.brand_id IS NULL;
