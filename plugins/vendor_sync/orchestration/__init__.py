"""The only package that imports Airflow: connections, defaults, retries, SLAs, alerts."""
