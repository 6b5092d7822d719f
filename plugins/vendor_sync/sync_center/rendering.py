"""Templates of Sync Center, with the filters that they share."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from vendor_sync.sync_center import analytics, wording

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
# Nothing but our own files: no inline script or style, no other site, no framing by one.
SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; frame-ancestors 'self'; form-action 'self'; "
    "base-uri 'none'; object-src 'none'"
)


@cache
def _templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "amount": wording.amount,
        "bytes": wording.byte_size,
        "change": analytics.told_change,
        "connection_state": analytics.connection_state,
        "count": wording.count,
        "duration": wording.duration,
        "humane": wording.humane,
        "moment": wording.moment,
        "number": wording.number,
        "percent": wording.percent,
        "pill": wording.pill,
        "setting": wording.setting,
        "severity": analytics.severity,
        "status": wording.status,
        "vendor": wording.vendor,
    }
    found.filters.update(filters)  # pyright: ignore[reportUnknownMemberType]
    return found


def compile_templates() -> None:
    """Read every template: who looks first does not wait for it."""
    for name in _templates().list_templates(extensions=["html"]):
        _templates().get_template(name)


def render(template: str, values: Mapping[str, Any]) -> str:
    """Return a page or a part of one; a value that the template misses is an error."""
    return _templates().get_template(template).render(values)
