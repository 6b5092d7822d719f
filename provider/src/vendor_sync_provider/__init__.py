"""The forms of our connections, as Airflow asks a provider package for them.

Only words and shapes: what "Test" does is in `vendor_sync.orchestration.hooks`, which Airflow
finds in the plugins folder. A field beside Airflow's own lands in `extra`, under its name.
"""

from __future__ import annotations

from typing import Any

from vendor_sync_provider.forms import FORMS

_HOOKS = "vendor_sync.orchestration.hooks"


def get_provider_info() -> dict[str, Any]:
    """Return what Airflow's providers manager reads."""
    return {
        "package-name": "vendor-sync-airflow-provider",
        "name": "Vendor sync",
        "description": "Connections to the vendors and services of the sync flows.",
        "versions": ["0.1.0"],
        "connection-types": [
            {
                "connection-type": form.conn_type,
                "hook-class-name": f"{_HOOKS}.{form.hook}",
                "hook-name": form.title,
                "ui-field-behaviour": {
                    "hidden-fields": [
                        name
                        for name in ("host", "schema", "login", "password", "port", "extra")
                        if name not in form.labels
                    ],
                    "relabeling": dict(form.labels),
                    "placeholders": dict(form.placeholders),
                },
                "conn-fields": {field.name: field.to_json() for field in form.fields},
            }
            for form in FORMS
        ],
    }
