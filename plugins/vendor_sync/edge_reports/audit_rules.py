"""Which findings of the audit are a reason to alert, and under which cause.

A promotion that no store gets, or that was used too often, is a cause of its own. Promotions that
end soon or that nobody uses are told together: the cause is the company's list, so that an alert
comes when the list changes, and not every day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import groupby

from vendor_sync.alerts import Alert, AlertKind
from vendor_sync.edge_reports.store import Finding

KINDS = {
    "expiring": AlertKind.PROMOTIONS_EXPIRING,
    "never_used": AlertKind.PROMOTIONS_UNUSED,
    "over_limit": AlertKind.PROMOTION_OVER_LIMIT,
    "not_compiled": AlertKind.PROMOTION_NOT_COMPILED,
}
_TOGETHER = {"expiring": "about to end", "never_used": "never used"}
_ALONE = {"over_limit": "was used too often", "not_compiled": "reaches no store"}
_NAMED = 10


def alerts_of(
    findings: Iterable[Finding], *, flow: str, run_id: str, link: str | None
) -> list[Alert]:
    """Return an alert for each cause in the findings, which are in the order of the report."""
    alerts: list[Alert] = []
    for (_, finding), group in groupby(findings, key=lambda one: (one.company_id, one.finding)):
        found = list(group)
        parts = [found] if finding in _TOGETHER else [[one] for one in found]
        alerts += [_alert(part, flow, run_id, link) for part in parts]
    return alerts


def _alert(found: Sequence[Finding], flow: str, run_id: str, link: str | None) -> Alert:
    first = found[0]
    names = [f"{one.code}: {one.detail}" for one in found[:_NAMED]]
    if len(found) > _NAMED:
        names.append(f"and {len(found) - _NAMED} more, see edge.promotion_audits")
    if first.finding in _TOGETHER:
        count = "1 promotion" if len(found) == 1 else f"{len(found)} promotions"
        title = f"{first.company_code}: {count} {_TOGETHER[first.finding]}"
    else:
        title = f"{first.company_code}: promotion {first.code} {_ALONE[first.finding]}"
    return Alert(
        kind=KINDS[first.finding],
        flow=flow,
        run_id=run_id,
        cause=_cause(found),
        title=f"{flow}: {title}",
        message="\n".join(names),
        link=link,
    )


def _cause(found: Sequence[Finding]) -> str:
    if found[0].finding not in _TOGETHER:
        return found[0].promotion_id
    listed = "\n".join(sorted(one.promotion_id for one in found))
    digest = hashlib.sha256(listed.encode()).hexdigest()[:16]
    return f"{found[0].company_id}/{digest}"
