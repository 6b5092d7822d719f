"""One module per ad platform: its client, and what its rows mean in our words."""
