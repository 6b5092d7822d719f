"""What the server counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)

CALLS = Counter("edge_grpc_calls", "Calls that ended.", ["method", "code"])
CALL_SECONDS = Histogram(
    "edge_grpc_call_seconds", "How long calls took.", ["method"], buckets=_SECONDS
)
STORE_FAILURES = Counter("edge_grpc_store_failures", "Calls that failed, by store.", ["store"])
OPEN_STREAMS = Gauge("edge_grpc_open_streams", "Streams that are open.", ["method"])
RECORDS_SENT = Counter("edge_grpc_records_sent", "Records and removals sent.", ["kind", "change"])
BATCH_BYTES = Counter("edge_grpc_batch_bytes", "Bytes of batches, as sent and as read.", ["form"])
SYNCS = Counter("edge_grpc_syncs", "Syncs that reached their checkpoint.", ["mode", "reason"])
USAGE_RECORDS = Counter("edge_grpc_usage_records", "Usage records by verdict.", ["verdict"])
PUSH_LAG = Histogram(
    "edge_grpc_push_lag_seconds", "From a version's commit to its push.", buckets=_SECONDS
)
