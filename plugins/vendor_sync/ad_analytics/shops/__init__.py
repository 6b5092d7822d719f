"""One module a shop system: its API, and what its orders mean in our vocabulary."""
