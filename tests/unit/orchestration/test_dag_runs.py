from __future__ import annotations

from types import SimpleNamespace

import pytest
from airflow.sdk.api.datamodels._generated import DagRunType
from airflow.utils.types import DagRunType as StoredType

from vendor_sync.orchestration.dag_runs import trigger_of

pytestmark = pytest.mark.airflow


@pytest.mark.parametrize("run_type", [*DagRunType, *StoredType])
def test_a_run_is_named_as_airflow_names_it_in_its_api(run_type):
    assert trigger_of(SimpleNamespace(run_type=run_type)) == run_type.value


def test_plain_text_stays_what_it_is():
    assert trigger_of(SimpleNamespace(run_type="scheduled")) == "scheduled"
