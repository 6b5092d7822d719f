"""What the benchmark of Sync Center's pages fills its tabs with, in realistic sizes.

Edge: a company with 1,000 stores in four brands and 10,000 promotions, a fifth of them for some
stores only. Analytics: 20 workspaces with a quarter of days on three platforms, and what is open.
Broadstreet: 50,000 entities of an account, 600 local ones, 5,000 lines of log.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from vendor_sync.broadstreet import schema
from vendor_sync.broadstreet.entity_types import REFERENCES, EntityType
from vendor_sync.broadstreet.local_store import LocalStore
from vendor_sync.mongo import Mongo

STORES, PROMOTIONS = 1_000, 10_000
ENTITIES = {
    EntityType.NETWORKS: 10,
    EntityType.ADVERTISERS: 2_000,
    EntityType.ZONES: 500,
    EntityType.ADVERTISEMENTS: 20_000,
    EntityType.CAMPAIGNS: 5_000,
    EntityType.PLACEMENTS: 22_490,
}
_EDGE = (
    """INSERT INTO edge.companies (code, name, timezone, currency)
    VALUES ('BENCH', 'Palm Coffee', 'Asia/Riyadh', 'SAR')""",
    """INSERT INTO edge.brands (company_id, code, name)
    SELECT company_id, n::text, 'Brand ' || n FROM edge.companies, generate_series(1, 4) AS n""",
    """INSERT INTO edge.stores (company_id, code, name, timezone)
    SELECT company_id, 'S' || lpad(n::text, 4, '0'), 'Store ' || n,
        CASE WHEN n %% 5 = 0 THEN 'Asia/Dubai' ELSE 'Asia/Riyadh' END
    FROM edge.companies, generate_series(1, %(stores)s) AS n""",
    """INSERT INTO edge.store_brands (store_id, brand_id)
    SELECT s.store_id, b.brand_id FROM edge.stores AS s INNER JOIN edge.brands AS b
        ON b.code = '1' OR (b.code = '2' AND right(s.code, 1) < '4')""",
    """INSERT INTO edge.promotions (company_id, code, name, promo_type, discount_percent, start_on,
        end_on)
    SELECT company_id, 'P' || n, 'Promotion ' || n, 'percent_discount', 10,
        current_date - 200 + n %% 400, current_date - 200 + n %% 400 + n %% 30
    FROM edge.companies, generate_series(1, %(promotions)s) AS n""",
    # As the edge server's compiler leaves them.
    """INSERT INTO edge.promotion_records (company_id, promotion_id, version, is_removed, is_failed,
        is_active, start_on, end_on, execution_priority, priority, all_brands, brand_ids,
        excluded_brand_ids, all_stores, store_ids, excluded_store_ids, body)
    SELECT p.company_id, p.promotion_id, n, n % 50 = 0, false, n % 10 > 0, p.start_on, p.end_on,
        1 + n % 100, n % 7, n % 4 > 0,
        CASE WHEN n % 4 = 0 THEN array(SELECT brand_id FROM edge.brands WHERE code > '1')
            ELSE '{}' END,
        '{}', n % 10 > 1,
        CASE WHEN n % 10 < 2 THEN array(SELECT store_id FROM edge.stores
            WHERE right(code, 2)::int = n / 10 % 100) ELSE '{}' END,
        CASE WHEN n % 50 = 2 THEN array(SELECT store_id FROM edge.stores WHERE code = 'S0001')
            ELSE '{}' END,
        decode(repeat('ab', 600), 'hex')
    FROM edge.promotions AS p CROSS JOIN LATERAL (SELECT substr(p.code, 2)::int AS n) AS number""",
    """INSERT INTO edge.edge_clients (company_id, store_id, secret_hash, client_version,
        reported_at, reported_version)
    SELECT company_id, store_id, 'x', '1.0.0', now() - interval '5 minutes', 1 FROM edge.stores""",
)
_ANALYTICS = (
    """INSERT INTO analytics.workspaces (name, timezone, reporting_currency)
    SELECT 'Workspace ' || n, 'Asia/Riyadh', 'SAR' FROM generate_series(1, 20) AS n""",
    """INSERT INTO analytics.workspace_daily (workspace_id, date, platform, currency, unconverted,
        impressions, clicks, spend, claimed_conversions, claimed_revenue, attributed_conversions,
        attributed_revenue)
    SELECT workspace_id, current_date - n, platform, 'SAR', 0, 9000 + n, 200 + n % 40,
        100 + n % 9, 12, 400 + n % 30, 8, 250 + n % 50
    FROM analytics.workspaces, generate_series(0, 180) AS n,
        unnest('{meta,tiktok,snapchat}'::text[]) AS platform""",
    """INSERT INTO analytics.connections (workspace_id, vendor, external_id, name, currency,
        timezone)
    SELECT workspace_id, vendor, vendor || workspace_id, 'Account', 'SAR', 'Asia/Riyadh'
    FROM analytics.workspaces, unnest('{meta,tiktok,snapchat,shopify}'::text[]) AS vendor""",
)
_BATCH = 5_000


def fill_database(conn: psycopg.Connection[Any]) -> None:
    """Fill the schemas `edge` and `analytics`."""
    sizes = {"stores": STORES, "promotions": PROMOTIONS}
    for statement in _EDGE:
        sized = "%(" in statement
        conn.execute(statement, sizes if sized else None)  # pyright: ignore[reportArgumentType]
    for statement in _ANALYTICS:
        conn.execute(statement)  # pyright: ignore[reportArgumentType]


def fill_mongo(db: Mongo) -> None:
    """Fill a database of Broadstreet's account."""
    now = datetime.now(UTC)
    for entity_type, number in ENTITIES.items():
        rows = [_entity(entity_type, key, now) for key in range(1, number + 1)]
        for first in range(0, number, _BATCH):
            db[entity_type].insert_many(rows[first : first + _BATCH], ordered=False)
    store = LocalStore(db)
    for key in range(600):
        fields = {"name": f"Local advertiser {key}", "network_id": 1 + key % 10}
        store.create(EntityType.ADVERTISERS, fields, now)
    db[schema.SYNC_LOGS].insert_many(
        {
            "timestamp": now - timedelta(minutes=30 * key), "operation": "import",
            "entity_type": str(list(EntityType)[key % 6]), "success": key % 50 > 0,
            "duration": 4.2, "entities_processed": 1000, "run_id": f"run-{key // 6}",
            "errors": ["GET /zones answered 503"] if key % 50 == 0 else [],
        }
        for key in range(5_000)
    )  # fmt: skip


def _entity(entity_type: EntityType, key: int, now: datetime) -> dict[str, Any]:
    parents = {name: 1 + key % ENTITIES[target] for name, target in REFERENCES[entity_type].items()}
    if entity_type is EntityType.PLACEMENTS:
        parents["advertisement_id"] = 1 + key % 20_000
        parents["zone_id"] = 1 + key // 20_000
        return {**parents, **_known(now)}
    name = f"{entity_type.singular.capitalize()} {key}"
    return {"broadstreet_id": key, "name": name, **parents, **_known(now)}


def _known(now: datetime) -> dict[str, Any]:
    return {"content_hash": "x", "removed_at": None, "synced_at": now, "synced_with_api": False}
