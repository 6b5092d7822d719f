-- Refuses values that PostgreSQL can keep and no message can carry: one of them in one row would
-- keep a whole company's data from its stores.
-- depends: 0106_create_edge_selectors
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

ALTER TABLE edge.products
ADD CONSTRAINT products_base_price_number_check CHECK (base_price != 'NaN') NOT VALID,
ADD CONSTRAINT products_size_check CHECK (
    octet_length(name) + octet_length(description) <= 100000
    AND octet_length(sku) + octet_length(barcode) <= 1000
) NOT VALID;

ALTER TABLE edge.store_products
ADD CONSTRAINT store_products_price_number_check CHECK (price != 'NaN') NOT VALID;

ALTER TABLE edge.categories
ADD CONSTRAINT categories_sort_order_check CHECK (
    sort_order BETWEEN -2147483648 AND 2147483647
) NOT VALID,
ADD CONSTRAINT categories_size_check CHECK (
    octet_length(name) + octet_length(code) <= 100000
) NOT VALID;

ALTER TABLE edge.promotions
ADD CONSTRAINT promotions_calendar_check CHECK (
    start_on >= date '0001-01-01' AND end_on <= date '9999-12-31'
) NOT VALID;

ALTER TABLE edge.holidays
ADD CONSTRAINT holidays_calendar_check CHECK (
    held_on BETWEEN date '0001-01-01' AND date '9999-12-31'
) NOT VALID;
