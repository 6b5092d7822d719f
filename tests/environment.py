"""What a process of its own is given by its environment."""

from __future__ import annotations

import json
from collections.abc import Mapping

from vendor_sync.connections import Connection

_FIELDS = ("conn_type", "host", "port", "login", "password", "schema")


def connection_variables(connections: Mapping[str, Connection]) -> dict[str, str]:
    """Return connections by id as the `AIRFLOW_CONN_` variables that our commands read."""
    return {
        f"AIRFLOW_CONN_{conn_id.upper()}": json.dumps(
            {name: getattr(each, name) for name in _FIELDS} | {"extra": dict(each.extra)}
        )
        for conn_id, each in connections.items()
    }
