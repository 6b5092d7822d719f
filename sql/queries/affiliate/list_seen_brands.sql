-- List the brands whose offers are to be fetched: those that this attempt saw in the vendor's list.
-- Params: run_key, first_walk
SELECT brands.trackier_advertiser_id
FROM ops.sync_outcomes AS seen
INNER JOIN affiliate.brands ON seen.external_id = brands.trackier_advertiser_id
WHERE seen.run_key = %(run_key)s AND seen.entity = 'brands' AND seen.walk >= %(first_walk)s
ORDER BY brands.brand_id;
