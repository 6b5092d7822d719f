"""The peer: the same products as JSON, from the same database, as one would write it today.

FastAPI and orjson on uvicorn (uvloop, httptools), asyncpg with a pool, pages of 500 by key. Rows
become dictionaries and bytes without a response model, which would cost as much again. It is run
in an environment of its own (`edge-requirements.txt`) and prints its port.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import fastapi
import orjson
import uvicorn
from fastapi.middleware.gzip import GZipMiddleware

PAGE = 500
FIRST = UUID(int=0)
_QUERY = """
SELECT p.product_id, p.sku, p.name, p.description, p.brand_id, p.category_id, p.barcode,
    p.base_price, p.tax_percent, s.price AS store_price, coalesce(s.is_available, true) AS available
FROM edge.products AS p
LEFT JOIN edge.store_products AS s ON p.product_id = s.product_id AND s.store_id = $1
WHERE p.is_active AND p.product_id > $2
    AND p.brand_id = ANY(ARRAY(SELECT brand_id FROM edge.store_brands WHERE store_id = $1))
ORDER BY p.product_id
LIMIT $3
"""


@asynccontextmanager
async def pool(app: fastapi.FastAPI) -> AsyncIterator[None]:
    settings = {"jit": "off", "application_name": "edge-peer"}
    async with asyncpg.create_pool(os.environ["EDGE_GRPC_DSN"], server_settings=settings) as opened:
        app.state.pool = opened
        yield


app = fastapi.FastAPI(lifespan=pool)
app.add_middleware(GZipMiddleware, compresslevel=6)  # only for those who accept it


@app.get("/products")
async def products(store: UUID, after: UUID = FIRST) -> fastapi.Response:
    """Return a page, and the key after which the next one begins."""
    found = await app.state.pool.fetch(_QUERY, store, after, PAGE)
    page: dict[str, Any] = {"products": [dict(row) for row in found]}
    page["next"] = found[-1]["product_id"] if len(found) == PAGE else None
    return fastapi.Response(orjson.dumps(page, default=str), media_type="application/json")


def main() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        versions = {module.__name__: module.__version__ for module in (fastapi, orjson, uvicorn)}
        port = listening.getsockname()[1]
        sys.stdout.write(json.dumps({"port": port, "versions": versions}) + "\n")
        sys.stdout.flush()
        config = uvicorn.Config(app, log_level="warning", access_log=False)
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
