-- What the triggers of the catalogue keep (marks, versions, holdings, changes of settings) is kept
-- as its owner: whoever writes the catalogue or the settings needs no right to write these.
-- depends: 0500_close_rolled_up_days
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '600s';

ALTER FUNCTION edge.add_company_rows() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION edge.keep_product_holdings() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION edge.keep_settings_change() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION edge.mark_changes() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION edge.raise_versions() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;

-- Their arguments are SQL: who could make a trigger of them, on a table of his own, could run it.
REVOKE ALL ON FUNCTION
edge.add_company_rows(),
edge.keep_product_holdings(),
edge.keep_settings_change(),
edge.mark_changes(),
edge.raise_versions()
FROM public;
