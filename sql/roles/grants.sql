-- What each role may do in this database: taken away and given anew, in one transaction. Applied by
-- the owner of the tables; `python -m vendor_sync migrate` does it after its migrations.
-- A table that is not listed is closed to all of them, and fails a test.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = pg_catalog, pg_temp;
SELECT pg_advisory_xact_lock(hashtextextended('sql/roles/grants.sql', 0));

-- r SELECT, i INSERT, u UPDATE, d DELETE, m VACUUM and ANALYZE. l locks rows that are to be deleted:
-- PostgreSQL asks for UPDATE of some column then, it is that of the first.
CREATE TEMPORARY TABLE matrix (
    table_name text PRIMARY KEY,
    vendor_flows text, sync_center text, edge_server text, edge_admin text,
    head_office text, warehouse_reader text
) ON COMMIT DROP;
INSERT INTO matrix VALUES
--                                  flows    page   server  admin   office  reader
('affiliate.brands',                'riu',   '',    '',     '',     '',     'r'),
('affiliate.offers',                'riu',   '',    '',     '',     '',     'r'),
('affiliate.tenants',               'riu',   '',    '',     '',     '',     'r'),
('analytics.account_days',          'riu',   '',    '',     '',     '',     'r'),
('analytics.attribution_events',    'riud',  '',    '',     '',     '',     'r'),
('analytics.campaign_metrics',      'riud',  '',    '',     '',     '',     'r'),
('analytics.campaign_names',        'riu',   '',    '',     '',     '',     'r'),
('analytics.campaigns',             'riu',   'r',   '',     '',     '',     'r'),
('analytics.click_events',          'ri',    '',    '',     '',     '',     ''),
('analytics.click_files',           'riudm', '',    '',     '',     '',     'r'),
('analytics.click_loads',           'riu',   '',    '',     '',     '',     'r'),
('analytics.connections',           'riu',   'riu', '',     '',     '',     ''),
('analytics.consistency_issues',    'riudm', 'r',   '',     '',     '',     'r'),
('analytics.coupons',               'riud',  '',    '',     '',     '',     'r'),
('analytics.fx_pegs',               'r',     '',    '',     '',     '',     'r'),
('analytics.fx_rates',              'riu',   '',    '',     '',     '',     'r'),
('analytics.order_touches',         'riud',  '',    '',     '',     '',     ''),
('analytics.order_visitors',        'ri',    '',    '',     '',     '',     ''),
('analytics.orders',                'riu',   '',    '',     '',     '',     'r'),
('analytics.performance_alerts',    'riudm', 'r',   '',     '',     '',     'r'),
('analytics.stale_days',            'rid',   '',    '',     '',     '',     'r'),
('analytics.stale_orders',          'rid',   '',    '',     '',     '',     'r'),
('analytics.sync_parts',            'riud',  '',    '',     '',     '',     'r'),
('analytics.sync_state',            'riu',   'r',   '',     '',     '',     'r'),
('analytics.workspace_daily',       'riud',  'r',   '',     '',     '',     'r'),
('analytics.workspaces',            'riu',   'riu', '',     '',     '',     'r'),
('edge.brands',                     'r',     'r',   'r',    'r',    'riud', 'r'),
('edge.categories',                 '',      '',    'r',    'r',    'riud', 'r'),
('edge.category_records',           'rdlm',  '',    'riu',  'riu',  '',     ''),
('edge.changes',                    '',      '',    '',     '',     '',     ''),
('edge.chunk_scopes',               'rdlm',  '',    'riu',  'riu',  '',     ''),
('edge.companies',                  'r',     'r',   'r',    'r',    'riud', 'r'),
('edge.edge_clients',               '',      '',    'r',    '',     '',     ''),
('edge.holidays',                   '',      '',    'r',    'r',    'riud', 'r'),
('edge.marks',                      '',      'r',   'rd',   'rd',   '',     'r'),
('edge.package_promotions',         '',      '',    'r',    'r',    'riud', 'r'),
('edge.product_chunks',             'rdlm',  '',    'riud', 'riud', '',     ''),
('edge.product_holdings',           'm',     '',    'r',    'r',    '',     ''),
('edge.product_records',            'rdlm',  '',    'riu',  'riu',  '',     ''),
('edge.products',                   '',      '',    'r',    'r',    'riud', 'r'),
('edge.promotion_audits',           'riudm', '',    '',     '',     '',     'r'),
('edge.promotion_compile_errors',   'r',     '',    'riud', 'riud', 'r',    'r'),
('edge.promotion_effectiveness',    'rium',  'r',   '',     '',     '',     'r'),
('edge.promotion_items',            '',      '',    'r',    'r',    'riud', 'r'),
('edge.promotion_records',          'rdlm',  'r',   'riu',  'riu',  '',     ''),
('edge.promotion_sync_settings',    '',      'ru',  'r',    'ru',   'r',    'r'),
('edge.promotion_targets',          '',      '',    'r',    'r',    'riud', 'r'),
('edge.promotion_tiers',            '',      '',    'r',    'r',    'riud', 'r'),
('edge.promotion_usages',           'rdlm',  '',    'ri',   '',     '',     ''),
('edge.promotions',                 'r',     'r',   'r',    'r',    'riud', 'r'),
('edge.publications',               'rdlm',  'r',   'ri',   'ri',   '',     'r'),
('edge.refresh_tokens',             'dm',    '',    'riud', 'd',    '',     ''),
('edge.refused_records',            'rdlm',  'r',   'riud', 'r',    '',     'r'),
('edge.rollup_progress',            'riu',   '',    '',     '',     '',     'r'),
('edge.settings_changes',           '',      'r',   '',     '',     'r',    'r'),
('edge.store_brands',               '',      'r',   'r',    'r',    'riud', 'r'),
('edge.store_product_records',      'rdm',   '',    'riud', 'riud', '',     ''),
('edge.store_products',             '',      '',    'r',    'r',    'riud', 'r'),
('edge.store_scopes',               '',      '',    'riud', 'riud', '',     ''),
('edge.stores',                     '',      'r',   'r',    'r',    'riud', 'r'),
('edge.usage_rejects',              'rdlm',  'r',   'riu',  '',     '',     ''),
('edge.versions',                   'r',     'r',   'r',    'r',    'r',    'r'),
('ops.alert_deliveries',            'riudm', '',    '',     '',     '',     'r'),
('ops.alerts',                      'riudm', 'r',   '',     '',     '',     'r'),
('ops.sync_events',                 'riudm', '',    '',     '',     '',     'r'),
('ops.sync_outcomes',               'riudm', '',    '',     '',     '',     'r'),
('ops.sync_pages',                  'ridlm', '',    '',     '',     '',     'r'),
('ops.sync_progress',               'rium',  'r',   '',     '',     '',     'r'),
('ops.sync_rejects',                'ridlm', 'r',   '',     '',     '',     ''),
('ops.sync_runs',                   'riudm', 'r',   '',     '',     '',     'r');

-- Of some tables only columns: what is a secret, or somebody else's to decide, is left out.
CREATE TEMPORARY TABLE column_matrix (
    grantee text, table_name text, privilege text, column_names text
) ON COMMIT DROP;
INSERT INTO column_matrix VALUES
-- Retention deletes tokens that have ended without reading any.
('vendor_flows', 'edge.refresh_tokens', 'SELECT', 'ctid, family_id, issued_at, expires_at'),
('vendor_flows', 'edge.refresh_tokens', 'UPDATE', 'issued_at'),
('vendor_flows', 'edge.versions', 'UPDATE', 'floor_version, floor_raised_at'),
('sync_center', 'ops.alerts', 'UPDATE',
 'acknowledged_at, acknowledged_by, resolved_at, resolved_by'),
('sync_center', 'edge.edge_clients', 'SELECT',
 'client_id, company_id, store_id, client_version, reported_at, reported_version, drifted_at, revoked_at'),
('edge_server', 'edge.edge_clients', 'UPDATE',
 'reported_at, reported_version, drifted_at, client_version'),
('edge_admin', 'edge.edge_clients', 'SELECT',
 'client_id, company_id, store_id, name, scopes, generation, created_at, rotated_at, revoked_at, reported_at, reported_version, drifted_at, client_version'),
('edge_admin', 'edge.edge_clients', 'INSERT', 'company_id, store_id, name, secret_hash, scopes'),
('edge_admin', 'edge.edge_clients', 'UPDATE', 'secret_hash, generation, rotated_at, revoked_at'),
('edge_admin', 'edge.refresh_tokens', 'SELECT', 'client_id'),
('warehouse_reader', 'edge.edge_clients', 'SELECT',
 'client_id, company_id, store_id, name, scopes, created_at, rotated_at, revoked_at, reported_at, reported_version, drifted_at, client_version'),
('warehouse_reader', 'analytics.connections', 'SELECT',
 'connection_id, workspace_id, vendor, external_id, name, currency, timezone, status, created_at, updated_at');

DO $$
DECLARE
    role_names CONSTANT text := 'vendor_flows, sync_center, edge_server, edge_admin, head_office,'
        ' warehouse_reader';
    letters CONSTANT jsonb := '{"r": "SELECT", "i": "INSERT", "u": "UPDATE", "d": "DELETE",'
        ' "m": "MAINTAIN"}';
    grantee text;
    given record;
    allowed text;
BEGIN
    EXECUTE format(
        'REVOKE ALL ON ALL TABLES IN SCHEMA affiliate, analytics, edge, ops FROM PUBLIC, %s', role_names
    );
    EXECUTE format(
        'REVOKE ALL ON ALL SEQUENCES IN SCHEMA affiliate, analytics, edge, ops FROM PUBLIC, %s',
        role_names
    );
    EXECUTE format(
        'REVOKE ALL ON SCHEMA affiliate, analytics, edge, ops FROM PUBLIC, %s', role_names
    );
    -- Functions that run as their owner: nobody else may make a trigger of them, or call them.
    FOR given IN
        SELECT p.oid::regprocedure AS name FROM pg_proc AS p
        INNER JOIN pg_namespace AS n ON p.pronamespace = n.oid
        WHERE p.prosecdef AND n.nspname IN ('affiliate', 'analytics', 'edge', 'ops')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC, %s', given.name, role_names);
    END LOOP;

    FOREACH grantee IN ARRAY string_to_array(role_names, ', ') LOOP
        -- Staging is in temporary tables; who only reads needs none.
        EXECUTE format(
            'GRANT CONNECT %s ON DATABASE %I TO %I',
            CASE WHEN grantee IN ('vendor_flows', 'edge_server', 'edge_admin') THEN ', TEMPORARY' ELSE '' END,
            current_database(), grantee
        );
        FOR given IN EXECUTE format(
            'SELECT m.table_name::regclass AS name, m.%I AS letters FROM pg_temp.matrix AS m'
            ' WHERE m.%I != %L', grantee, grantee, ''
        ) LOOP
            SELECT string_agg(letters ->> l, ', ') INTO allowed
            FROM regexp_split_to_table(replace(given.letters, 'l', ''), '') AS l;
            EXECUTE format('GRANT %s ON %s TO %I', allowed, given.name, grantee);
            IF given.letters LIKE '%l%' THEN
                EXECUTE format(
                    'GRANT UPDATE (%I) ON %s TO %I',
                    (SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = given.name AND a.attnum = 1),
                    given.name, grantee
                );
            END IF;
        END LOOP;
    END LOOP;
    FOR given IN SELECT * FROM pg_temp.column_matrix LOOP
        EXECUTE format(
            'GRANT %s (%s) ON %s TO %I',
            given.privilege, given.column_names, given.table_name::regclass, given.grantee
        );
    END LOOP;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO warehouse_backup', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
END
$$;
GRANT USAGE ON SCHEMA affiliate, analytics, ops TO vendor_flows, warehouse_reader;
GRANT USAGE ON SCHEMA analytics, ops TO sync_center;
GRANT USAGE ON SCHEMA edge
TO vendor_flows, sync_center, edge_server, edge_admin, head_office, warehouse_reader;

-- A table of a later migration is closed until it is listed above.
ALTER DEFAULT PRIVILEGES IN SCHEMA affiliate, analytics, edge, ops REVOKE ALL ON TABLES FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
COMMIT;
