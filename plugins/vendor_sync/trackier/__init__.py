"""Trackier, the affiliate platform: advertisers, campaigns and publishers into PostgreSQL."""
