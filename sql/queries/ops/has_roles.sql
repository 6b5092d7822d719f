-- Whether the roles of sql/roles are there.
SELECT count(*) = 7 AS found
FROM pg_roles
WHERE
    rolname IN (
        'vendor_flows',
        'sync_center',
        'edge_server',
        'edge_admin',
        'head_office',
        'warehouse_reader',
        'warehouse_backup'
    )
