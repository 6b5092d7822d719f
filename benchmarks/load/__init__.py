"""Many edges at once, beside all flows: what they get wrong, how long they wait, what it costs."""
