-- Whether this role may make tables where the log of migrations is.
SELECT has_schema_privilege('public', 'CREATE') AS allowed
