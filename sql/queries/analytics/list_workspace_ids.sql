-- List the workspaces that there are.
SELECT w.workspace_id
FROM analytics.workspaces AS w;
