"""What a person may enter: one strict model per entity type, and a reason for each refusal.

Only what Broadstreet's API takes when it creates an entity is accepted. A field that the dashboard
knows but the API does not would be lost without a word, so it is refused, and the refusal says
where it can be set instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    model_validator,
)

from vendor_sync.broadstreet import dates, names, weights
from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.errors import SyncError

_NAME_ROOM = len(" (9999)")
_LARGEST = (1 << 63) - 1  # what MongoDB holds as a whole number
_LONGEST_TEXT = 10_000
_LONGEST_BASE64 = 7_000_000  # five megabytes of picture
_DASHBOARD = "the API does not take it; set it in Broadstreet's dashboard after the export"
_READ_ONLY = "Broadstreet works it out itself; leave it out"
_HOMELESS: Mapping[EntityType, Mapping[str, str]] = {
    EntityType.NETWORKS: {"group_id": _DASHBOARD, "valet_active": _DASHBOARD, "path": _READ_ONLY},
    EntityType.ADVERTISERS: {"logo": _DASHBOARD, "admins": _DASHBOARD},
    EntityType.ZONES: dict.fromkeys(
        (
            "self_serve", "advertisement_count", "allow_duplicate_ads", "concurrent_campaigns",
            "advertisement_label", "archived", "display_type", "rotation_interval", "width",
            "animation_type", "height", "rss_shuffle", "style",
        ),
        _DASHBOARD,
    ),
    EntityType.ADVERTISEMENTS: {
        "active": "the picture goes into active_url",
        "preview_url": _READ_ONLY,
        "active_placement": _READ_ONLY,
        "advertiser": "the advertiser goes into advertiser_id",
    },
    EntityType.CAMPAIGNS: {
        "active": "Broadstreet works it out from the dates; use paused to hold it back",
        "path": _READ_ONLY,
        "placements": "each placement is an entity of its own: create it under /placements",
    },
    EntityType.PLACEMENTS: {},
}  # fmt: skip
_AD_TYPES = {"static": "static", "image": "static", "html": "html"}
_UNSENDABLE_AD_TYPES = ("text", "video", "native")


class InvalidEntityError(SyncError):
    """A local entity is refused; `problems` is [{field, problem}], in words for its author."""

    def __init__(self, entity_type: EntityType, problems: list[dict[str, str]]) -> None:
        words = " ".join(f"{found['field']}: {found['problem']}" for found in problems)
        super().__init__(f"The {entity_type.singular} is refused. {words}")
        self.problems = problems


def _reference(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST:
        return value
    if isinstance(value, str):
        text = value.strip().lower()
        if len(text) == 24 and all(sign in "0123456789abcdef" for sign in text):  # noqa: PLR2004 - an ObjectId
            return text
    message = (
        "give the Broadstreet id (a number), or the _id of a local entity (24 hexadecimal digits)"
    )
    raise ValueError(message)


def _name(text: str) -> str:
    trimmed = names.trim(text)
    if not trimmed or not names.fold(text):
        message = "a name of nothing but white space is none"
        raise ValueError(message)
    if len(trimmed) > names.LONGEST - _NAME_ROOM:
        message = f"it may have {names.LONGEST - _NAME_ROOM} characters, it has {len(trimmed)}"
        raise ValueError(message)
    return text  # as entered: trimming is for comparing and sending


def _address(text: str) -> str:
    parts = urlsplit(text.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = "it must be a whole address, such as https://example.com/page"
        raise ValueError(message)
    return text.strip()


def _ad_type(value: object) -> object:
    kind = str(value).strip().lower()
    if kind in _AD_TYPES:
        return _AD_TYPES[kind]
    if kind in _UNSENDABLE_AD_TYPES:
        message = f"Broadstreet's API cannot create {kind} advertisements: use static or html"
        raise ValueError(message)
    message = f"there is no type {value!r}: use static (a picture; image is the same) or html"
    raise ValueError(message)


def _restrictions(value: object) -> object:
    values = [value] if isinstance(value, str) else value
    if isinstance(values, list) and len(cast("list[object]", values)) > 1:
        message = "Broadstreet takes one restriction a placement: create a placement for each"
        raise ValueError(message)
    return cast("object", values)


Reference = Annotated[int | str, BeforeValidator(_reference)]
Name = Annotated[str, AfterValidator(_name)]
Text = Annotated[str, Field(max_length=_LONGEST_TEXT)]
Address = Annotated[str, AfterValidator(_address)]
Day = Annotated[str, AfterValidator(dates.normalise)]


class _Entity(BaseModel):
    model_config = ConfigDict(extra="forbid", str_max_length=_LONGEST_BASE64)


class Network(_Entity):
    """A publisher's network. Exporting one is off unless the account's owner switched it on."""

    name: Name
    web_home_url: Text | None = None
    logo: Address | None = None


class Advertiser(_Entity):
    """Somebody whose advertisements are shown in a network."""

    network_id: Reference
    name: Name
    web_home_url: Text | None = None
    notes: Text | None = None


class Zone(_Entity):
    """A place on a page. Without an alias the export gives it one, to find it again by."""

    network_id: Reference
    name: Name
    alias: Annotated[str, Field(max_length=255)] | None = None


class Advertisement(_Entity):
    """A picture (`static`, with active_url or active_base64) or a third party's code (`html`)."""

    advertiser_id: Reference
    type: Annotated[Literal["static", "html"], BeforeValidator(_ad_type)]
    name: Name
    destination: Address
    active_url: Address | None = None
    active_base64: str | None = None
    html: Annotated[str, Field(max_length=_LONGEST_BASE64)] | None = None

    @model_validator(mode="after")
    def _one_content(self) -> Advertisement:
        if self.active_url and self.active_base64:
            message = "give active_url or active_base64, not both"
            raise ValueError(message)
        if self.type == "static" and self.html:
            message = "html goes with an advertisement of type html"
            raise ValueError(message)
        return self


class Campaign(_Entity):
    """Days, weight and limits under which an advertiser's advertisements are shown."""

    advertiser_id: Reference
    name: Name
    start_date: Day
    end_date: Day | None = None
    weight: Annotated[str, BeforeValidator(weights.label)] = "default"
    max_impression_count: Annotated[StrictInt, Field(ge=1, le=_LARGEST)] | None = None
    impression_max_type: Literal["cap", "goal"] | None = None
    display_type: (
        Literal[
            "no_repeat",
            "allow_repeat_campaign",
            "allow_repeat_advertisement",
            "force_repeat_campaign",
        ]
        | None
    ) = None
    pacing_type: Literal["asap", "even"] | None = None
    paused: StrictBool | None = None
    archived: StrictBool | None = None
    notes: Text | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Campaign:
        if self.end_date and dates.is_before(self.end_date, self.start_date):
            message = f"it ends on {self.end_date}, before it starts on {self.start_date}"
            raise ValueError(message)
        return self


class Placement(_Entity):
    """Shows one advertisement of a campaign in a zone, perhaps on some devices only."""

    campaign_id: Reference
    advertisement_id: Reference
    zone_id: Reference
    restrictions: Annotated[
        list[Literal["phone", "non_phone", "tablet", "desktop", "mobile"]],
        BeforeValidator(_restrictions),
    ] = Field(default_factory=list)


MODELS: Mapping[EntityType, type[BaseModel]] = {
    EntityType.NETWORKS: Network,
    EntityType.ADVERTISERS: Advertiser,
    EntityType.ZONES: Zone,
    EntityType.ADVERTISEMENTS: Advertisement,
    EntityType.CAMPAIGNS: Campaign,
    EntityType.PLACEMENTS: Placement,
}


@dataclass(frozen=True, slots=True)
class Checked:
    """Fields as they are stored, with what the model adds (the weight, no restrictions)."""

    entity_type: EntityType
    fields: Mapping[str, Any]


def check(entity_type: EntityType, entered: Mapping[str, Any]) -> Checked:
    """Return the fields to store, or raise InvalidEntityError with every problem at once."""
    try:
        model = MODELS[entity_type].model_validate(dict(entered))
    except ValidationError as error:
        problems = [_problem(entity_type, dict(found)) for found in error.errors(include_url=False)]
        raise InvalidEntityError(entity_type, problems) from None
    return Checked(entity_type, model.model_dump(exclude_none=True))


def _problem(entity_type: EntityType, found: dict[str, Any]) -> dict[str, str]:
    path = [str(part) for part in found["loc"]]
    field = path[0] if path else "(all)"
    if found["type"] == "extra_forbidden":
        known = ", ".join(MODELS[entity_type].model_fields)
        unknown = f"there is no such field; known are: {known}"
        return {"field": field, "problem": _HOMELESS[entity_type].get(field, unknown)}
    if found["type"] == "missing":
        return {"field": field, "problem": "it is required"}
    words = str(found["msg"]).removeprefix("Value error, ")
    return {"field": field, "problem": words[:1].lower() + words[1:]}
