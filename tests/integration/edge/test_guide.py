"""The integration guide's example in Python, run as it is printed there."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
GUIDE = Path(__file__).resolve().parents[3] / "docs" / "edge-integration.md"


@pytest.fixture
def example(server, shop, tmp_path):
    """Run the example; return what it printed."""
    [code] = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)

    async def run(**changes):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", code),
            env={
                **os.environ,
                "TARGET": f"127.0.0.1:{server.port}",
                "CLIENT_ID": shop.client_id,
                "CLIENT_SECRET": shop.client_secret,
                "CURSOR_FILE": str(tmp_path / "cursor"),
                **changes,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()

    return run


async def test_example_of_the_guide_syncs_and_goes_on_from_its_cursor(
    office, shop, example, tmp_path
):
    product = office.add_product(shop)
    office.add_promotion(shop)

    _, first, _ = await example()
    office.run("DELETE FROM edge.products WHERE product_id = %s", product)
    _, second, _ = await example()
    (tmp_path / "cursor").write_text("made up")
    code, _, error = await example()

    assert json.loads(first) == {"batch": 2, "removals": 0}
    assert json.loads(second) == {"batch": 0, "removals": 1}
    assert (code, error.split(":")[0]) == (1, "INVALID_ARGUMENT INVALID_CURSOR")
