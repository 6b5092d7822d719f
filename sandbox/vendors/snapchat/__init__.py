"""Snapchat's Ads API: micro-currency, days that start at the account's midnight, short tokens."""
