"""A form made from a DAG's own params, and what was entered as the run's configuration.

Types follow the JSON schemas that Airflow's forms understand: booleans, choices, several choices,
lines of text, numbers, dates, texts; anything else is entered as JSON. Airflow itself checks what
is sent: this only brings texts into the types that it asks for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as make
from typing import Any, cast

from vendor_sync.sync_center.wording import humane

_DATES = {"date": "date", "date-time": "datetime-local", "time": "time", "email": "email"}


class FormError(ValueError):
    """What was entered in a field cannot be read; says which field and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One param. `kind` is flag, choice, choices, lines, number, text or json; `value` its text.

    `problem` says what is wrong with what was entered, and `beside` what stands there now. Options
    have labels where their own words are not enough; `find` is what a long list was searched for.
    """

    name: str
    label: str
    kind: str
    description: str = ""
    value: Any = None
    options: Sequence[str] = ()
    input_type: str = "text"
    minimum: float | None = None
    maximum: float | None = None
    step: str = "any"
    required: bool = False
    problem: str = ""
    beside: str = ""
    labels: Mapping[str, str] = make(default_factory=dict[str, str])
    find: str | None = None


def fields(
    params: Mapping[str, Any],
    entered: Mapping[str, Sequence[str]] | None = None,
    problems: Mapping[str, str] | None = None,
) -> list[Field]:
    """Return the fields of a form; `params` as Airflow's `/dags/{id}/details` answers them.

    What was `entered` takes the place of the defaults, so that nobody enters it twice; `problems`
    of it, by field, are shown beside their fields.
    """
    found = [_field(name, param) for name, param in params.items()]
    if problems:
        found = [replace(field, problem=problems.get(field.name, "")) for field in found]
    if entered is None:
        return found
    return [replace(field, value=_again(field, entered.get(field.name, ()))) for field in found]


def _again(field: Field, given: Sequence[str]) -> Any:  # noqa: ANN401 - as the template takes it
    if field.kind == "choices":
        return list(given)
    return bool(given) if field.kind == "flag" else "".join(given[:1])


def _field(name: str, param: Mapping[str, Any]) -> Field:
    schema: Mapping[str, Any] = param.get("schema") or {}
    kind, options = _kind(schema)
    types = _types(schema)
    return Field(
        name=name,
        label=str(schema.get("title") or humane(name)),
        kind=kind,
        description=str(param.get("description") or schema.get("description") or ""),
        value=_shown(kind, param.get("value")),
        options=options,
        input_type=_DATES.get(str(schema.get("format")), "text"),
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        step="1" if "integer" in types else "any",
        required="null" not in types and kind in {"number", "text", "choice"},
    )


def _types(schema: Mapping[str, Any]) -> set[str]:
    found: Any = schema.get("type") or []
    return {found} if isinstance(found, str) else set(cast("list[str]", found))


def _kind(schema: Mapping[str, Any]) -> tuple[str, list[str]]:
    types = _types(schema)
    items: Mapping[str, Any] = schema.get("items") or {}
    choices: Any = schema.get("enum") or items.get("enum") or []
    options = [str(choice) for choice in choices]
    if "boolean" in types:
        return "flag", []
    if "array" in types:
        texts = items.get("type", "string") == "string"
        return ("choices" if options else "lines" if texts else "json"), options
    if options:
        return "choice", options
    if types & {"integer", "number"}:
        return "number", []
    return ("text" if "string" in types else "json"), []


def _shown(kind: str, value: Any) -> Any:  # noqa: ANN401 - a param's default
    if kind == "lines":
        return "\n".join(map(str, value or []))
    if kind == "json":
        return json.dumps(value, indent=2)
    return value


def configuration(
    params: Mapping[str, Any], entered: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Return what was entered as the run's `conf`; raise FormError for what cannot be read."""
    conf: dict[str, Any] = {}
    for field in fields(params):
        given = [text.replace("\r\n", "\n") for text in entered.get(field.name, ())]
        conf[field.name] = _value(field, given)
    return conf


def checked(
    params: Mapping[str, Any], entered: Mapping[str, Sequence[str]]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what was entered, and by field what is wrong with it: each field is looked at."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for field in fields(params):
        try:
            values[field.name] = _within(field, _value(field, list(entered.get(field.name, ()))))
        except FormError as error:
            problems[field.name] = str(error)
    return values, problems


def _within(field: Field, value: Any) -> Any:  # noqa: ANN401 - as the schema says
    if field.kind == "choice" and value not in field.options:
        message = f"{field.label}: choose one of the list."
        raise FormError(message)
    if field.kind == "number" and value is not None:
        bounds = (field.minimum, field.maximum)
        if field.minimum is not None and value < field.minimum:
            raise FormError(_range_of(field.label, *bounds))
        if field.maximum is not None and value > field.maximum:
            raise FormError(_range_of(field.label, *bounds))
    return value


def _range_of(label: str, lowest: float | None, highest: float | None) -> str:
    if lowest is None or highest is None:
        return f"{label}: at {f'most {highest}' if lowest is None else f'least {lowest}'}."
    return f"{label}: from {lowest} to {highest}."


def _value(field: Field, given: Sequence[str]) -> Any:  # noqa: ANN401 - as the schema says
    text = given[0].strip() if given else ""
    if field.kind == "flag":
        return bool(text)
    if field.kind == "choices":
        return list(given)
    if field.kind == "lines":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if not text and not field.required:
        return None
    if field.kind == "number":
        return _number(field, text)
    return _json(field, text) if field.kind == "json" else text


def _number(field: Field, text: str) -> float:
    try:
        return int(text) if field.step == "1" else float(text)
    except ValueError:
        what = "a whole number" if field.step == "1" else "a number"
        message = f"{field.label}: {text!r} is not {what}."
        raise FormError(message) from None


def _json(field: Field, text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except ValueError as error:
        message = f"{field.label}: this is not JSON ({error})."
        raise FormError(message) from None
