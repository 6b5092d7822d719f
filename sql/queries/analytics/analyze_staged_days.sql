-- Tell the planner how much is staged: by its guess a few rows it would compare each with each.
ANALYZE staged_pulls, staged_days (pull, external_id, date, currency);
