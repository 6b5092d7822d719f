"""Salla's merchant API for orders and invoices, with refresh tokens that work once."""
