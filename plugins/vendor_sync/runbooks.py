"""Where the runbook of an alert is: its address for a reader, its file for who serves it.

One page a kind of alert, `<kind>.md`. Settings, both optional:

VENDOR_SYNC_RUNBOOKS_URL        where pages are read, without the kind; else the Sync Center of
                                AIRFLOW__API__BASE_URL
VENDOR_SYNC_RUNBOOKS_DIRECTORY  where the files are; else `docs/runbooks` beside `plugins`
"""

from __future__ import annotations

import os
from pathlib import Path

URL_VARIABLE = "VENDOR_SYNC_RUNBOOKS_URL"
DIRECTORY_VARIABLE = "VENDOR_SYNC_RUNBOOKS_DIRECTORY"
_AIRFLOW_VARIABLE = "AIRFLOW__API__BASE_URL"
_PATH = "sync-center/runbooks"
_BESIDE_PLUGINS = Path(__file__).resolve().parents[2] / "docs" / "runbooks"


def runbook_url(kind: str) -> str | None:
    """Return where a person reads what to do about an alert; None if no address is configured."""
    pages = os.environ.get(URL_VARIABLE)
    if pages:
        return f"{pages.rstrip('/')}/{kind}"
    airflow = os.environ.get(_AIRFLOW_VARIABLE)
    return f"{airflow.rstrip('/')}/{_PATH}/{kind}" if airflow else None


def runbook_directory() -> Path:
    """Return the directory of the pages."""
    return Path(os.environ.get(DIRECTORY_VARIABLE) or _BESIDE_PLUGINS)
