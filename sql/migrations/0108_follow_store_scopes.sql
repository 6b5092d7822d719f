-- Follows what changes about a store itself: its brands, zone, company and its company's settings.
-- depends: 0107_refuse_unreadable_values
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE edge.store_scopes (
    store_id uuid NOT NULL,
    company_id uuid NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT store_scopes_pkey PRIMARY KEY (store_id)
);
COMMENT ON TABLE edge.store_scopes IS
'The version at which what decides a store''s records last changed, for edges that keep a time and no '
'cursor. No foreign keys: it is written by a publication, which must not wait for writers.';
CREATE INDEX store_scopes_company_id_idx ON edge.store_scopes (company_id);

-- Another kind is allowed; no row that was allowed before is refused.
-- squawk-ignore ban-drop-constraint
ALTER TABLE edge.marks DROP CONSTRAINT marks_kind_check;
ALTER TABLE edge.marks ADD CONSTRAINT marks_kind_check CHECK (
    kind IN ('company', 'store', 'category', 'product', 'store_product', 'promotion')
) NOT VALID;

CREATE OR REPLACE FUNCTION edge.raise_versions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    companies uuid[];
    company uuid;
BEGIN
    -- The first row's trigger does the work of all, in one order for everybody: no deadlocks.
    WITH taken AS (
        DELETE FROM edge.changes WHERE xact_id = pg_current_xact_id() RETURNING company_id
    )
    SELECT coalesce(array_agg(company_id ORDER BY company_id), '{}') INTO companies FROM taken;
    FOREACH company IN ARRAY companies LOOP
        UPDATE edge.versions
        SET version = version + 1, changed_at = clock_timestamp()
        WHERE company_id = company;
        IF FOUND THEN
            PERFORM pg_notify('edge_changes', company::text);
        ELSE
            DELETE FROM edge.marks WHERE company_id = company;
            DELETE FROM edge.publications WHERE company_id = company;
            DELETE FROM edge.promotion_compile_errors WHERE company_id = company;
            DELETE FROM edge.category_records WHERE company_id = company;
            DELETE FROM edge.product_records WHERE company_id = company;
            DELETE FROM edge.store_product_records WHERE company_id = company;
            DELETE FROM edge.promotion_records WHERE company_id = company;
            DELETE FROM edge.store_scopes WHERE company_id = company;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

DO $$
DECLARE
    source record;
BEGIN
    FOR source IN
        SELECT * FROM (
            VALUES
            (
                'stores',
                -- A store that moves takes its overlays into the other company's numbering.
                'SELECT company_id, ''store'', store_id, NULL::uuid FROM changed UNION ALL '
                'SELECT c.company_id, ''store_product'', p.product_id, c.store_id FROM changed AS c '
                'INNER JOIN edge.store_products AS p ON c.store_id = p.store_id WHERE EXISTS ('
                'SELECT 1 FROM changed AS o WHERE o.store_id = c.store_id AND o.company_id != c.company_id)'
            ),
            (
                'store_brands',
                'SELECT s.company_id, ''store'', s.store_id, NULL::uuid FROM changed AS c '
                'INNER JOIN edge.stores AS s ON c.store_id = s.store_id'
            ),
            (
                -- The company's id stands for all of its stores.
                'promotion_sync_settings',
                'SELECT company_id, ''store'', company_id, NULL::uuid FROM changed'
            )
        ) AS sources (name, query)
    LOOP
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER mark_inserts AFTER INSERT ON edge.%I REFERENCING NEW TABLE AS new_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes(%L)', source.name, source.query
        );
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER mark_updates AFTER UPDATE ON edge.%I '
            'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes(%L)', source.name, source.query
        );
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER mark_deletes AFTER DELETE ON edge.%I REFERENCING OLD TABLE AS old_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes(%L)', source.name, source.query
        );
    END LOOP;
END
$$;
