-- List which of the asked-for brands this attempt did not see in the vendor's list.
-- Params: run_key, first_walk, brand_ids (text[]: hash or display ids)
SELECT asked.brand_id
FROM unnest(%(brand_ids)s::text[]) AS asked (brand_id)
WHERE
    NOT EXISTS (
        SELECT 1
        FROM affiliate.brands
        INNER JOIN ops.sync_outcomes AS seen
            ON
                brands.trackier_advertiser_id = seen.external_id
                AND seen.run_key = %(run_key)s
                AND seen.entity = 'brands'
                AND seen.walk >= %(first_walk)s
        WHERE asked.brand_id IN (brands.trackier_advertiser_id, brands.trackier_display_id)
    );
