"""Where a stack keeps its files: one directory, `.sandbox` unless told otherwise."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
DEFAULT_HOME = REPOSITORY / ".sandbox"
SERVERS = Path(os.environ.get("SANDBOX_VENV", DEFAULT_HOME / "venv"))
PRODUCT = REPOSITORY / ".venv"
# What the production image holds, by its own lock (`make setup-image`).
IMAGE = Path(os.environ.get("SANDBOX_IMAGE_VENV", DEFAULT_HOME / "image"))


@dataclass(frozen=True, slots=True)
class Home:
    """The paths of one stack; two homes are two stacks."""

    root: Path

    @property
    def state_file(self) -> Path:
        return self.root / "state.json"

    @property
    def env_file(self) -> Path:
        return self.root / "env"

    @property
    def edge_keys_file(self) -> Path:
        return self.root / "edge-keys.json"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def airflow(self) -> Path:
        return self.root / "airflow"

    def data(self, part: str) -> Path:
        return self.root / "data" / part

    def log(self, part: str) -> Path:
        return self.root / "log" / f"{part}.log"

    def record(self, part: str) -> Path:
        return self.run / "pids" / f"{part}.json"

    @property
    def status_file(self) -> Path:
        return self.run / "status.json"

    @property
    def wanted_file(self) -> Path:
        return self.run / "wanted.json"

    def create(self) -> None:
        """Make the directories; `data` can be walked through, as PostgreSQL may be another user."""
        for directory, mode in (("data", 0o711), ("run", 0o700), ("log", 0o700)):
            path = self.root / directory
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(mode)


def write_private(path: Path, text: str) -> None:
    """Replace a file at once: a reader sees the old one or the new one, only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a file, empty if there is no such file."""
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        message = f"{path} is not readable as JSON ({error}): run `python -m sandbox reset`."
        raise SystemExit(message) from None
