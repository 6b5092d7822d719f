"""Everything that a stack writes down, by place; and a value planted in each of them."""

from __future__ import annotations

import gzip
import json
import smtplib
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pymongo
from psycopg import sql

from tests.airflow_user import Airflow
from tests.alerting import mails_with

_TABLES = """
SELECT schemaname, tablename FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""
_PAGE = "planted.json.gz"
_MAIL = "Subject: planted\r\nFrom: a@example.com\r\nTo: oncall@example.com\r\n\r\n{}"


class Places:
    """What is looked at by people, tools and backups after a run has failed."""

    def __init__(self, airflow: Airflow, since: datetime) -> None:
        """Look at archived pages from an instant on, and at everything else as it is."""
        self._airflow = airflow
        self._known = airflow.variables
        self._since = since
        self._home = Path(self._known["AIRFLOW_HOME"]).parent
        self._log = self._home / "airflow" / "logs" / "planted.log"

    def texts(self, runs: dict[str, str]) -> Iterator[tuple[str, str]]:
        """Yield (place, text); `runs` are those whose XComs are asked through the API, by DAG."""
        yield from self._logs()
        yield from self._tables("metadata", self._metadata_dsn())
        yield from self._tables("warehouse", self._known["WAREHOUSE_DSN"])
        for dag, run in runs.items():
            yield from (("xcom by API", text) for text in self._xcoms(dag, run))
        yield from (("archive", text) for text in self._pages())
        yield from (("webhook", post) for post in self._airflow.posts())
        yield from (("mails", text) for text in mails_with(self._maildir(), ""))
        yield from (("mongo", text) for text in self._documents())
        metrics = f"http://{self._known['EDGE_GRPC_METRICS_LISTEN']}/metrics"
        with urllib.request.urlopen(metrics, timeout=10) as answer:
            yield "metrics", answer.read().decode()

    def plant(self, value: str, dag: str, run: str, task: str) -> set[str]:
        """Write a value where a run of ours could have; return the places of `texts` it is in."""
        self._log.write_text(f'{{"event": "{value}"}}\n')
        path = f"/dags/{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries"
        self._airflow.call("POST", path, {"key": "planted", "value": value})
        with psycopg.connect(self._metadata_dsn()) as conn:
            changed = conn.execute(
                "UPDATE rendered_task_instance_fields SET rendered_fields = %s"
                " WHERE dag_id = %s AND run_id = %s AND task_id = %s",
                [json.dumps({"planted": value}), dag, run, task],
            )
            assert changed.rowcount == 1
        self._airflow.db.execute(
            "UPDATE ops.sync_runs SET error = %s WHERE run_id = %s", [value, run]
        )
        self._airflow.archive().put_object(
            Bucket=self._known["AUDIT_BUCKET"],
            Key=_PAGE,
            Body=gzip.compress(value.encode()),
        )
        self._tell(value)
        with pymongo.MongoClient(self._known["MONGO_URI"]) as client:
            client["broadstreet"]["planted"].insert_one({"error": value})
        tables = {"metadata: public.xcom", "metadata: public.rendered_task_instance_fields",
                  "metadata: public.log", "warehouse: ops.sync_runs"}  # fmt: skip
        return tables | {"logs", "xcom by API", "archive", "webhook", "mails", "mongo"}

    def clear(self) -> None:
        """Take out again what others would stumble over."""
        self._log.unlink(missing_ok=True)
        self._airflow.archive().delete_object(Bucket=self._known["AUDIT_BUCKET"], Key=_PAGE)
        with pymongo.MongoClient(self._known["MONGO_URI"]) as client:
            client["broadstreet"].drop_collection("planted")

    def _tell(self, value: str) -> None:
        hook = json.loads(self._known["AIRFLOW_CONN_ALERTS_WEBHOOK"])
        request = urllib.request.Request(  # noqa: S310 - the sandbox
            hook["host"],
            json.dumps({"text": value}).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {hook['password']}"},
        )
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - the sandbox
        server = urlsplit(self._known["SMTP_URL"])
        with smtplib.SMTP(server.hostname or "", server.port or 25, timeout=10) as smtp:
            smtp.sendmail("a@example.com", ["oncall@example.com"], _MAIL.format(value))

    def _logs(self) -> Iterator[tuple[str, str]]:
        for file in self._home.rglob("*.log"):
            # The vendors' own log is none of ours.
            if file.name != "vendors.log":
                yield "logs", file.read_text(errors="replace")

    def _tables(self, name: str, dsn: str) -> Iterator[tuple[str, str]]:
        with psycopg.connect(dsn) as conn:
            for schema, table in conn.execute(_TABLES).fetchall():
                query = sql.SQL("SELECT to_jsonb(t)::text FROM {} AS t").format(
                    sql.Identifier(schema, table)
                )
                for (text,) in conn.execute(query):
                    yield f"{name}: {schema}.{table}", text

    def _xcoms(self, dag: str, run: str) -> Iterator[str]:
        path = f"/dags/{dag}/dagRuns/{run}/taskInstances/~/xcomEntries"
        for found in self._airflow.call("GET", path, limit="1000")["xcom_entries"]:
            one = path.replace("~", found["task_id"])
            index = str(found["map_index"])
            yield str(self._airflow.call("GET", f"{one}/{found['key']}", map_index=index))

    def _pages(self) -> Iterator[str]:
        store, bucket = self._airflow.archive(), self._known["AUDIT_BUCKET"]
        for page in store.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for found in page.get("Contents", []):
                if found["LastModified"] >= self._since:
                    body = store.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
                    yield found["Key"] + gzip.decompress(body).decode(errors="replace")

    def _documents(self) -> Iterator[str]:
        with pymongo.MongoClient(self._known["MONGO_URI"]) as client:
            db: Any = client["broadstreet"]
            for name in db.list_collection_names():
                yield from (f"{name}: {found}" for found in db[name].find())

    def _metadata_dsn(self) -> str:
        return self._known["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")

    def _maildir(self) -> Path:
        return Path(self._known["SMTP_MAILDIR"])
