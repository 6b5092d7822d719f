-- What stores should hold is kept with each change: counting takes a second a million.
-- depends: 0108_follow_store_scopes
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '600s';

CREATE FUNCTION edge.record_hash(record_id uuid, version bigint) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (
        'x' || encode(
            substring(sha256(convert_to(record_id::text || ':' || version::text, 'UTF8')), 1, 8), 'hex'
        )
    )::bit(64)::bigint::numeric
$$;
COMMENT ON FUNCTION edge.record_hash IS 'What a record adds to a checksum: see Holding in the contract.';

CREATE TABLE edge.product_holdings (
    company_id uuid NOT NULL,
    brand_id uuid NOT NULL,
    store_id uuid NOT NULL,
    records numeric NOT NULL,
    checksum numeric NOT NULL,
    CONSTRAINT product_holdings_pkey PRIMARY KEY (company_id, brand_id, store_id)
);
COMMENT ON TABLE edge.product_holdings IS
'Count and checksum of a brand''s active products, kept by triggers on their records. Only the publication '
'of a company changes them, so nobody waits for its rows.';
COMMENT ON COLUMN edge.product_holdings.store_id IS
'All zeros: the brand''s own. A store: what its overlays add, where they are newer than their product.';

-- The overlays that are newer than a product: a change of the product visits no others. Only
-- publications write the table, and they can wait.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX store_product_records_product_id_idx
ON edge.store_product_records (product_id, version);

CREATE FUNCTION edge.keep_product_holdings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed text := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT 1 AS sign, * FROM new_rows'
        WHEN 'DELETE' THEN 'SELECT -1 AS sign, * FROM old_rows'
        ELSE 'SELECT 1 AS sign, * FROM new_rows UNION ALL SELECT -1, * FROM old_rows'
    END;
BEGIN
    EXECUTE 'WITH changed AS (' || changed || ') '
        'INSERT INTO edge.product_holdings AS h (company_id, brand_id, store_id, records, checksum) '
        || TG_ARGV[0] ||
        ' ON CONFLICT (company_id, brand_id, store_id) DO UPDATE '
        'SET records = h.records + excluded.records, checksum = h.checksum + excluded.checksum';
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION edge.keep_product_holdings() IS
'Its argument is a query over `changed` (rows after the statement, sign 1, and before it, sign -1).';

DO $$
DECLARE
    source record;
BEGIN
    FOR source IN
        SELECT * FROM (
            VALUES
            (
                'product_records',
                'SELECT r.company_id, r.brand_id, ''00000000-0000-0000-0000-000000000000''::uuid, '
                'sum(r.sign), sum(r.sign * edge.record_hash(r.product_id, r.version)) '
                'FROM changed AS r WHERE r.is_active AND NOT r.is_removed '
                'GROUP BY r.company_id, r.brand_id '
                'UNION ALL '
                'SELECT r.company_id, r.brand_id, o.store_id, 0, sum(r.sign * ('
                'edge.record_hash(r.product_id, o.version) - edge.record_hash(r.product_id, r.version))) '
                'FROM changed AS r INNER JOIN edge.store_product_records AS o '
                'ON r.product_id = o.product_id AND r.company_id = o.company_id AND o.version > r.version '
                'WHERE r.is_active AND NOT r.is_removed '
                'GROUP BY r.company_id, r.brand_id, o.store_id'
            ),
            (
                'store_product_records',
                'SELECT r.company_id, r.brand_id, o.store_id, 0, sum(o.sign * ('
                'edge.record_hash(r.product_id, o.version) - edge.record_hash(r.product_id, r.version))) '
                'FROM changed AS o INNER JOIN edge.product_records AS r '
                'ON o.product_id = r.product_id AND o.company_id = r.company_id AND o.version > r.version '
                'WHERE r.is_active AND NOT r.is_removed '
                'GROUP BY r.company_id, r.brand_id, o.store_id'
            )
        ) AS sources (name, query)
    LOOP
        EXECUTE format(
            'CREATE TRIGGER keep_inserts AFTER INSERT ON edge.%I REFERENCING NEW TABLE AS new_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION edge.keep_product_holdings(%L)', source.name, source.query
        );
        EXECUTE format(
            'CREATE TRIGGER keep_updates AFTER UPDATE ON edge.%I '
            'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION edge.keep_product_holdings(%L)', source.name, source.query
        );
        EXECUTE format(
            'CREATE TRIGGER keep_deletes AFTER DELETE ON edge.%I REFERENCING OLD TABLE AS old_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION edge.keep_product_holdings(%L)', source.name, source.query
        );
    END LOOP;
END
$$;

INSERT INTO edge.product_holdings (company_id, brand_id, store_id, records, checksum)
SELECT
    r.company_id,
    r.brand_id,
    '00000000-0000-0000-0000-000000000000'::uuid,
    count(*),
    sum(edge.record_hash(r.product_id, r.version))
FROM edge.product_records AS r
WHERE r.is_active AND NOT r.is_removed
GROUP BY r.company_id, r.brand_id;

INSERT INTO edge.product_holdings (company_id, brand_id, store_id, records, checksum)
SELECT
    r.company_id,
    r.brand_id,
    o.store_id,
    0,
    sum(edge.record_hash(r.product_id, o.version) - edge.record_hash(r.product_id, r.version))
FROM edge.store_product_records AS o
INNER JOIN edge.product_records AS r
    ON o.product_id = r.product_id AND o.company_id = r.company_id AND o.version > r.version
WHERE r.is_active AND NOT r.is_removed
GROUP BY r.company_id, r.brand_id, o.store_id;
