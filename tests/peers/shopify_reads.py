"""Reads a shop's orders with ShopifyAPI, the way its documentation shows, and prints them."""
# pyright: reportMissingImports=false

from __future__ import annotations

import json
import sys

import shopify

QUERY = """query($after: String) {
  orders(first: 20, after: $after, sortKey: ID) {
    pageInfo { hasNextPage endCursor }
    nodes {
      legacyResourceId createdAt updatedAt cancelledAt currencyCode
      totalPriceSet { shopMoney { amount } }
      totalRefundedSet { shopMoney { amount } }
      customerJourneySummary {
        moments(first: 20) { nodes { ... on CustomerVisit { landingPage } } }
      }
    }
  }
}"""


def main() -> None:
    address, token = sys.argv[1:]
    # The library builds https addresses of *.myshopify.com only; everything else is its own doing.
    shopify.ShopifyResource.set_site(address)
    shopify.ShopifyResource.headers = {"X-Shopify-Access-Token": token}
    orders, after = [], None
    while True:
        answer = json.loads(shopify.GraphQL().execute(QUERY, {"after": after}))
        page = answer["data"]["orders"]
        orders += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    json.dump(orders, sys.stdout)


if __name__ == "__main__":
    main()
