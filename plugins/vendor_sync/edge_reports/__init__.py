"""What is said about the stores' promotions: how they were used, and which need attention."""
