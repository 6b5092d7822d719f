-- Switch off what complete fetches of this attempt no longer list, and remember it. A breaker keeps
-- the rows of a brand that would lose more than max_share of its active offers (when those are more
-- than max_rows), and all brands if the list would lose as much.
-- Returns: offers and brands switched off, offers and brands kept by the breaker.
-- Each record is looked up by its key (the aggregate sees to that): nobody knows yet how many this
-- run has seen, and a planner that guesses "few" would compare every offer with all of them.
-- Params: run_key, first_walk, brand_list_complete, max_share, max_rows
WITH seen AS NOT MATERIALIZED (
    SELECT entity, external_id, outcome
    FROM ops.sync_outcomes
    WHERE run_key = %(run_key)s AND walk >= %(first_walk)s
),

brand_states AS (
    SELECT
        brands.brand_id,
        brands.trackier_advertiser_id,
        now_seen.outcome IS NULL AS is_gone,
        count(*) FILTER (WHERE now_seen.outcome IS NULL) OVER () > %(max_rows)s
        AND count(*) FILTER (WHERE now_seen.outcome IS NULL) OVER ()
        > %(max_share)s
        * count(*) FILTER (WHERE now_seen.outcome IS DISTINCT FROM 'inserted') OVER ()
            AS is_suspicious
    FROM affiliate.brands
    LEFT JOIN LATERAL (
        SELECT max(seen.outcome) AS outcome
        FROM seen
        WHERE seen.entity = 'brands' AND seen.external_id = brands.trackier_advertiser_id
    ) AS now_seen ON TRUE
    WHERE %(brand_list_complete)s AND brands.is_active
),

gone_brands AS (
    SELECT brand_id, trackier_advertiser_id, is_suspicious
    FROM brand_states
    WHERE is_gone
),

offer_states AS (
    SELECT
        offers.offer_id,
        offers.trackier_campaign_id,
        now_seen.outcome IS NULL AS is_gone,
        count(*) FILTER (WHERE now_seen.outcome IS NULL) OVER of_brand > %(max_rows)s
        AND count(*) FILTER (WHERE now_seen.outcome IS NULL) OVER of_brand
        > %(max_share)s
        * count(*) FILTER (WHERE now_seen.outcome IS DISTINCT FROM 'inserted') OVER of_brand
            AS is_suspicious
    FROM seen AS walks
    INNER JOIN affiliate.brands ON walks.external_id = brands.trackier_advertiser_id
    INNER JOIN affiliate.offers ON brands.brand_id = offers.advertiser_id AND offers.is_active
    LEFT JOIN LATERAL (
        SELECT max(seen.outcome) AS outcome
        FROM seen
        WHERE seen.entity = 'offers' AND seen.external_id = offers.trackier_campaign_id
    ) AS now_seen ON TRUE
    WHERE walks.entity = 'walks' AND walks.outcome = 'complete'
    WINDOW of_brand AS (PARTITION BY offers.advertiser_id)
),

gone_offers AS (
    SELECT offer_id, trackier_campaign_id, is_suspicious
    FROM offer_states
    WHERE is_gone
    UNION
    SELECT offers.offer_id, offers.trackier_campaign_id, gone_brands.is_suspicious
    FROM gone_brands
    INNER JOIN affiliate.offers
        ON gone_brands.brand_id = offers.advertiser_id AND offers.is_active
),

off_offers AS (
    UPDATE affiliate.offers
    SET is_active = FALSE, updated_at = now()
    FROM gone_offers
    WHERE offers.offer_id = gone_offers.offer_id AND NOT gone_offers.is_suspicious
    RETURNING offers.trackier_campaign_id AS external_id
),

off_brands AS (
    UPDATE affiliate.brands
    SET is_active = FALSE, updated_at = now()
    FROM gone_brands
    WHERE brands.brand_id = gone_brands.brand_id AND NOT gone_brands.is_suspicious
    RETURNING brands.trackier_advertiser_id AS external_id
),

decided AS (
    SELECT 'offers' AS entity, external_id, 'deactivated' AS outcome FROM off_offers
    UNION ALL
    SELECT 'brands', external_id, 'deactivated' FROM off_brands
    UNION ALL
    SELECT 'offers', trackier_campaign_id, 'kept' FROM gone_offers
    WHERE is_suspicious
    UNION ALL
    SELECT 'brands', trackier_advertiser_id, 'kept' FROM gone_brands
    WHERE is_suspicious
),

remembered AS (
    INSERT INTO ops.sync_outcomes AS saved (
        run_key, entity, external_id, outcome, walk, duplicates
    )
    SELECT %(run_key)s, decided.entity, decided.external_id, decided.outcome, 0, 0
    FROM decided
    ON CONFLICT (run_key, entity, external_id) DO UPDATE
        SET outcome = excluded.outcome, walk = 0
)

SELECT
    count(*) FILTER (WHERE entity = 'offers' AND outcome = 'deactivated') AS offers,
    count(*) FILTER (WHERE entity = 'brands' AND outcome = 'deactivated') AS brands,
    count(*) FILTER (WHERE entity = 'offers' AND outcome = 'kept') AS kept_offers,
    count(*) FILTER (WHERE entity = 'brands' AND outcome = 'kept') AS kept_brands
FROM decided;
