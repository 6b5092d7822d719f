"""How a Trackier sync behaves: settings from the connection, parameters from whoever starts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from vendor_sync.connections import Connection
from vendor_sync.errors import ConfigurationError
from vendor_sync.params import flag, refuse_unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackierSettings:
    """Extras of the connection `trackier_default`; the defaults are safe for an unknown account.

    `requests_per_second` 0 means no limit. The vendor documents 5 a second for publisher keys and
    nothing for admin keys, so 5 it is until an account is known to have more.
    """

    requests_per_second: float = 5
    workers: int = 4
    group_size: int = 25
    concurrency: int = 4
    batch_size: int = 100
    max_deactivation_share: float = 0.5
    max_deactivation_rows: int = 10
    backoff_seconds: float = 0.5
    read_timeout_seconds: float = 30

    @classmethod
    def from_connection(cls, connection: Connection) -> TrackierSettings:
        """Read the settings; raise ConfigurationError naming the one that is wrong."""
        default = cls()
        share = connection.share("max_deactivation_share", default.max_deactivation_share)
        seconds = {
            name: connection.number(name, getattr(default, name))
            for name in ("requests_per_second", "backoff_seconds", "read_timeout_seconds")
        }
        sizes = {
            name: connection.integer(name, getattr(default, name))
            for name in ("workers", "group_size", "concurrency", "batch_size")
        }
        rows = connection.integer(
            "max_deactivation_rows", default.max_deactivation_rows, at_least=0
        )
        return cls(max_deactivation_share=share, max_deactivation_rows=rows, **seconds, **sizes)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackierParams:
    """What a run is asked to do; the form in the UI and `--param` on the command line."""

    brand_ids: tuple[str, ...] = ()
    include_publishers: bool = False
    full_refresh: bool = False
    dry_run: bool = False

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> TrackierParams:
        """Read parameters; raise ConfigurationError for an unknown name or a wrong value."""
        refuse_unknown(values, cls.__dataclass_fields__)
        return cls(
            brand_ids=_names("brand_ids", values.get("brand_ids")),
            include_publishers=flag("include_publishers", values.get("include_publishers")),
            full_refresh=flag("full_refresh", values.get("full_refresh")),
            dry_run=flag("dry_run", values.get("dry_run")),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as the run's row keeps them."""
        return asdict(self)


def _names(name: str, value: object) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    parts: object = value.split(",") if isinstance(value, str) else value
    names = cast("list[object]", parts) if isinstance(parts, list | tuple) else [None]
    if not all(isinstance(part, str | int) for part in names):
        message = f"Parameter '{name}' must be a list of Trackier advertiser ids, it is {value!r}."
        raise ConfigurationError(message)
    return tuple(dict.fromkeys(str(part).strip() for part in names if str(part).strip()))
