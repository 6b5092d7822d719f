-- The roles of the warehouse: once per server, by who may create roles (a superuser). Safe to repeat.
--   psql -f sql/roles/create.sql "$SUPERUSER_URL"
--   \password vendor_flows        and so on: without a password a role cannot log in
-- What each may do is in grants.sql, which `python -m vendor_sync migrate` applies as the owner.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'vendor_flows',     -- Airflow's tasks, and `python -m vendor_sync`
        'sync_center',      -- Airflow's API server: Sync Center and the endpoints
        'edge_server',      -- `python -m edge_grpc serve`
        'edge_admin',       -- `python -m edge_grpc clients|companies`
        'head_office',      -- what writes the catalogue that the stores are sent
        'warehouse_reader', -- dashboards and figures
        'warehouse_backup'  -- pg_dump
    ] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I', name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- it is there, or another session has just made it
        END;
        EXECUTE format(
            'ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', name
        );
    END LOOP;
END
$$;

-- A backup that misses a table is found out too late: it reads what there is, now and later, in
-- every database that it may connect to. grants.sql lets it connect to this one.
GRANT pg_read_all_data TO warehouse_backup;
