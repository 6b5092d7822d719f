"""Shows the product at work: runs its flows through Airflow's REST API, as a user would."""
