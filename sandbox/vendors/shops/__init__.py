"""What the four shop systems share: sales that were put there by a test or by the seeded world."""
