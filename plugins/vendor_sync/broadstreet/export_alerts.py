"""What an export alerts people about, by its result and by its journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vendor_sync import alert_rules
from vendor_sync.alerts import Alert, AlertKind
from vendor_sync.broadstreet.journal import Intent


def alerts_of(
    flow: str, result: Mapping[str, Any], *, interruptions: int, link: str | None
) -> list[Alert]:
    """Return an alert for each rule that an export's result breaks."""
    failed, sent = len(result["failed"]), len(result["exported"])
    run_id: str = result["run_id"]
    found = [
        alert_rules.error_rate(
            flow,
            run_id,
            errors=failed,
            operations=failed + sent,
            says=f"{failed} of {failed + sent} entities stay local; each says why in its "
            "sync_errors.",
            link=link,
        ),
        alert_rules.memory(flow, run_id, result["peak_memory_bytes"], link=link),
        alert_rules.interrupted(flow, run_id, interruptions, link=link),
    ]
    return [alert for alert in found if alert]


def undecided(flow: str, run_id: str, intent: Intent, *, link: str | None = None) -> Alert:
    """Return the alert about an entity that waits for a person: several may be it."""
    what = intent.entity_type.singular
    return Alert(
        kind=AlertKind.EXPORT_UNDECIDED,
        flow=flow,
        run_id=run_id,
        cause=intent.local_id,
        title=f"{flow}: which {what} in Broadstreet is ours?",
        message=(
            f"The create of {what} {intent.name or ''} ({intent.local_id}) got no answer, and "
            "Broadstreet now has several new ones that may be it. Look there, delete what is too "
            "much, and say which one stays: "
            f"`python -m vendor_sync broadstreet-resolve {intent.local_id} --adopt ID`."
        ),
        link=link,
    )
