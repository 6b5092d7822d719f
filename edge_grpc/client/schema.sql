-- What an edge keeps. `body` is the record's message as it came.
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS categories (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, parent_id TEXT NOT NULL, body BLOB NOT NULL
);

CREATE TABLE IF NOT EXISTS products (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, sku TEXT NOT NULL, barcode TEXT NOT NULL,
    category_id TEXT NOT NULL, body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS products_barcode_idx ON products (barcode) WHERE barcode <> '';
CREATE INDEX IF NOT EXISTS products_sku_idx ON products (sku);

CREATE TABLE IF NOT EXISTS promotions (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, code TEXT NOT NULL, body BLOB NOT NULL
);

-- Promotions that are held and that this edge does not understand: skipped, and reported.
CREATE TABLE IF NOT EXISTS refused_promotions (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, reason TEXT NOT NULL
);

-- Batches of a sync that has not reached its checkpoint; the tills do not see them.
CREATE TABLE IF NOT EXISTS staged_batches (position INTEGER PRIMARY KEY, body BLOB NOT NULL);

-- Usages made here. `state`: pending, synced (acknowledged) or refused (for good; a person looks).
CREATE TABLE IF NOT EXISTS usages (
    usage_id TEXT PRIMARY KEY,
    body BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'synced', 'refused')),
    verdict TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    made_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS usages_pending_idx ON usages (made_at, usage_id) WHERE state = 'pending';
