from __future__ import annotations

import pytest

from vendor_sync.connections import Connection
from vendor_sync.errors import ConfigurationError
from vendor_sync.params import flag, refuse_unknown, texts


def test_unknown_name_is_refused_with_the_known_ones():
    refuse_unknown({"dry_run": True}, ["dry_run"])

    with pytest.raises(ConfigurationError, match="'dry_rum'; known are: brand_ids, dry_run"):
        refuse_unknown({"dry_rum": True}, ["dry_run", "brand_ids"])


@pytest.mark.parametrize(
    ("said", "meant"),
    [(None, False), (True, True), ("Yes", True), (1, True), ("off", False), ("0", False)],
)
def test_flag_is_what_people_call_on_and_off(said, meant):
    assert flag("dry_run", said) is meant


@pytest.mark.parametrize("said", ["", "perhaps", 2, []])
def test_flag_that_is_neither_is_refused(said):
    with pytest.raises(ConfigurationError, match="'dry_run' must be true or false"):
        flag("dry_run", said)


@pytest.mark.parametrize(
    ("given", "read"),
    [(None, []), ("", []), ("a, b,,a", ["a", "b"]), ([1, " 1 ", "2"], ["1", "2"]), ((), [])],
)
def test_texts_come_as_a_list_or_with_commas(given, read):
    assert texts("ids", given) == read


def test_what_is_no_list_is_refused():
    with pytest.raises(ConfigurationError, match="'ids' must be a list, it is 3"):
        texts("ids", 3)


def test_connection_tells_shares_and_switches_from_what_is_neither():
    extra = {"most": 0.2, "all": 1.5, "on": "true", "empty": "", "odd": "perhaps"}
    connection = Connection(conn_id="trackier_default", extra=extra)

    assert (connection.share("most", 0.5), connection.share("unset", 0.5)) == (0.2, 0.5)
    assert (connection.flag("on"), connection.flag("empty")) == (True, False)
    with pytest.raises(ConfigurationError, match="'all' is a share between 0 and 1"):
        connection.share("all", 0.5)
    with pytest.raises(ConfigurationError, match="'odd' must be true or false"):
        connection.flag("odd")
