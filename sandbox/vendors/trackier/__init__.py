"""Trackier: advertisers, campaigns and publishers of one network, as its admin API shows them."""
