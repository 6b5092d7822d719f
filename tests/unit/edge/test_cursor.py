from __future__ import annotations

import base64
import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_grpc import keys
from edge_grpc.cursor import Cursor, CursorSeal, Progress, fingerprint
from edge_grpc.errors import InvalidArgumentError

KEY = keys.new_key(datetime.now(UTC))
SEAL = CursorSeal(lambda: keys.KeyRing((KEY,)))
CURSOR = Cursor(
    epoch=uuid.uuid4(),
    company_id=uuid.uuid4(),
    store_id=uuid.uuid4(),
    filters=fingerprint("all"),
    settings=fingerprint("include_future", 7, 1),
    version=2**53,
    as_of=datetime(2026, 3, 29, 1, 59, 59, 999999, tzinfo=UTC),
)


def test_cursor_round_trip():
    progress = Progress(None, None, "products", ("0193", 5))

    assert SEAL.open(SEAL.seal(CURSOR)) == CURSOR
    assert SEAL.open(SEAL.seal(CURSOR.at(progress))).progress == progress


def test_cursor_with_any_bit_changed_is_refused():
    raw = bytearray(base64.urlsafe_b64decode(SEAL.seal(CURSOR)))
    for position in range(len(raw)):
        raw[position] ^= 1
        with pytest.raises(InvalidArgumentError):
            SEAL.open(base64.urlsafe_b64encode(raw).decode())
        raw[position] ^= 1


@given(st.text(max_size=200))
def test_cursor_of_any_other_bytes_is_refused(text):
    with pytest.raises(InvalidArgumentError) as caught:
        SEAL.open(text)

    assert caught.value.reason == "INVALID_CURSOR"


def test_cursor_survives_rotation_and_not_the_loss_of_its_key():
    sealed = SEAL.seal(CURSOR)
    newer = keys.new_key(datetime.now(UTC))

    assert CursorSeal(lambda: keys.KeyRing((KEY, newer))).open(sealed) == CURSOR
    with pytest.raises(InvalidArgumentError):
        CursorSeal(lambda: keys.KeyRing((newer,))).open(sealed)
