-- Raises a company's version when a transaction that changed it commits.
-- depends: 0103_create_edge_records
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE FUNCTION edge.raise_versions() RETURNS trigger LANGUAGE plpgsql AS $$
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
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION edge.raise_versions() IS
'Deferred to the commit, so that the counter''s lock is held for an instant and no writer waits for another.';

CREATE CONSTRAINT TRIGGER raise_versions AFTER INSERT ON edge.changes
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION edge.raise_versions();
