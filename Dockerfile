# Airflow and what the flows need, in exactly the versions that were tested (`make lock` writes them).
# The slim image has no provider of its own, so nothing in it disagrees with our lock. DAGs, plugins
# and SQL are mounted or in the last stage; settings come from the environment: no image holds any.
FROM apache/airflow:slim-3.3.2-python3.12 AS packages

COPY --chown=airflow:root requirements-image.txt /tmp/requirements.txt
# The lock is complete, so pip has nothing to resolve.
RUN pip install --no-cache-dir --no-deps --require-hashes --requirement /tmp/requirements.txt
# The forms of our connections: a package of this repository, built with what is installed already.
COPY --chown=airflow:root provider /tmp/provider
RUN pip install --no-cache-dir --no-deps --no-build-isolation --no-index /tmp/provider
# What would keep Airflow from starting is found here, in a home that is not kept.
RUN AIRFLOW_HOME=/tmp/airflow python -c "import msgspec, psycopg, yoyo; \
import airflow.providers.celery.executors.celery_executor; \
import airflow.providers.fab.auth_manager.fab_auth_manager, vendor_sync_provider" \
    && rm -rf /tmp/airflow

# With the code in it, for clusters: compose stops before this and mounts the code instead.
FROM packages AS flows
COPY --chown=airflow:root dags /opt/airflow/dags
COPY --chown=airflow:root plugins /opt/airflow/plugins
COPY --chown=airflow:root sql /opt/airflow/sql
COPY --chown=airflow:root docs/runbooks /opt/airflow/docs/runbooks
