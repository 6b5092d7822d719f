"""Numbers, instants and names as a page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from markupsafe import Markup

NOTHING = "–"  # noqa: RUF001 - a dash in place of NULL
_STEPS = (("day", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


@dataclass(frozen=True, slots=True)
class Status:
    """A state in words, with the tone (good, warn, bad, busy, quiet) that colours it."""

    words: str
    tone: str


VENDORS = {"tiktok": "TikTok", "woocommerce": "WooCommerce"}
STATUSES = {
    "waiting": Status("Waiting for its turn", "busy"),
    "queued": Status("Queued", "busy"),
    "running": Status("Running", "busy"),
    "restarting": Status("Restarting", "busy"),
    "completed": Status("Completed", "good"),
    "success": Status("Completed", "good"),
    "completed_with_errors": Status("Completed with errors", "warn"),
    "failed": Status("Failed", "bad"),
    "skipped": Status("Skipped", "quiet"),
}


def status(name: str | None) -> Status:
    """Return a state in words; one that is not known is shown as it is."""
    if name is None:
        return Status("Never ran", "quiet")
    return STATUSES.get(name) or Status(humane(name), "quiet")


def humane(name: str) -> str:
    """Return an identifier as words: `api_calls` is `Api calls`."""
    words = name.replace("_", " ").replace("-", " ").strip()
    words = words[:1].upper() + words[1:]
    return words.replace("Api ", "API ")


def setting(value: object) -> str:
    """Return a setting's value: a switch is on or off."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return humane(value) if isinstance(value, str) else number(value)


def vendor(name: str) -> str:
    """Return a vendor's name as it writes it."""
    return VENDORS.get(name, name.capitalize())


def number(value: object) -> str:
    """Return a number with separated thousands, a dash for NULL."""
    if value is None:
        return NOTHING
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def amount(value: Decimal | None) -> str:
    """Return an amount or a ratio with two decimals, a dash for NULL."""
    return NOTHING if value is None else f"{value:,.2f}"


def count(value: Decimal | None) -> str:
    """Return a count, which may have parts where credit is shared; a dash for NULL."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if value == value.to_integral_value() else f"{value:,.1f}"


def percent(share: float | None) -> str:
    """Return a share in per cent; only what is whole is 100 %."""
    if share is None:
        return NOTHING
    shown = f"{100 * share:.1f}"
    return "99.9 %" if shown == "100.0" and share < 1 else f"{shown.removesuffix('.0')} %"


def byte_size(value: int | None) -> str:
    """Return bytes in the unit that people use."""
    if value is None:
        return NOTHING
    size = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:  # noqa: PLR2004 - decimal units
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def duration(seconds: float | timedelta | None) -> str:
    """Return a time span in its two largest units."""
    if seconds is None:
        return NOTHING
    left = seconds.total_seconds() if isinstance(seconds, timedelta) else float(seconds)
    if left < 10:  # noqa: PLR2004 - short runs differ by tenths
        return f"{max(left, 0):.1f} s"
    parts: list[str] = []
    whole = round(left)
    for unit, size in _STEPS:
        amount, whole = divmod(whole, size)
        if amount:
            parts.append(f"{amount} {unit}{'s' if unit == 'day' and amount > 1 else ''}")
    return " ".join(parts[:2])


def moment(at: datetime | None, now: datetime | None = None) -> Markup:
    """Return an instant relative to now, with the exact one (UTC) as its title."""
    if at is None:
        return Markup(NOTHING)  # noqa: S704 - a constant
    now = now or datetime.now(UTC)
    exact = at.astimezone(UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        exact.isoformat(), f"{exact:%Y-%m-%d %H:%M:%S} UTC", _relative(exact, now)
    )


def _relative(at: datetime, now: datetime) -> str:
    seconds = (now - at).total_seconds()
    if abs(seconds) < 5:  # noqa: PLR2004 - clocks differ
        return "now"
    unit, size = next((unit, size) for unit, size in _STEPS if abs(seconds) >= size)
    amount = int(abs(seconds) // size)
    span = f"{amount} {unit}{'s' if unit == 'day' and amount > 1 else ''}"
    return f"{span} ago" if seconds > 0 else f"in {span}"


def pill(state: Status) -> Markup:
    """Return a state as a coloured label: the words say what the colour says."""
    return Markup('<span class="pill {}">{}</span>').format(state.tone, state.words)
