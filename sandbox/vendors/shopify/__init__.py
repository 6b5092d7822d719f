"""Shopify's Admin GraphQL API for orders: queries are parsed, validated, priced and run."""
