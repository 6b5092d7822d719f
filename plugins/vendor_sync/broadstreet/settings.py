"""How the Broadstreet flows behave: extras of the connection `broadstreet_default`."""

from __future__ import annotations

from dataclasses import dataclass

from vendor_sync.connections import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadstreetSettings:
    """Settings of the account; the defaults are safe for an unknown one.

    The vendor documents a limit for reports only (2 in 5 s); 5 a second is what an import may
    take of a service that others use too. `requests_per_second` 0 means no limit.
    """

    requests_per_second: float = 5
    workers: int = 4
    concurrency: int = 5
    batch_size: int = 500
    max_removal_share: float = 0.5
    max_removal_rows: int = 10
    backoff_seconds: float = 0.5
    read_timeout_seconds: float = 30

    @classmethod
    def from_connection(cls, connection: Connection) -> BroadstreetSettings:
        """Read the settings; raise ConfigurationError naming the one that is wrong."""
        default = cls()
        share = connection.share("max_removal_share", default.max_removal_share)
        seconds = {
            name: connection.number(name, getattr(default, name))
            for name in ("requests_per_second", "backoff_seconds", "read_timeout_seconds")
        }
        sizes = {
            name: connection.integer(name, getattr(default, name))
            for name in ("workers", "concurrency", "batch_size")
        }
        rows = connection.integer("max_removal_rows", default.max_removal_rows, at_least=0)
        return cls(max_removal_share=share, max_removal_rows=rows, **seconds, **sizes)
