from __future__ import annotations

import pytest

from vendor_sync.sync_center.forms import FormError, checked, configuration, fields

PARAMS = {
    "ids": {"value": [], "schema": {"type": "array", "items": {"type": "string"}}},
    "types": {"value": ["a"], "schema": {"type": "array", "items": {"enum": ["a", "b"]}}},
    "mode": {"value": "slow", "schema": {"type": "string", "enum": ["slow", "fast"]}},
    "days": {"value": 7, "schema": {"type": "integer", "minimum": 0}},
    "until": {"value": None, "schema": {"type": ["null", "string"], "format": "date"}},
    "dry_run": {"value": False, "schema": {"type": "boolean", "title": "Dry run"}},
    "weights": {"value": {"a": 1}, "schema": {"type": "object"}},
}


def test_every_schema_has_its_kind_of_field():
    found = {field.name: field for field in fields(PARAMS)}

    assert {name: field.kind for name, field in found.items()} == {
        "ids": "lines",
        "types": "choices",
        "mode": "choice",
        "days": "number",
        "until": "text",
        "dry_run": "flag",
        "weights": "json",
    }
    assert found["until"].input_type == "date"
    assert (found["days"].step, found["days"].minimum, found["days"].required) == ("1", 0, True)
    assert found["dry_run"].label == "Dry run"
    assert found["ids"].label == "Ids"


def test_what_is_entered_takes_the_types_of_the_schema():
    entered = {
        "ids": [" 3 \r\n\r\n5"],
        "types": ["a", "b"],
        "mode": ["fast"],
        "days": ["14"],
        "until": [""],
        "weights": ['{"a": 2}'],
    }

    assert configuration(PARAMS, entered) == {
        "ids": ["3", "5"],
        "types": ["a", "b"],
        "mode": "fast",
        "days": 14,
        "until": None,
        "dry_run": False,
        "weights": {"a": 2},
    }


@pytest.mark.parametrize(("name", "text"), [("days", "many"), ("weights", "{")])
def test_unreadable_entry_names_its_field(name, text):
    entered = {"days": ["1"], "weights": ["{}"], name: [text]}

    with pytest.raises(FormError, match=name.title()):
        configuration(PARAMS, entered)


def test_what_was_entered_is_shown_again():
    shown = {field.name: field.value for field in fields(PARAMS, {"days": ["many"], "types": []})}

    assert shown["days"] == "many"
    assert shown["types"] == []
    assert shown["dry_run"] is False


def test_each_wrong_entry_is_told_beside_its_own_field():
    entered = {"ids": [""], "mode": ["medium"], "days": ["-1"], "weights": ["{"]}

    values, problems = checked(PARAMS, entered)

    assert set(problems) == {"mode", "days", "weights"}
    assert "one of the list" in problems["mode"]
    assert values["dry_run"] is False
    shown = {field.name: field for field in fields(PARAMS, entered, problems)}
    assert (shown["days"].value, shown["days"].problem) == ("-1", problems["days"])
    assert shown["ids"].problem == ""
