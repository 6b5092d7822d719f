"""Reads a site's orders with the woocommerce package, page by page, and prints them."""
# pyright: reportMissingImports=false

from __future__ import annotations

import json
import sys

from woocommerce import API


def main() -> None:
    url, key, secret = sys.argv[1:]
    site = API(
        url=url,
        consumer_key=key,
        consumer_secret=secret,
        version="wc/v3",
        timeout=30,
    )
    orders, page = [], 1
    while True:
        answer = site.get("orders", params={"page": page, "per_page": 20, "orderby": "id"})
        answer.raise_for_status()
        orders += answer.json()
        if page >= int(answer.headers["X-WP-TotalPages"]):
            break
        page += 1
    for order in orders:
        if order["refunds"]:
            order["refund_rows"] = site.get(f"orders/{order['id']}/refunds").json()
    json.dump(orders, sys.stdout)


if __name__ == "__main__":
    main()
