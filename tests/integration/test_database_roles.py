"""Who may do what in the warehouse: every table for every role, as sql/roles/grants.sql says."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest
from psycopg import errors, sql
from psycopg.types.json import Jsonb

from sandbox.state import ROLES
from vendor_sync.errors import ConfigurationError
from vendor_sync.migrations import migrate

pytestmark = pytest.mark.integration
GRANTS = (Path(__file__).resolve().parents[2] / "sql/roles/grants.sql").read_text()
LETTERS = {"r": "SELECT", "i": "INSERT", "u": "UPDATE", "d": "DELETE", "m": "MAINTAIN"}
CATALOGUE = {
    "brands", "categories", "companies", "holidays", "package_promotions", "products",
    "promotion_items", "promotion_targets", "promotion_tiers", "promotions", "store_brands",
    "store_products", "stores",
}  # fmt: skip
# What opens something: argon2id hashes, hashes of refresh tokens, vendors' encrypted tokens.
SECRETS = {
    ("edge.edge_clients", "secret_hash"): {"edge_server"},
    ("edge.refresh_tokens", "token_hash"): {"edge_server"},
    ("analytics.connections", "credentials"): {"vendor_flows", "sync_center"},
}
TABLES = (
    "SELECT schemaname || '.' || tablename FROM pg_tables"
    " WHERE schemaname IN ('affiliate', 'analytics', 'edge', 'ops')"
)


def rows(conn, query, *params):
    return conn.execute(query, params).fetchall()


def matrix():
    """Return {(table, role): letters} as the file lists them."""
    listed = re.findall(r"^\('([a-z_.]+)',\s+((?:'[a-z]*',?\s*){6})\)", GRANTS, re.MULTILINE)
    roles = ROLES[:-1]
    return {
        (table, role): letters
        for table, cells in listed
        for role, letters in zip(roles, re.findall(r"'([a-z]*)'", cells), strict=True)
    }


def allowed(db, role):
    """Return {table: letters} of what a role may do with whole tables."""
    found = rows(
        db,
        "SELECT t.name, string_agg(l.key, '') FROM (" + TABLES + ") AS t (name)"
        " CROSS JOIN jsonb_each_text(%s::jsonb) AS l"
        " WHERE has_table_privilege(%s, t.name, l.value) GROUP BY t.name",
        Jsonb(LETTERS),
        role,
    )
    return {table: set(letters) for table, letters in found}


def test_every_table_is_listed_for_every_role(db):
    tables = {row[0] for row in rows(db, TABLES)}

    listed = {table for table, _ in matrix()}

    assert listed == tables, "list the table in sql/roles/grants.sql, with what each role may do"


@pytest.mark.parametrize("role", ROLES[:-1])
def test_role_may_do_what_is_listed_and_no_more(db, role):
    listed = {
        table: set(letters) - {"l"}
        for (table, name), letters in matrix().items()
        if name == role and set(letters) - {"l"}
    }

    assert allowed(db, role) == listed


def test_backup_reads_everything_and_writes_nothing(db, as_role):
    tables = {row[0] for row in rows(db, TABLES)}

    assert allowed(db, "warehouse_backup") == {table: {"r"} for table in tables}
    with connected(as_role("warehouse_backup")) as conn:
        for table in tables:
            name = sql.Identifier(*table.split("."))
            conn.execute(sql.SQL("SELECT FROM {} LIMIT 0").format(name))


@pytest.mark.parametrize("role", ROLES)
def test_role_owns_nothing_creates_nothing_and_is_nobody_special(db, role):
    [flags] = rows(
        db,
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
        " FROM pg_roles WHERE rolname = %s",
        role,
    )
    owned = rows(db, "SELECT relname FROM pg_class WHERE relowner = %s::regrole", role)
    creates = rows(
        db, "SELECT nspname FROM pg_namespace WHERE has_schema_privilege(%s, oid, 'CREATE')", role
    )
    truncates = rows(
        db, "SELECT t.name FROM (" + TABLES + ") AS t (name)"
        " WHERE has_table_privilege(%s, t.name, 'TRUNCATE, TRIGGER, REFERENCES')", role
    )  # fmt: skip
    member_of = rows(
        db,
        "SELECT r.rolname FROM pg_auth_members AS m INNER JOIN pg_roles AS r ON m.roleid = r.oid"
        " WHERE m.member = %s::regrole",
        role,
    )

    assert not any(flags)
    assert owned == creates == truncates == []
    assert member_of == ([("pg_read_all_data",)] if role == "warehouse_backup" else [])


@pytest.mark.parametrize("secret", SECRETS, ids=".".join)
def test_secret_is_read_only_by_who_checks_or_uses_it(db, secret):
    table, column = secret
    readers = {
        role
        for role in ROLES
        if rows(db, "SELECT has_column_privilege(%s, %s, %s, 'SELECT')", role, table, column)[0][0]
    }

    assert readers - {"warehouse_backup"} == SECRETS[secret]


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"head_office"}))
def test_only_head_office_writes_the_catalogue(db, role):
    columns = rows(
        db,
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'edge' AND table_name = ANY(%s)"
        " AND has_column_privilege(%s, format('edge.%%I', table_name), column_name,"
        " 'INSERT, UPDATE')",
        sorted(CATALOGUE),
        role,
    )
    deletes = [table for table in CATALOGUE if "d" in allowed(db, role).get(f"edge.{table}", "")]

    assert columns == deletes == []


# A trigger of one's own with a function of the owner's would run any SQL as the owner.
TRIGGER = """
CREATE TEMPORARY TABLE mine (id int);
CREATE TRIGGER t AFTER INSERT ON mine REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT NULL, NULL, NULL, NULL');
"""
REFUSED = (
    ("edge_server", "UPDATE edge.products SET base_price = 0"),
    ("edge_server", "INSERT INTO edge.companies (code) VALUES ('x')"),
    ("edge_server", "DELETE FROM edge.promotions"),
    ("edge_server", "UPDATE edge.edge_clients SET secret_hash = 'mine'"),
    ("edge_server", "SELECT * FROM analytics.connections"),
    ("vendor_flows", "SELECT secret_hash FROM edge.edge_clients"),
    ("vendor_flows", "SELECT token_hash FROM edge.refresh_tokens"),
    ("vendor_flows", "UPDATE edge.promotion_sync_settings SET past_days = 1"),
    ("sync_center", "SELECT * FROM edge.edge_clients"),
    ("sync_center", "UPDATE edge.versions SET version = 0"),
    ("sync_center", "INSERT INTO edge.settings_changes (changed_by) VALUES ('somebody')"),
    ("edge_admin", "SELECT secret_hash FROM edge.edge_clients"),
    ("head_office", "UPDATE edge.versions SET version = version + 1"),
    ("warehouse_reader", "SELECT credentials FROM analytics.connections"),
    ("warehouse_reader", "CREATE TEMPORARY TABLE mine (id int)"),
    ("vendor_flows", "CREATE TABLE public.mine (id int)"),
    ("vendor_flows", "SELECT edge.raise_versions()"),
    ("vendor_flows", TRIGGER),
    ("warehouse_backup", "DELETE FROM ops.sync_runs"),
)


def connected(place):
    return psycopg.connect(
        host=place.host, port=place.port, user=place.login, password=place.password,
        dbname=place.schema, autocommit=True,
    )  # fmt: skip


@pytest.mark.parametrize(("role", "statement"), REFUSED)
def test_statement_is_refused(as_role, role, statement):
    with connected(as_role(role)) as conn, pytest.raises(errors.InsufficientPrivilege):
        conn.execute(statement)


def test_head_offices_rows_are_marked_for_the_stores_without_a_right_to_the_marks(db, as_role):
    with connected(as_role("head_office")) as conn:
        [(company,)] = rows(
            conn,
            "INSERT INTO edge.companies (code, name, timezone, currency)"
            " VALUES ('roles', 'R', 'UTC', 'IDR') RETURNING company_id",
        )
        conn.execute(
            "INSERT INTO edge.categories (company_id, code, name) VALUES (%s, 'C', 'C')", (company,)
        )
    version = rows(db, "SELECT version FROM edge.versions WHERE company_id = %s", company)
    marks = rows(db, "SELECT kind FROM edge.marks WHERE company_id = %s", company)
    db.execute("DELETE FROM edge.companies WHERE company_id = %s", (company,))

    assert (version, marks) == ([(2,)], [("store",), ("category",)])


def test_functions_of_the_owner_are_the_triggers_and_find_no_foreign_tables(db):
    found = rows(
        db,
        "SELECT p.proname, p.proconfig, p.proacl::text FROM pg_proc AS p"
        " INNER JOIN pg_namespace AS n ON p.pronamespace = n.oid"
        " WHERE p.prosecdef AND n.nspname <> 'pg_catalog'",
    )

    assert {name for name, _, _ in found} == {
        "add_company_rows", "keep_product_holdings", "keep_settings_change", "mark_changes",
        "raise_versions",
    }  # fmt: skip
    for name, settings, acl in found:
        assert settings == ["search_path=pg_catalog, pg_temp"], name
        assert re.fullmatch(r"\{(\w+)=X/\1\}", acl), (name, acl)


def test_rights_that_somebody_added_are_gone_after_the_next_migration(db, owned_database):
    db.execute("GRANT ALL ON edge.products TO edge_server")
    db.execute("GRANT SELECT (secret_hash) ON edge.edge_clients TO PUBLIC")
    added = allowed(db, "edge_server")["edge.products"]

    migrate(owned_database)

    assert "u" in added

    assert allowed(db, "edge_server")["edge.products"] == {"r"}
    found = rows(
        db,
        "SELECT has_column_privilege('vendor_flows', 'edge.edge_clients', 'secret_hash', 'SELECT')",
    )
    assert found == [(False,)]


def test_migration_as_the_flows_says_whose_work_it_is(database):
    with pytest.raises(ConfigurationError, match="AIRFLOW_CONN_WAREHOUSE_OWNER"):
        migrate(database)
