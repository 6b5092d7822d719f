"""How an export behaves: more extras of `broadstreet_default`, and what a run is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bson import ObjectId

from vendor_sync.broadstreet.entity_types import EntityType
from vendor_sync.connections import Connection
from vendor_sync.errors import ConfigurationError
from vendor_sync.params import flag, refuse_unknown, texts


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSettings:
    """Extras of the connection `broadstreet_default` that concern exports only.

    `settle_seconds` is how long after an unanswered create a list without the entity is not yet
    believed: Broadstreet may still be at work on it. Creating networks is a commercial act and off.
    """

    settle_seconds: float = 30
    max_failed_share: float = 0.5
    create_attempts: int = 3
    export_networks: bool = False
    export_tag_notes: bool = False

    @classmethod
    def from_connection(cls, connection: Connection) -> ExportSettings:
        """Read the settings; raise ConfigurationError naming the one that is wrong."""
        default = cls()
        return cls(
            settle_seconds=connection.number("settle_seconds", default.settle_seconds),
            max_failed_share=connection.share("max_failed_share", default.max_failed_share),
            create_attempts=connection.integer("create_attempts", default.create_attempts),
            export_networks=connection.flag("export_networks"),
            export_tag_notes=connection.flag("export_tag_notes"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportParams:
    """What to export: everything that waits, or chosen types or local ids of it.

    What Broadstreet has refused is tried again when it was edited, chosen by its id, or with
    `retry_refused`.
    """

    entity_types: tuple[EntityType, ...] = ()
    local_ids: tuple[str, ...] = ()
    retry_refused: bool = False
    dry_run: bool = False

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> ExportParams:
        """Read parameters; raise ConfigurationError for an unknown name or a wrong value."""
        refuse_unknown(values, cls.__dataclass_fields__)
        return cls(
            entity_types=tuple(map(_entity_type, _listed("entity_types", values))),
            local_ids=tuple(map(_local_id, _listed("local_ids", values))),
            retry_refused=flag("retry_refused", values.get("retry_refused")),
            dry_run=flag("dry_run", values.get("dry_run")),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as the run's row keeps them."""
        return asdict(self)

    def wants(self, entity_type: EntityType, local_id: str) -> bool:
        """Tell whether an entity is part of this export."""
        if self.local_ids:
            return local_id in self.local_ids
        return not self.entity_types or entity_type in self.entity_types


def _listed(name: str, values: Mapping[str, Any]) -> list[str]:
    return texts(name, values.get(name) or None)


def _entity_type(text: str) -> EntityType:
    try:
        return EntityType(text)
    except ValueError:
        message = f"Parameter 'entity_types': {text!r} is none of {', '.join(EntityType)}."
        raise ConfigurationError(message) from None


def _local_id(text: str) -> str:
    if not ObjectId.is_valid(text):
        message = f"Parameter 'local_ids': {text!r} is no _id of a local entity."
        raise ConfigurationError(message)
    return text.lower()
