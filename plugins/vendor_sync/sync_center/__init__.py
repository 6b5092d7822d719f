"""Sync Center: what its pages say and look like. Imports no Airflow.

A tab is four small things, and `flows` is the one to copy:

1. `<tab>.py` here: what the pages show, as plain values, and what they ask of the database;
2. queries in `sql/queries/sync_center/`;
3. templates in `templates/<tab>/` that extend `page.html`;
4. `orchestration/sync_center_<tab>.py`: the routes, each with Airflow's own authorisation, and a
   line in `TABS` of `orchestration/sync_center_app.py`.
"""
