"""Flows that copy vendors' records into our stores; runs with and without Airflow."""
