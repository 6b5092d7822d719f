"""One module per claim about speed or memory; each prints what it measured, on real servers."""
