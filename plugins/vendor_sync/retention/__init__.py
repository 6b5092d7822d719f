"""Deletes what nobody needs any more, a little at a time."""
