"""Broadstreet's ad server: whole lists without pages, ids without idempotency, and its traps."""
