"""Publishes what a run wrote into the outbox: at least once, under an id that stays the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from psycopg.rows import dict_row

from vendor_sync.connections import Connection, ConnectionSource, require_connection
from vendor_sync.errors import ConfigurationError, StorageError
from vendor_sync.postgres import Warehouse, connect, load_query, storage_errors

_ARN_COLONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One row of the outbox; `published_at` is None until a topic has it."""

    event_id: str
    name: str
    run_id: str
    payload: Mapping[str, Any]
    created_at: datetime
    duration_seconds: float
    published_at: datetime | None

    def to_json(self) -> dict[str, Any]:
        """Return the message as subscribers get it."""
        return {
            "event_id": self.event_id,
            "name": self.name,
            "run_id": self.run_id,
            "created_at": self.created_at.isoformat(),
            "duration_seconds": round(self.duration_seconds, 3),
            **self.payload,
        }


def publish_events(source: ConnectionSource, flow: str, run_id: str) -> list[Event]:
    """Send the flow's unpublished events to the topic, if there is one; return the run's own.

    Unpublished may also be events of runs outside Airflow, and of runs whose publishing failed.
    The rows stay locked until they are marked. A process that dies in between leaves them
    unpublished, and the next one sends the same ids again.
    """
    topic = source("events_sns")
    warehouse = require_connection(source, "warehouse_postgres")
    with (
        storage_errors(),
        connect(warehouse, application_name=f"{flow}_events") as conn,
        conn.transaction(),
    ):
        events = _events(conn, flow, run_id)
        for event in events:
            if event.published_at is not None:
                continue
            if topic is not None:
                _send(topic, flow, event)
            conn.execute(
                load_query("ops/mark_event_published.sql"),
                {"event_id": event.event_id, "now": datetime.now(UTC)},
            )
    return [event for event in events if event.run_id == run_id]


def _events(conn: Warehouse, flow: str, run_id: str) -> list[Event]:
    rows = conn.cursor(row_factory=dict_row).execute(
        load_query("ops/list_events.sql"), {"flow": flow, "run_id": run_id}
    )
    return [Event(**row) for row in rows]


def _send(topic: Connection, flow: str, event: Event) -> None:
    arn = topic.extra.get("topic_arn")
    if not isinstance(arn, str) or arn.count(":") != _ARN_COLONS:
        message = f"Connection '{topic.conn_id}': extra 'topic_arn' must name the SNS topic."
        raise ConfigurationError(message)
    # A FIFO topic drops a repeated id by itself; subscribers of others compare the attribute.
    ordered = {"MessageGroupId": flow, "MessageDeduplicationId": event.event_id}
    try:
        _sns_client(topic, arn).publish(
            TopicArn=arn,
            Message=json.dumps(event.to_json()),
            MessageAttributes={
                "event_id": {"DataType": "String", "StringValue": event.event_id},
                "name": {"DataType": "String", "StringValue": event.name},
            },
            **(ordered if arn.endswith(".fifo") else {}),
        )
    except (BotoCoreError, ClientError) as error:
        message = f"Connection '{topic.conn_id}' ({arn}) did not take event {event.name}: {error}"
        raise StorageError(message) from None


def _sns_client(topic: Connection, arn: str) -> Any:  # noqa: ANN401 - made at run time
    return boto3.client(  # pyright: ignore[reportUnknownMemberType]
        "sns",
        aws_access_key_id=topic.login,
        aws_secret_access_key=topic.password,
        region_name=topic.extra.get("region", arn.split(":")[3]),
        endpoint_url=topic.extra.get("endpoint_url"),
        config=Config(
            retries={"mode": "standard", "max_attempts": 3}, connect_timeout=5, read_timeout=10
        ),
    )
