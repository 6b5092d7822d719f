"""Who is importing, between the tasks of one run as well.

A process at work holds PostgreSQL locks, but the tasks of an Airflow run are processes of their
own with pauses in between. The lease covers the pauses: another run waits until the holder has
finished, or has not been heard of for longer than Airflow ever waits before a retry.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pymongo.errors import DuplicateKeyError

from vendor_sync.broadstreet import schema
from vendor_sync.errors import LockedError
from vendor_sync.mongo import Mongo

LEASE_ID = "import_lease"
PAUSE = timedelta(minutes=15)


def claim(db: Mongo, run_id: str, now: datetime, *, lasting: timedelta = PAUSE) -> None:
    """Take or renew the lease; raise LockedError while another run has it."""
    mine = {"run_id": run_id, "until": now + lasting, "generation": 0}
    try:
        db[schema.GENERATION].replace_one(
            {"_id": LEASE_ID, "$or": [{"run_id": run_id}, {"until": {"$lte": now}}]},
            mine,
            upsert=True,
        )
    except DuplicateKeyError:
        holder = db[schema.GENERATION].find_one({"_id": LEASE_ID}) or {}
        message = f"Import {holder.get('run_id')!r} is under way; this one waits for its end."
        raise LockedError(message) from None


def release(db: Mongo, run_id: str) -> None:
    """Give the lease back; somebody else's is left alone."""
    db[schema.GENERATION].delete_one({"_id": LEASE_ID, "run_id": run_id})
