"""Settings of the server, read once from `EDGE_GRPC_*`; all that is wrong is said at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
)

from edge_grpc.errors import ConfigurationError

PREFIX = "EDGE_GRPC_"
Fraction = Annotated[float, Field(ge=0, le=1)]


class Settings(BaseModel):
    """What a server process needs to know. A field `x` is the variable `EDGE_GRPC_X`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dsn: SecretStr
    keys_file: Path
    listen: str = "0.0.0.0:8051"
    workers: PositiveInt = 1

    insecure: bool = False
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    tls_client_ca_file: Path | None = None

    issuer: str = "edge-grpc"
    audience: str = "edge-sync"
    token_seconds: PositiveInt = 900
    refresh_days: PositiveInt = 30

    pool_size: PositiveInt = 8
    chunk_cache_mb: NonNegativeInt = 256
    chunk_records: int = Field(default=500, ge=1, le=600)
    max_request_bytes: PositiveInt = 1 << 20
    max_streams_per_connection: PositiveInt = 32
    calls_per_minute: PositiveInt = 600
    burst: PositiveInt = 120
    unary_seconds: PositiveFloat = 30
    credential_checks_per_minute: PositiveInt = 30
    credential_wait_seconds: PositiveFloat = 5

    watch_heartbeat_seconds: PositiveFloat = 30
    watch_poll_seconds: PositiveFloat = 5
    watch_jitter_seconds: float = Field(default=2, ge=0)
    revocation_poll_seconds: PositiveFloat = 5
    drain_seconds: PositiveFloat = 20
    connection_age_seconds: PositiveInt = 1800

    reflection: bool = True
    metrics_listen: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"


# As whom the administrators' commands connect. The server has no use for it.
ADMIN_DSN = "EDGE_GRPC_ADMIN_DSN"


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Read the settings, or raise ConfigurationError that names every wrong variable."""
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value and name != ADMIN_DSN
    }
    problems: list[str] = []
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        for detail in error.errors(include_input=False, include_url=False):
            variable = PREFIX + "_".join(str(part) for part in detail["loc"]).upper()
            problems.append(f"{variable}: {detail['msg']}")
    insecure = settings.insecure if settings else given.get("insecure", "0") in {"1", "true"}
    problems += [] if insecure else _tls_problems(given)
    if settings is None or problems:
        raise ConfigurationError("\n".join(problems))
    return settings


def _tls_problems(given: Mapping[str, str]) -> list[str]:
    problems = [
        f"{PREFIX}{name.upper()}: TLS needs it (or set {PREFIX}INSECURE=1 on a private machine)"
        for name in ("tls_cert_file", "tls_key_file")
        if name not in given
    ]
    return problems + [
        f"{PREFIX}{name.upper()}: no such file"
        for name in ("tls_cert_file", "tls_key_file", "tls_client_ca_file")
        if name in given and not Path(given[name]).is_file()
    ]
