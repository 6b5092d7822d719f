"""Hands the flows' figures to Airflow, which sends them by StatsD or OpenTelemetry."""

from __future__ import annotations

from airflow.sdk.observability import stats


class AirflowFigures:
    """Figures of a task; Airflow's own go the same way."""

    def count(self, name: str, number: int) -> None:
        """Add to a counter."""
        stats.incr(name, number)

    def measure(self, name: str, value: float) -> None:
        """Set a gauge."""
        stats.gauge(name, value)

    def time(self, name: str, seconds: float) -> None:
        """Note how long something took; StatsD counts in milliseconds."""
        stats.timing(name, seconds * 1000)
