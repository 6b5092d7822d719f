"""Broadstreet, both ways: what is there comes home, what was made here goes out exactly once."""
