"""The reference edge server: keeps a store's data in SQLite and uploads what was used."""
