# Airflow and what the flows need, in exactly the versions that were tested (`make lock` writes them).
# The slim image has no provider of its own, so nothing in it disagrees with our lock. DAGs, plugins
# and SQL are mounted, settings come from the environment: the image holds neither.
FROM apache/airflow:slim-3.3.2-python3.12

COPY --chown=airflow:root requirements-image.txt /tmp/requirements.txt
RUN pip install --no-cache-dir --require-hashes --requirement /tmp/requirements.txt
