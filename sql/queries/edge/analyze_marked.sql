-- A temporary table has no statistics until it is asked for them.
ANALYZE marked;
