-- Tell the servers that credentials have changed.
SELECT pg_notify('edge_clients', '')
