-- The version that is served, and which kinds of record a store's changes since another may be of.
-- The newest version of each is found at the end of an index, however many records there are.
-- Params: company_id, since_version, store_id, since_as_of, timezone, as_of
SELECT
    (
        SELECT max(p.version) FROM edge.publications AS p
        WHERE p.company_id = %(company_id)s
    ) AS version,
    coalesce((
        SELECT max(r.version) FROM edge.category_records AS r
        WHERE r.company_id = %(company_id)s
    ) > %(since_version)s, false) AS category,
    greatest(
        (
            SELECT max(r.version) FROM edge.product_records AS r
            WHERE r.company_id = %(company_id)s
        ),
        (
            SELECT max(o.version) FROM edge.store_product_records AS o
            WHERE o.store_id = %(store_id)s
        ),
        -1
    ) > %(since_version)s AS product,
    coalesce((
        SELECT max(r.version) FROM edge.promotion_records AS r
        WHERE r.company_id = %(company_id)s
    ) > %(since_version)s, false)
    OR (%(since_as_of)s::timestamptz AT TIME ZONE %(timezone)s)::date
    != (%(as_of)s::timestamptz AT TIME ZONE %(timezone)s)::date AS promotion;
