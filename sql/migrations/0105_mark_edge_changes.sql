-- Marks what plain SQL changes, per statement, however many rows it touches.
-- depends: 0104_raise_edge_versions
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE FUNCTION edge.mark_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed text := CASE TG_OP
        WHEN 'INSERT' THEN 'TABLE new_rows'
        WHEN 'DELETE' THEN 'TABLE old_rows'
        ELSE '(TABLE old_rows EXCEPT TABLE new_rows) UNION ALL (TABLE new_rows EXCEPT TABLE old_rows)'
    END;
BEGIN
    EXECUTE 'WITH changed AS (' || changed || '), '
        'touched (company_id, kind, record_id, store_id) AS MATERIALIZED (' || TG_ARGV[0] || '), '
        'marked AS (INSERT INTO edge.marks (company_id, kind, record_id, store_id) '
        'SELECT DISTINCT * FROM touched WHERE kind IS NOT NULL) '
        'INSERT INTO edge.changes (company_id) SELECT DISTINCT company_id FROM touched '
        'ON CONFLICT DO NOTHING';
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION edge.mark_changes() IS
'Its argument is a query over `changed` (rows before and after; unchanged ones left out) that names company, '
'kind, id and store of what has to be compiled; kind is NULL where only the version has to rise.';

CREATE FUNCTION edge.add_company_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO edge.versions (company_id) SELECT company_id FROM new_rows;
    INSERT INTO edge.promotion_sync_settings (company_id) SELECT company_id FROM new_rows;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION edge.add_company_rows() IS 'Each company has a version and settings.';

CREATE TRIGGER add_company_rows AFTER INSERT ON edge.companies
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.add_company_rows();

CREATE FUNCTION edge.refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE leaves no trace for the stores: DELETE from edge.% instead', TG_TABLE_NAME;
END
$$;
COMMENT ON FUNCTION edge.refuse_truncate() IS 'TRUNCATE does not tell which rows there were.';

DO $$
DECLARE
    of_promotion constant text :=
        'SELECT p.company_id, ''promotion'', p.promotion_id, NULL::uuid FROM changed AS c '
        'INNER JOIN edge.promotions AS p ON c.promotion_id = p.promotion_id';
    source record;
BEGIN
    FOR source IN
        SELECT * FROM (
            VALUES
            (
                'companies',
                'SELECT company_id, CASE WHEN count(DISTINCT currency) > 1 THEN ''company'' END, '
                'company_id, NULL::uuid FROM changed GROUP BY company_id'
            ),
            ('brands', 'SELECT company_id, NULL, brand_id, NULL::uuid FROM changed'),
            ('stores', 'SELECT company_id, NULL, store_id, NULL::uuid FROM changed'),
            (
                'store_brands',
                'SELECT s.company_id, NULL, s.store_id, NULL::uuid FROM changed AS c '
                'INNER JOIN edge.stores AS s ON c.store_id = s.store_id'
            ),
            (
                'promotion_sync_settings',
                'SELECT company_id, NULL, company_id, NULL::uuid FROM changed'
            ),
            ('categories', 'SELECT company_id, ''category'', category_id, NULL::uuid FROM changed'),
            ('products', 'SELECT company_id, ''product'', product_id, NULL::uuid FROM changed'),
            (
                'store_products',
                'SELECT s.company_id, ''store_product'', c.product_id, c.store_id FROM changed AS c '
                'INNER JOIN edge.stores AS s ON c.store_id = s.store_id'
            ),
            (
                'holidays',
                'SELECT p.company_id, ''promotion'', p.promotion_id, NULL::uuid FROM changed AS c '
                'INNER JOIN edge.promotions AS p ON c.company_id = p.company_id AND p.exclude_holidays '
                'AND c.held_on BETWEEN p.start_on AND p.end_on'
            ),
            ('promotions', 'SELECT company_id, ''promotion'', promotion_id, NULL::uuid FROM changed'),
            ('promotion_targets', of_promotion),
            ('promotion_tiers', of_promotion),
            ('package_promotions', of_promotion),
            ('promotion_items', of_promotion)
        ) AS sources (name, query)
    LOOP
        EXECUTE format(
            'CREATE TRIGGER mark_inserts AFTER INSERT ON edge.%I REFERENCING NEW TABLE AS new_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes(%L)', source.name, source.query
        );
        EXECUTE format(
            'CREATE TRIGGER mark_updates AFTER UPDATE ON edge.%I '
            'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes(%L)', source.name, source.query
        );
        EXECUTE format(
            'CREATE TRIGGER mark_deletes AFTER DELETE ON edge.%I REFERENCING OLD TABLE AS old_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes(%L)', source.name, source.query
        );
        EXECUTE format(
            'CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON edge.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION edge.refuse_truncate()', source.name
        );
    END LOOP;
END
$$;
