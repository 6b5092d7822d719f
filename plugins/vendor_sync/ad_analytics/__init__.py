"""Ad analytics: what platforms claim, what stores sold, and which click it came from."""
