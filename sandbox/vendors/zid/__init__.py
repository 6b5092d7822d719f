"""Zid's merchant API for orders and credit notes: two tokens, no page links, text for money."""
