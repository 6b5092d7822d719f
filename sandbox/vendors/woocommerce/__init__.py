"""WooCommerce's REST API (wc/v3) for orders and refunds, time zone bugs included."""
