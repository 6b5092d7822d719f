-- Empty the staging tables of this connection.
TRUNCATE staged_brands, staged_offers;
