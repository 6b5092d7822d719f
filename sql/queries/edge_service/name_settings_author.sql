-- Say who makes this transaction's changes of settings.
-- Params: author
SELECT set_config('edge.changed_by', %(author)s, true)
