"""What an import is asked to do: the form in the UI, options on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from vendor_sync.broadstreet.entity_types import LEVELS, EntityType
from vendor_sync.errors import ConfigurationError
from vendor_sync.params import flag, refuse_unknown, texts


class Mode(StrEnum):
    """How an import changes the collections."""

    INCREMENTAL = "incremental"
    FRESH = "fresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportParams:
    """Which entity types and parents; nothing chosen means all of them."""

    entity_types: tuple[EntityType, ...] = tuple(EntityType)
    network_ids: tuple[int, ...] = ()
    advertiser_ids: tuple[int, ...] = ()
    campaign_ids: tuple[int, ...] = ()
    mode: Mode = Mode.INCREMENTAL
    dry_run: bool = False

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> ImportParams:
        """Read parameters; raise ConfigurationError for an unknown name or a wrong value."""
        refuse_unknown(values, cls.__dataclass_fields__)
        params = cls(
            entity_types=_entity_types(values.get("entity_types")),
            network_ids=_ids("network_ids", values.get("network_ids")),
            advertiser_ids=_ids("advertiser_ids", values.get("advertiser_ids")),
            campaign_ids=_ids("campaign_ids", values.get("campaign_ids")),
            mode=_mode(values.get("mode")),
            dry_run=flag("dry_run", values.get("dry_run") or None),
        )
        if params.mode is Mode.FRESH and params.filtered:
            message = (
                "Parameter 'mode': a fresh import replaces whole collections, so it takes no "
                "network_ids, advertiser_ids or campaign_ids. Leave them out, or use incremental."
            )
            raise ConfigurationError(message)
        return params

    @property
    def filtered(self) -> bool:
        """Say whether only some parents are asked for."""
        return bool(self.network_ids or self.advertiser_ids or self.campaign_ids)

    @property
    def levels(self) -> list[list[EntityType]]:
        """Return the chosen types level by level, parents first."""
        chosen = [[part for part in level if part in self.entity_types] for level in LEVELS]
        return [level for level in chosen if level]

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as the run's row keeps them."""
        return {
            "entity_types": [str(entity_type) for entity_type in self.entity_types],
            "network_ids": list(self.network_ids),
            "advertiser_ids": list(self.advertiser_ids),
            "campaign_ids": list(self.campaign_ids),
            "mode": str(self.mode),
            "dry_run": self.dry_run,
        }


def _entity_types(value: object) -> tuple[EntityType, ...]:
    names = texts("entity_types", value)
    if unknown := [name for name in names if name not in set(EntityType)]:
        message = (
            f"Parameter 'entity_types': there is no {unknown[0]!r}; there are: "
            f"{', '.join(EntityType)}."
        )
        raise ConfigurationError(message)
    return tuple(part for part in EntityType if part in names) or tuple(EntityType)


def _ids(name: str, value: object) -> tuple[int, ...]:
    parts = texts(name, value)
    if wrong := [part for part in parts if not (part.isascii() and part.isdigit())]:
        message = f"Parameter '{name}' takes Broadstreet ids (whole numbers), not {wrong[0]!r}."
        raise ConfigurationError(message)
    return tuple(int(part) for part in parts)


def _mode(value: object) -> Mode:
    text = str(value or Mode.INCREMENTAL)
    if text not in set(Mode):
        message = f"Parameter 'mode' is one of {', '.join(Mode)}, not {text!r}."
        raise ConfigurationError(message)
    return Mode(text)
