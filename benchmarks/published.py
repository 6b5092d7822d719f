"""Writes measured figures into the documents."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

_DOCS = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def publish(section: str, markdown: str, page: Path = _DOCS) -> None:
    """Replace what stands between a section's marks; the words around them stay."""
    begin, end = f"<!-- {section}: written by the benchmark -->", f"<!-- {section}: end -->"
    before, found, rest = page.read_text().partition(begin)
    if not found:
        message = f"{page.name} has no mark {begin}"
        raise ValueError(message)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n{markdown}\n{end}{after}")


def where(machine: Mapping[str, Any], versions: Mapping[str, str]) -> str:
    """Return what the figures were measured on, in words, without a full stop."""
    used = ", ".join(f"{name} {number}" for name, number in versions.items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']:g} GB, "
        f"{machine['kernel']}, Python {machine['python']}; {used}"
    )
