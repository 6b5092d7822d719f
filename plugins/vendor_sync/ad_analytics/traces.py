"""Rows of visits as the tables of orders and clicks both keep them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import LiteralString

from vendor_sync.ad_analytics.utm import RULE_VERSION, Trace, read_trace

# The columns that order_touches and click_events have in common, in the order of `trace_row`.
TRACE_COLUMNS: LiteralString = (
    "occurred_at, landing_url, referrer, utm_source, utm_medium, utm_campaign, utm_content,"
    " utm_term, source_platform, click_platform, click_value, campaign_ref, medium_key,"
    " campaign_key, campaign_ids, referrer_kind, flags, rule_version"
)
_LONGEST_URL = 4_000


def whole_seconds(instant: datetime) -> datetime:
    """Return the instant in UTC without its fraction: sources have no finer ones to compare."""
    return instant.astimezone(UTC).replace(microsecond=0)


def trace_row(  # noqa: PLR0913 - the parts of a visit
    occurred_at: datetime,
    landing_url: str | None,
    referrer: str | None,
    parameters: Mapping[str, str],
    *,
    platform: str | None = None,
    campaign_ref: str | None = None,
) -> tuple[object, ...]:
    """Return a visit's row. `platform` and `campaign_ref` are what our redirect knew: they win."""
    trace = read_trace(landing_url, referrer, parameters)
    return (
        whole_seconds(occurred_at),
        _url(landing_url),
        _url(referrer),
        trace.utm_source,
        trace.utm_medium,
        trace.utm_campaign,
        trace.utm_content,
        trace.utm_term,
        trace.source_platform,
        platform or trace.click_platform,
        trace.click_value,
        campaign_ref,
        trace.medium_key,
        trace.campaign_key,
        _campaign_ids(trace, campaign_ref),
        trace.referrer_kind,
        _flags(trace, platform),
        RULE_VERSION,
    )


def _campaign_ids(trace: Trace, campaign_ref: str | None) -> list[str] | None:
    if campaign_ref is None:
        return trace.campaign_ids
    return sorted({campaign_ref, *(trace.campaign_ids or ())})


def _flags(trace: Trace, platform: str | None) -> list[str] | None:
    flags = set(trace.flags or ())
    if platform and trace.click_platform and platform != trace.click_platform:
        flags.add("conflict")
    return sorted(flags) or None


def _url(url: str | None) -> str | None:
    if url is None:
        return None
    return url.replace("\0", "").encode("utf-8", "replace").decode()[:_LONGEST_URL]
