"""The outbox, published to a topic of a server that speaks SNS and SQS."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
import requests

from sandbox.home import SERVERS
from vendor_sync.connections import Connection
from vendor_sync.errors import ConfigurationError, StorageError
from vendor_sync.events import publish_events
from vendor_sync.trackier.flow import FLOW

pytestmark = pytest.mark.integration
AWS: dict[str, Any] = {
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
    "region_name": "eu-west-1",
}


@dataclass
class Topic:
    """A topic with a queue behind it."""

    connection: Connection
    sqs: Any
    queue_url: str

    def received(self) -> list[Any]:
        """Take what the queue holds."""
        answer = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        messages = answer.get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"SERVICES": "sns,sqs", "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
    server = subprocess.Popen(
        [SERVERS / "bin/ministack"],
        env={"PATH": os.environ["PATH"], "LOG_LEVEL": "ERROR", **settings},
        cwd=tmp_path_factory.mktemp("topic"),
    )
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}/_ministack/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_until_healthy(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            requests.get(url, timeout=2).raise_for_status()
        except requests.RequestException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def topic(endpoint):
    sns: Any = boto3.client("sns", endpoint_url=endpoint, **AWS)
    sqs: Any = boto3.client("sqs", endpoint_url=endpoint, **AWS)
    arn = sns.create_topic(Name="offers")["TopicArn"]
    queue_url = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue["Attributes"]["QueueArn"])
    extra = {"topic_arn": arn, "endpoint_url": endpoint, "region": "eu-west-1"}
    connection = Connection(conn_id="events_sns", login="test", password="test", extra=extra)
    topic = Topic(connection, sqs, queue_url)
    topic.received()
    return topic


def _published(trackier):
    return trackier.rows("SELECT published_at IS NOT NULL FROM ops.sync_events ORDER BY created_at")


def test_event_reaches_the_topic_once_under_its_stable_id(trackier, topic):
    trackier.connections["events_sns"] = topic.connection
    trackier.sync("r1")

    [event] = publish_events(trackier.connections.get, FLOW, "r1")
    again = publish_events(trackier.connections.get, FLOW, "r1")

    [message] = topic.received()
    body = json.loads(message["Message"])
    assert body == event.to_json()
    assert body["run_id"] == "r1"
    assert body["offers"]["inserted"] == 200
    assert body["duration_seconds"] > 0
    assert message["MessageAttributes"]["event_id"]["Value"] == event.event_id
    assert [found.event_id for found in again] == [event.event_id]
    assert _published(trackier) == [(True,)]


def test_topic_that_is_away_keeps_the_event_for_the_next_run(trackier, topic):
    away = {**topic.connection.extra, "endpoint_url": "http://127.0.0.1:1"}
    gone = Connection(conn_id="events_sns", login="test", password="test", extra=away)
    trackier.connections["events_sns"] = gone
    trackier.sync("r1")
    with pytest.raises(StorageError, match="events_sns"):
        publish_events(trackier.connections.get, FLOW, "r1")
    before = _published(trackier)
    trackier.connections["events_sns"] = topic.connection
    trackier.sync("r2")

    own = publish_events(trackier.connections.get, FLOW, "r2")

    assert before == [(False,)]
    assert _published(trackier) == [(True,), (True,)]
    assert [event.run_id for event in own] == ["r2"]
    bodies = [json.loads(message["Message"]) for message in topic.received()]
    assert sorted(body["run_id"] for body in bodies) == ["r1", "r2"]


def test_topic_without_an_arn_is_a_configuration_error(trackier):
    trackier.connections["events_sns"] = Connection(conn_id="events_sns")
    trackier.sync("r1")

    with pytest.raises(ConfigurationError, match="topic_arn"):
        publish_events(trackier.connections.get, FLOW, "r1")


def test_without_a_topic_the_event_is_only_marked(trackier):
    trackier.sync("r1")

    [event] = publish_events(trackier.connections.get, FLOW, "r1")

    assert event.name == "sync.offers.completed"
    assert _published(trackier) == [(True,)]
