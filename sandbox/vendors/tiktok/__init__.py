"""TikTok's Business API: every answer is HTTP 200, and what it says is in a code in the body."""
