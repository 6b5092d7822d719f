"""Forms of local Broadstreet entities: made from the models that check them, references by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from bson import ObjectId

from vendor_sync.broadstreet import weights
from vendor_sync.broadstreet.entity_types import REFERENCES, EntityType
from vendor_sync.broadstreet.local_models import MODELS
from vendor_sync.mongo import Document, Mongo
from vendor_sync.sync_center import forms
from vendor_sync.sync_center.forms import Field

# A list that is longer than this is searched by name.
SHOWN_OPTIONS = 100
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
_LONG = {"notes", "html", "active_base64"}
_CHOICES: Mapping[str, Sequence[str]] = {"weight": tuple(weights.NUMBERS)}
_HINTS: Mapping[str, str] = {
    "web_home_url": "A whole address, such as https://example.com.",
    "logo": "The whole address of a picture.",
    "alias": "Pages refer to the zone by it. Without one the export gives it one.",
    "destination": "Where a click leads: a whole address, such as https://example.com/page.",
    "type": "Static is a picture; HTML is a third party's code.",
    "active_url": "For a picture: its whole address.",
    "active_base64": "For a picture: its bytes in Base64, in place of an address.",
    "html": "For a third party's code.",
    "start_date": "As 2026-03-01, or with a time of day as 2026-03-01 08:30.",
    "end_date": "The last day, in the same form. Empty: it does not end.",
    "max_impression_count": "A whole number from 1.",
    "restrictions": "One at most: a placement for each.",
}
Key = int | str


def fields(
    db: Mongo,
    entity_type: EntityType,
    document: Document | None,
    entered: Mapping[str, Sequence[str]] | None = None,
    problems: Mapping[str, str] | None = None,
) -> list[Field]:
    """Return the form of a new entity, or of `document`; what was `entered` goes before it."""
    held = document or {}
    made = [_field(field, held) for field in forms.fields(_params(entity_type), None, problems)]
    found = [_again(field, entered) for field in made]
    references = REFERENCES[entity_type]
    return [
        _reference(db, references[field.name], field, entered or {})
        if field.name in references
        else field
        for field in found
    ]


def beside(fields_: Iterable[Field], document: Document) -> list[Field]:
    """Say beside each field what stands there now, where that is not what was entered."""
    return [
        field
        if _text(field.value) == (now := _text(document.get(field.name)))
        else replace(field, beside=f"Now: {field.labels.get(now) or now or 'empty'}.")
        for field in fields_
    ]


def searches(entered: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether somebody looks for a reference, and does not save yet."""
    one = {name: "".join(texts[:1]).strip() for name, texts in entered.items()}
    looked = [name for name in one if name.startswith("find_")]
    return any(one[name] != one.get(f"was_{name}", "") for name in looked)


def values(entity_type: EntityType, entered: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return what was entered as the models take it; None where nothing was."""
    return {
        field.name: _value(entity_type, field, list(entered.get(field.name, ())))
        for field in forms.fields(_params(entity_type))
    }


def names(db: Mongo, wanted: Iterable[tuple[EntityType, Key]]) -> dict[tuple[EntityType, Key], str]:
    """Return the names of entities by type and key: a Broadstreet id, or the `_id` of a local one.

    What is not there any more has no name.
    """
    keys: dict[EntityType, set[Key]] = {}
    for entity_type, key in wanted:
        keys.setdefault(entity_type, set()).add(key)
    found: dict[tuple[EntityType, Key], str] = {}
    for entity_type, some in keys.items():
        ids = [key for key in some if isinstance(key, int)]
        local = [ObjectId(key) for key in some if isinstance(key, str) and ObjectId.is_valid(key)]
        if ids:
            rows = db[entity_type].find({"broadstreet_id": {"$in": ids}}, _NAMED)
            found |= {(entity_type, row["broadstreet_id"]): _name(row) for row in rows}
        if local:
            rows = db[entity_type.local].find({"_id": {"$in": local}}, _NAMED)
            found |= {(entity_type, str(row["_id"])): _name(row) for row in rows}
    return found


_NAMED = {"name": 1, "broadstreet_id": 1}


def _name(row: Document) -> str:
    return str(row.get("name") or row.get("broadstreet_id") or row["_id"])


def _params(entity_type: EntityType) -> dict[str, dict[str, Any]]:
    """Return the model's fields as the params that forms are made of."""
    schema = MODELS[entity_type].model_json_schema()
    required = set(schema.get("required", ()))
    return {
        name: {
            "schema": _schema(name, found, is_required=name in required),
            "description": _HINTS.get(name, ""),
            "value": found.get("default"),
        }
        for name, found in schema["properties"].items()
    }


def _schema(name: str, found: Mapping[str, Any], *, is_required: bool) -> dict[str, Any]:
    kinds = cast("Sequence[Mapping[str, Any]]", found.get("anyOf", (found,)))
    kind = next(dict(kind) for kind in kinds if kind.get("type") != "null")
    given = kind.get("type", "string")
    kind["type"] = [given] if is_required else [given, "null"]
    kind.pop("title", None)
    for bound in ("minimum", "maximum"):  # the model says more about it than a browser does
        kind.pop(bound, None)
    if name in _CHOICES:
        kind["enum"] = list(_CHOICES[name])
    if name.endswith("_id"):
        kind["title"] = forms.humane(name.removesuffix("_id"))
    return kind


def _field(field: Field, held: Document) -> Field:
    kind = "area" if field.name in _LONG else field.kind
    if kind == "choice" and not field.required and field.value is None:
        labels = {"": "As Broadstreet has it by default"}
        field = replace(field, options=("", *field.options), labels=labels)
    # The model's own words about a missing field go beside it; a browser would say only its own.
    return replace(field, kind=kind, required=False, value=held.get(field.name, field.value))


def _again(field: Field, entered: Mapping[str, Sequence[str]] | None) -> Field:
    if entered is None:
        return field
    given = list(entered.get(field.name, ()))
    value = given if field.kind == "choices" else "".join(given[:1])
    return replace(field, value=bool(given) if field.kind == "flag" else value)


def _reference(
    db: Mongo, target: EntityType, field: Field, entered: Mapping[str, Sequence[str]]
) -> Field:
    """Make a field a choice among entities: local ones first, then those in Broadstreet."""
    asked = "".join(entered.get(f"find_{field.name}", ())[:1]).strip()
    local, production = _options(db, target, asked)
    chosen = _text(field.value)
    labels = {"": "Choose one"} | local | production
    if chosen not in labels:
        key = int(chosen) if _WHOLE.fullmatch(chosen) else chosen
        labels[chosen] = names(db, [(target, key)]).get((target, key), chosen)
    many = len(local) >= SHOWN_OPTIONS or len(production) >= SHOWN_OPTIONS
    return replace(
        field,
        kind="choice",
        value=chosen,
        options=tuple(labels),
        labels=labels,
        find=asked if many or asked else None,
    )


def _options(db: Mongo, target: EntityType, asked: str) -> tuple[dict[str, str], dict[str, str]]:
    wanted: Document = {}
    if asked:
        wanted["name"] = {"$regex": re.escape(asked), "$options": "i"}
    local = db[target.local].find(wanted, _NAMED).sort("_id", -1).limit(SHOWN_OPTIONS)
    found = db[target].find({**wanted, "removed_at": None}, _NAMED)
    # A search stops at the first that match; sorted, it would have to find all of them first.
    production = (found if asked else found.sort("broadstreet_id", 1)).limit(SHOWN_OPTIONS)
    return (
        {str(row["_id"]): f"{_name(row)} (local)" for row in local},
        {
            str(row["broadstreet_id"]): f"{_name(row)} ({row['broadstreet_id']})"
            for row in production
        },
    )


def _value(entity_type: EntityType, field: Field, given: list[str]) -> Any:  # noqa: ANN401
    text = given[0].replace("\r\n", "\n") if given else ""
    if field.kind == "choices":
        return given
    if field.kind == "flag":
        return True if text else None
    if not text.strip():
        return None
    is_number = field.kind == "number" or field.name in REFERENCES[entity_type]
    return int(text) if is_number and _WHOLE.fullmatch(text.strip()) else text


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[object]", value)))
    return "" if value in (None, False) else "yes" if value is True else str(value)
