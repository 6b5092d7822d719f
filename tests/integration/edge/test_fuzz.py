"""Whatever is sent, no answer is INTERNAL and the server lives."""

from __future__ import annotations

import asyncio
import random

import grpc
import pytest

from edge_grpc.v1 import edge_sync_service_pb2, sync_pb2, usage_pb2

pytestmark = pytest.mark.integration
SERVICE = edge_sync_service_pb2.DESCRIPTOR.services_by_name["EdgeSyncService"]
ROUNDS = 40
TEXTS = ["", "\x00", "é" * 50, "0" * 5000, "2026-02-30T00:00:00Z", "%s", "{}", "-1", "A" * 36]
NUMBERS = [0, 1, -1, 2**31 - 1, -(2**31)]


def mutated(chance, message, shop, depth=0):
    """Fill a message with the values that break things, and sometimes with the right ids."""
    for field in message.DESCRIPTOR.fields:
        if chance.random() < 0.4 and depth:
            continue
        right = {"company_id": shop.company_id, "store_id": shop.store_id}.get(field.name)
        if right and chance.random() < 0.8:
            setattr(message, field.name, right)
        elif field.message_type:
            if depth < 4 and field.is_repeated:
                for _ in range(chance.randint(0, 3)):
                    mutated(chance, getattr(message, field.name).add(), shop, depth + 1)
            elif depth < 4:
                mutated(chance, getattr(message, field.name), shop, depth + 1)
        else:
            fill(chance, message, field)
    return message


def fill(chance, message, field):
    value = chance.choice(TEXTS)
    if field.cpp_type != field.CPPTYPE_STRING:
        value = chance.choice(NUMBERS)
    if field.cpp_type in {field.CPPTYPE_UINT64, field.CPPTYPE_UINT32}:
        value = abs(value)
    if field.cpp_type == field.CPPTYPE_BOOL:
        value = bool(value)
    if field.is_repeated:
        getattr(message, field.name).append(value)
    else:
        setattr(message, field.name, value)


def garbled(chance, raw):
    """Flip bytes, cut, or make bytes up."""
    kind = chance.randint(0, 2)
    if kind == 0 or not raw:
        return chance.randbytes(chance.randint(0, 200))
    if kind == 1:
        return raw[: chance.randint(0, len(raw))]
    changed = bytearray(raw)
    for _ in range(chance.randint(1, 5)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


async def answer(channel, method, raw, metadata):
    """Send bytes to a call; return its status."""
    path = f"/{SERVICE.full_name}/{method.name}"
    try:
        async with asyncio.timeout(1 if method.name == "WatchVersion" else 20):
            if method.client_streaming:
                stream = channel.stream_stream(path)(metadata=metadata)
                await stream.write(raw)
                await stream.read()
            elif method.server_streaming:
                async for _ in channel.unary_stream(path)(raw, metadata=metadata):
                    pass
            else:
                await channel.unary_unary(path)(raw, metadata=metadata)
    except grpc.aio.AioRpcError as error:
        return error.code().name
    except TimeoutError:
        assert method.name == "WatchVersion", method.name
    return "OK"


async def test_fuzzed_requests_are_never_an_internal_error(office, server, session, shop):
    office.add_promotion(shop)
    chance = random.Random(11)
    metadata = await session.metadata()
    messages = vars(sync_pb2) | vars(usage_pb2)
    seen = set()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        for method in SERVICE.methods:
            make = messages.get(method.input_type.name)
            for _ in range(2 if method.name == "WatchVersion" else ROUNDS):
                raw = mutated(chance, make(), shop).SerializeToString() if make else b""
                if make is None or chance.random() < 0.5:
                    raw = garbled(chance, raw)
                status = await answer(channel, method, raw, metadata)
                seen.add(status)
                assert status not in {"INTERNAL", "UNKNOWN", "UNAVAILABLE"}, (method.name, raw)
    assert {"OK", "INVALID_ARGUMENT"} <= seen


async def test_messages_that_are_too_large_are_refused(session, shop):
    request = sync_pb2.GetVersionRequest(company_id=shop.company_id, cursor="x" * (2 << 20))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await session.stub.GetVersion(request, metadata=await session.metadata())

    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
