"""What the product needs to find the stack: connections and variables, as shell exports."""

from __future__ import annotations

import json
import shlex
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox.home import Home, write_private
from sandbox.state import HOST, ROLES, VENDORS, State

AUDIT_BUCKET = "audit-raw"
CLICK_BUCKET = "click-log"
USERS = {"admin": "admin", "operator": "op", "user": "user", "viewer": "viewer"}
# Connections to vendors, by Airflow connection id; a new vendor is one line here.
VENDOR_CONNECTIONS = {
    "trackier_default": ("trackier", "trackier"),
    "broadstreet_default": ("broadstreet", "broadstreet"),
    "ecb_default": ("fx", "fx"),
    "alerts_webhook": ("alerts_webhook", "webhook"),
}
# Where ad accounts and stores are asked, and the app that speaks for them. Their own logins are no
# connections: an operator links them, as `sandbox.ad_onboarding` does.
LINKED_VENDORS = {
    "meta": "", "tiktok": "", "snapchat": "", "shopify": "/{store}", "woocommerce": "/{store}",
    "salla": "/admin/v2", "zid": "",
}  # fmt: skip


def vendor_keys(state: State) -> dict[str, str]:
    return {name: state.secrets[f"vendor_{name}"] for name in VENDORS}


def postgres_uri(state: State, database: str, role: str = "postgres") -> str:
    """Return a database's address, as its owner or as a role of `sql/roles`.

    A server that is not ours has one login for all: who runs it decides about roles.
    """
    external = state.replaced("postgres")
    if external:
        return urlsplit(external)._replace(path=f"/{database}").geturl()
    secret = "postgres" if role == "postgres" else f"postgres_{role}"
    login = f"{role}:{state.secrets[secret]}"
    return f"postgresql://{login}@{HOST}:{state.ports['postgres']}/{database}"


def exports(state: State) -> dict[str, str]:
    """Return every variable by name; the same for a given state, whatever is running."""
    variables = _addresses(state)
    for conn_id, fields in _connections(state, variables).items():
        variables[f"AIRFLOW_CONN_{conn_id.upper()}"] = _as_json(fields)
    return variables


def connection(conn_type: str, uri: str) -> str:
    """Return an address as the value of an `AIRFLOW_CONN_` variable."""
    return _as_json(_from_uri(conn_type, uri))


def write_env_file(home: Home, variables: dict[str, str]) -> None:
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
    write_private(home.env_file, "".join(lines))


def _as_json(fields: dict[str, Any]) -> str:
    return json.dumps({name: value for name, value in fields.items() if value not in (None, "")})


def _addresses(state: State) -> dict[str, str]:
    local = {part: f"{HOST}:{port}" for part, port in state.ports.items()}
    password = state.secrets["redis"]
    users = {
        f"AIRFLOW_{name.upper()}_{what}": value
        for name in USERS
        if name != "admin"
        for what, value in (("USERNAME", name), ("PASSWORD", state.secrets[name]))
    }
    return {
        "WAREHOUSE_DSN": postgres_uri(state, "warehouse"),
        "WAREHOUSE_ROLE_DSNS": json.dumps(
            {role: postgres_uri(state, "warehouse", role) for role in ROLES}
        ),
        "REDIS_URL": state.replaced("redis") or f"redis://:{password}@{local['redis']}/0",
        "MONGO_URI": state.replaced("mongo")
        or f"mongodb://{local['mongo']}/?directConnection=true",
        "S3_ENDPOINT_URL": state.replaced("s3") or f"http://{local['s3']}",
        "AWS_ACCESS_KEY_ID": state.external.get("SANDBOX_AWS_ACCESS_KEY_ID", "test"),
        "AWS_SECRET_ACCESS_KEY": state.external.get("SANDBOX_AWS_SECRET_ACCESS_KEY", "test"),
        "AWS_DEFAULT_REGION": state.external.get("SANDBOX_AWS_DEFAULT_REGION", "us-east-1"),
        "AUDIT_BUCKET": AUDIT_BUCKET,
        "CLICK_BUCKET": CLICK_BUCKET,
        "SMTP_URL": state.replaced("smtp") or f"smtp://{local['smtp']}",
        "VENDOR_SANDBOX_URL": state.url("vendors"),
        "VENDOR_SANDBOX_KEYS": json.dumps(vendor_keys(state)),
        "VENDOR_SYNC_FERNET_KEYS": state.secrets["vendor_sync_fernet"],
        "AIRFLOW_URL": state.url("airflow-api-server"),
        "AIRFLOW_USERNAME": "admin",
        "AIRFLOW_PASSWORD": state.secrets["admin"],
        **users,
    }


def _connections(state: State, known: dict[str, str]) -> dict[str, dict[str, Any]]:
    mail = {"from_email": "alerts@example.com", "to_email": "oncall@example.com"}
    place = {"endpoint_url": known["S3_ENDPOINT_URL"], "region_name": known["AWS_DEFAULT_REGION"]}
    login, secret = known["AWS_ACCESS_KEY_ID"], known["AWS_SECRET_ACCESS_KEY"]
    store = {"conn_type": "aws", "login": login, "password": secret}
    return {
        "warehouse_owner": _from_uri("postgres", known["WAREHOUSE_DSN"]),
        "warehouse_postgres": _from_uri(
            "postgres", postgres_uri(state, "warehouse", "vendor_flows")
        ),
        "analytics_redis": _from_uri("analytics_redis", known["REDIS_URL"])
        | {"schema": None, "extra": {"db": int(urlsplit(known["REDIS_URL"]).path.strip("/") or 0)}},
        "broadstreet_mongo": _from_uri("mongo", known["MONGO_URI"])
        | {"extra": _mongo_options(known["MONGO_URI"])},
        "alerts_smtp": _from_uri("smtp", known["SMTP_URL"])
        | {"extra": {**mail, "disable_ssl": True, "disable_tls": True}},
        "audit_s3": {**store, "extra": {**place, "bucket": known["AUDIT_BUCKET"]}},
        "click_log_s3": {**store, "extra": {**place, "bucket": known["CLICK_BUCKET"]}},
        **{
            conn_id: {
                "conn_type": conn_type,
                "host": f"{known['VENDOR_SANDBOX_URL']}/{vendor}",
                "password": state.secrets[f"vendor_{vendor}"],
            }
            for conn_id, (conn_type, vendor) in VENDOR_CONNECTIONS.items()
        },
        **{
            f"{vendor}_default": _linked_vendor(vendor, f"{known['VENDOR_SANDBOX_URL']}/{vendor}")
            for vendor in LINKED_VENDORS
        },
    }


def _linked_vendor(vendor: str, url: str) -> dict[str, Any]:
    logins = {"snapchat": "login_url", "salla": "accounts_url", "zid": "accounts_url"}
    extra = {logins[vendor]: url} if vendor in logins else {}
    return {"conn_type": vendor, "host": url + LINKED_VENDORS[vendor], "extra": extra}


def _mongo_options(uri: str) -> dict[str, Any]:
    """Return the options of the address, as Airflow's hook hands `extra` to the client."""
    parts = urlsplit(uri)
    return dict(parse_qsl(parts.query)) | ({"srv": True} if parts.scheme.endswith("+srv") else {})


def _from_uri(conn_type: str, uri: str) -> dict[str, Any]:
    parts = urlsplit(uri)
    return {
        "conn_type": conn_type,
        "host": parts.hostname,
        "port": parts.port,
        "login": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "schema": parts.path.strip("/"),
    }
