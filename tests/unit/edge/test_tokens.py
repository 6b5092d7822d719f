from __future__ import annotations

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from edge_grpc import keys
from edge_grpc.errors import ConfigurationError, UnauthenticatedError
from edge_grpc.tokens import KeyFile, Tokens

CLIENT, COMPANY, STORE = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()


@pytest.fixture
def path(tmp_path):
    keys.rotate(tmp_path / "keys.json")
    return tmp_path / "keys.json"


def tokens(path, *, audience="edge-sync", issuer="edge-grpc", lifetime=timedelta(minutes=5)):
    return Tokens(KeyFile(path).ring, issuer=issuer, audience=audience, lifetime=lifetime)


def issue(source):
    return source.issue(CLIENT, COMPANY, STORE, scopes={"sync"}, generation=3)[0]


def test_token_round_trip(path):
    principal = tokens(path).verify(issue(tokens(path)))

    assert (principal.client_id, principal.company_id, principal.store_id) == (
        CLIENT,
        COMPANY,
        STORE,
    )
    assert principal.scopes == {"sync"}
    assert principal.generation == 3


@pytest.mark.parametrize(
    "other",
    [
        {"audience": "someone-else"},
        {"issuer": "someone-else"},
        {"lifetime": timedelta(minutes=-5)},
    ],
)
def test_token_of_other_audience_issuer_or_time_is_refused(path, other):
    with pytest.raises(UnauthenticatedError):
        tokens(path).verify(issue(tokens(path, **other)))


def test_remembered_token_expires(path):
    source = tokens(path, lifetime=timedelta(seconds=0.05))
    token = issue(source)
    source.verify(token)  # remembered, within the leeway or not
    while datetime.now(UTC) < datetime.fromtimestamp(_claims(token)["exp"], UTC):
        pass

    with pytest.raises(UnauthenticatedError):
        source.verify(token)


def test_unsigned_token_is_refused(path):
    token = issue(tokens(path))
    kid = jwt.get_unverified_header(token)["kid"]
    unsigned = jwt.encode(_claims(token), "", "none", {"kid": kid})

    with pytest.raises(UnauthenticatedError):
        tokens(path).verify(unsigned)


def test_token_signed_with_the_public_key_as_secret_is_refused(path):
    token = issue(tokens(path))
    kid = jwt.get_unverified_header(token)["kid"]
    public = keys.read(path).newest.public.public_bytes_raw()
    forged = jwt.encode(_claims(token), public, "HS256", {"kid": kid})

    with pytest.raises(UnauthenticatedError):
        tokens(path).verify(forged)


def test_tampered_token_is_refused(path):
    head, body, seal = issue(tokens(path)).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["store_id"] = str(uuid.uuid4())
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")

    for token in (f"{head}.{body}.{seal}", "", "a.b.c", "..", "\x00", head):
        with pytest.raises(UnauthenticatedError):
            tokens(path).verify(token)


def test_rotated_key_still_verifies_and_no_longer_signs(path):
    source = tokens(path)
    before = issue(source)

    keys.rotate(path)
    after = issue(source)

    assert source.verify(before) == tokens(path).verify(before)
    assert source.verify(after).store_id == STORE
    assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]


def test_rotation_drops_keys_too_old_to_have_signed_anything_in_use(path):
    first = keys.read(path).newest
    later = datetime.now(UTC) + keys.KEPT + timedelta(days=1)

    keys.rotate(path, later)
    assert keys.read(path).find(first.kid)  # it has signed until now
    second = keys.read(path).newest
    keys.rotate(path, later + keys.KEPT)

    assert [key.kid for key in keys.read(path).keys[:-1]] == [second.kid]


def test_key_file_is_private_and_its_errors_show_nothing(path):
    assert path.stat().st_mode & 0o077 == 0
    text = path.read_text()
    path.write_text(text[:-9])

    with pytest.raises(ConfigurationError) as caught:
        keys.read(path)

    assert "seed" not in str(caught.value)
    assert "seed" not in repr(keys.new_key(datetime.now(UTC)))


def _claims(token):
    return jwt.decode(token, options={"verify_signature": False})
