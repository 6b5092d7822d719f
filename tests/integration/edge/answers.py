"""Sync calls made to their end and what is in their frames, and watches."""

from __future__ import annotations

from datetime import date, timedelta

from edge_grpc.v1 import sync_frames_pb2 as frames
from edge_grpc.v1 import sync_pb2 as sync

TODAY = date.today()  # noqa: DTZ011 - windows here are days wide


async def read(session, name, **fields):
    """Make a sync call to its end; return all frames."""
    request = getattr(sync, f"{name}Request")(**fields)
    call = getattr(session.stub, name)(request, metadata=await session.metadata(), timeout=30)
    return [frame async for frame in call]


async def watch(session, shop):
    """Open a stream of the versions that a store is told of."""
    request = sync.WatchVersionRequest(**shop.tenant)
    return session.stub.WatchVersion(request, metadata=await session.metadata())


def records(answer, kind):
    return {r.id: r for frame in answer for r in getattr(frame.batch, kind)}


def removals(answer):
    return {
        r.id: frames.RemovalReason.Name(r.reason).removeprefix("REMOVAL_REASON_")
        for frame in answer
        for r in frame.removals.removals
    }


def days(start, end):
    return {"start_on": TODAY + timedelta(days=start), "end_on": TODAY + timedelta(days=end)}
