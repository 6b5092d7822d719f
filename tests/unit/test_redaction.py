"""Properties of redaction: no secret survives, nothing else changes, cut-off bodies included."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from vendor_sync.redaction import REDACTED, Redactor, redact_url

KEYS = ("email", "security_token", "bank")
REDACTOR = Redactor(KEYS)
SECRET = "s3cr3t-value-0099"

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from((*KEYS, "name", "id", "meta")), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(documents, st.booleans(), st.sampled_from((None, 1)))
def test_text_and_item_are_redacted_alike(document, ascii_only, indent):
    body = json.dumps(document, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "replace")

    redacted = json.loads(REDACTOR.redact_body(body))

    assert redacted == REDACTOR.redact_item(json.loads(body))


secrets = st.recursive(
    st.just(SECRET),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.text('ab]}"\\', max_size=3), inner, min_size=1, max_size=3)
    ),
    max_leaves=5,
)


@given(documents, secrets, st.sampled_from(KEYS), st.booleans(), st.data())
def test_secret_never_survives_however_the_body_is_cut(before, secret, key, ascii_only, data):
    document = {"before": before, key: secret, "after": [1, {key: secret}]}
    body = json.dumps(document, ensure_ascii=ascii_only).encode("utf-8", "replace")
    cut = data.draw(st.integers(0, len(body)))

    redacted = REDACTOR.redact_body(body[:cut])

    assert SECRET.encode() not in redacted


def test_bytes_around_a_secret_stay_as_they_were():
    body = b'{ "id":1.0,  "email" : "a@b.c", "x":"\xd8\xb9" }\n'

    assert REDACTOR.redact_body(body) == b'{ "id":1.0,  "email" : "[redacted]", "x":"\xd8\xb9" }\n'


def test_key_in_quoted_text_is_not_taken_for_a_key():
    body = json.dumps({"text": '"email": "x"', "id": 1}).encode()

    assert REDACTOR.redact_body(body) == body


def test_key_spelt_with_escapes_is_recognised_even_in_a_cut_off_body():
    body = b'{"\\u0065mail": "' + SECRET.encode() + b'", "id": 1'

    assert SECRET.encode() not in REDACTOR.redact_body(body + b"}")
    assert SECRET.encode() not in REDACTOR.redact_body(body)


def test_url_is_shown_without_login_and_secret_parameters():
    url = redact_url("https://user:pw@api.test/v2?apiKey=k1&access_token=t1&limit=5")

    assert url.startswith("https://api.test/v2?")
    assert not {"user", "pw", "k1", "t1"} & set(url.replace("=", "&").split("&"))
    assert "limit=5" in url
    assert REDACTED.strip("[]") in url
