"""The reference evaluator: what a cart costs under the promotions that an edge holds, and why."""
