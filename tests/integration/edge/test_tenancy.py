"""Every call, with every token that must not open it."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import timedelta

import grpc
import jwt
import pytest

from edge_grpc import keys
from edge_grpc.admin import ClientAdmin
from edge_grpc.client.backoff import reason, retry_seconds
from edge_grpc.client.session import Session
from edge_grpc.database import opened
from edge_grpc.tokens import KeyFile, Tokens
from edge_grpc.v1 import auth_pb2 as auth
from edge_grpc.v1 import sync_pb2 as sync
from edge_grpc.v1 import usage_pb2 as usage
from tests.integration.edge.conftest import credentials

pytestmark = pytest.mark.integration
CALLS = {
    "GetVersion": sync.GetVersionRequest,
    "WatchVersion": sync.WatchVersionRequest,
    "Sync": sync.SyncRequest,
    "SyncCategories": sync.SyncCategoriesRequest,
    "SyncProducts": sync.SyncProductsRequest,
    "SyncPromotions": sync.SyncPromotionsRequest,
    "ReportSync": sync.ReportSyncRequest,
    "UploadUsage": usage.UploadUsageRequest,
    "UploadUsageBatch": usage.UploadUsageBatchRequest,
}
STREAMS = {"WatchVersion", "Sync", "SyncCategories", "SyncProducts", "SyncPromotions"}


async def call(session, name, request, token):
    """Make a call and return its first answer."""
    metadata = (("authorization", f"Bearer {token}"),) if token is not None else ()
    method = getattr(session.stub, name)
    if name == "UploadUsage":
        stream = method(metadata=metadata)
        if request is not None:
            await stream.write(request)
        return await stream.read()
    if name in STREAMS:
        return await anext(aiter(method(request, metadata=metadata, timeout=10)))
    return await method(request, metadata=metadata, timeout=10)


async def refusal(session, name, request, token):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(session, name, request, token)
    return caught.value


def filled(name, shop, **changes):
    fields = {**shop.tenant, **changes}
    if name == "SyncProducts":
        fields["brand_id"] = shop.brand_id
    return CALLS[name](**fields)


def unread(name, shop):
    """Return the request of a call that is refused without being read.

    A stream's refusal may overtake its first request, and gRPC's client then tells only that
    writing failed: so nothing is written to it.
    """
    return None if name == "UploadUsage" else filled(name, shop)


@pytest.fixture
def bad_tokens(office, shop, tmp_path):
    """Return tokens that open nothing, by what is wrong with them."""
    client, company, store = (
        uuid.UUID(text) for text in (shop.client_id, shop.company_id, shop.store_id)
    )

    def signed(path=office.keys_file, **changes):
        options = {
            "issuer": "edge-grpc",
            "audience": "edge-sync",
            "lifetime": timedelta(minutes=5),
            **changes,
        }
        source = Tokens(KeyFile(path).ring, **options)
        return source.issue(client, company, store, scopes={"sync", "usage"}, generation=1)[0]

    good = signed()
    header = jwt.get_unverified_header(good)
    claims = jwt.decode(good, options={"verify_signature": False})
    body = base64.urlsafe_b64encode(json.dumps({**claims, "gen": 2}).encode()).decode()
    keys.rotate(tmp_path / "others.json")
    return {
        "missing": None,
        "empty": "",
        "garbage": "garbage",
        "expired": signed(lifetime=timedelta(minutes=-5)),
        "audience": signed(audience="others"),
        "issuer": signed(issuer="others"),
        "stranger's key": signed(path=tmp_path / "others.json"),
        "alg none": jwt.encode(claims, "", "none", {"kid": header["kid"]}),
        "tampered": ".".join([good.split(".")[0], body.rstrip("="), good.split(".")[2]]),
    }


async def test_every_call_refuses_every_bad_token(session, shop, bad_tokens):
    for name in CALLS:
        for what, token in bad_tokens.items():
            error = await refusal(session, name, unread(name, shop), token)

            assert error.code() is grpc.StatusCode.UNAUTHENTICATED, (name, what)
            assert reason(error) == "UNAUTHENTICATED", (name, what)
            assert error.details() == "A valid access token is required."


async def test_every_call_refuses_another_tenant(office, session, shop):
    token = (await session.grant()).access_token
    sibling = await office.add_shop(shop.company_id, shop.brand_id)
    stranger = await office.add_shop()
    foreign = {
        "another store": {"store_id": sibling.store_id},
        "another company": {"company_id": stranger.company_id},
        "both": stranger.tenant,
        "nobody": {"company_id": str(uuid.uuid4()), "store_id": str(uuid.uuid4())},
    }
    for name in CALLS:
        for what, ids in foreign.items():
            error = await refusal(session, name, filled(name, shop, **ids), token)

            assert error.code() is grpc.StatusCode.PERMISSION_DENIED, (name, what)
            assert reason(error) == "TENANT_MISMATCH", (name, what)
            assert not any(value in error.details() for value in ids.values()), (name, what)


async def test_every_call_refuses_missing_and_malformed_ids(session, shop):
    token = (await session.grant()).access_token
    optional = {"GetVersion", "SyncCategories"}  # the token's store is meant
    for name in CALLS:
        for field in ("company_id", "store_id"):
            for value, expected in (("", f"MISSING_{field.upper()}"), ("1", "INVALID_FIELD")):
                if field == "store_id" and not value and name in optional:
                    continue
                error = await refusal(session, name, filled(name, shop, **{field: value}), token)

                assert error.code() is grpc.StatusCode.INVALID_ARGUMENT, (name, field)
                assert reason(error) == expected, (name, field, value)


async def test_revoked_client_is_refused_and_its_streams_are_cut(office, session, shop):
    token = (await session.grant()).access_token
    watch = session.stub.WatchVersion(
        filled("WatchVersion", shop), metadata=await session.metadata(), timeout=20
    )
    assert await watch.read() is not grpc.aio.EOF

    async with opened(office.admin_dsn, size=1) as database:
        await ClientAdmin(database).revoke(uuid.UUID(shop.client_id))

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await watch.read()
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    for name in CALLS:
        error = await refusal(session, name, unread(name, shop), token)
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED, name


async def test_rotated_secret_voids_the_old_one(office, session, shop):
    await session.grant()
    async with opened(office.admin_dsn, size=1) as database:
        await ClientAdmin(database).rotate(uuid.UUID(shop.client_id))

    session.forget_token()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await session.grant()

    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert shop.client_secret not in str(caught.value)


async def test_refresh_token_works_once_and_its_second_use_voids_the_chain(session):
    first = (await session.grant()).refresh_token
    request = auth.RefreshTokenRequest(refresh_token=first)
    second = (await session.stub.RefreshToken(request)).grant.refresh_token

    for token in (first, second, "made up"):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await session.stub.RefreshToken(auth.RefreshTokenRequest(refresh_token=token))
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_rate_limit_says_how_long_to_wait(serving, shop):
    async with (
        serving(burst=3, calls_per_minute=6) as server,
        Session(credentials(server, shop)) as session,
    ):
        token = (await session.grant()).access_token
        for _ in range(3):
            await call(session, "GetVersion", filled("GetVersion", shop), token)

        error = await refusal(session, "GetVersion", filled("GetVersion", shop), token)

    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert reason(error) == "RATE_LIMITED"
    assert 5 < retry_seconds(error) <= 10
