"""Peak memory of processes. `getrusage` would carry over what the parent used before exec."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_kib() -> int:
    """Return the highest resident memory of this process so far, in KiB."""
    if _STATUS.exists():
        lines = _STATUS.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    unit = 1024 if sys.platform == "darwin" else 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


def peak_kib_with_forks() -> int:
    """Return the same and that of the largest fork that has ended; what both share counts twice."""
    unit = 1024 if sys.platform == "darwin" else 1
    return peak_kib() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // unit
