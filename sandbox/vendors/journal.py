"""What control calls made of the worlds, on disk, so that a restarted server has them again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.vendors.wire import decode, encode


class Journal:
    """One JSON line per reset or change; without a directory it forgets everything."""

    def __init__(self, directory: Path | None) -> None:
        self._path = directory / "changes.jsonl" if directory else None
        if directory:
            directory.mkdir(parents=True, exist_ok=True)

    def restart(self, settings: Mapping[str, Any]) -> None:
        if self._path:
            # Replaced at once: killed in between, the next server would begin another world.
            fresh = self._path.with_suffix(".new")
            fresh.write_bytes(encode(settings) + b"\n")
            fresh.replace(self._path)

    def add(self, vendor: str, operation: str, arguments: Mapping[str, Any]) -> None:
        if self._path:
            with self._path.open("ab") as file:
                file.write(encode([vendor, operation, arguments]) + b"\n")

    def read(self) -> tuple[dict[str, Any] | None, list[tuple[str, str, dict[str, Any]]]]:
        """Return the settings of the last reset and the changes since."""
        if self._path is None or not self._path.exists():
            return None, []
        # A line without its end was cut by a kill, before the change was answered: out with it, or
        # the next change would be written behind it.
        lines, ended, _ = self._path.read_bytes().rpartition(b"\n")
        os.truncate(self._path, len(lines) + len(ended))
        whole = [decode(line) for line in lines.splitlines()]
        return (whole[0], [tuple(line) for line in whole[1:]]) if whole else (None, [])
