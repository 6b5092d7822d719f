-- Head office: companies, brands, stores and what they sell.
-- depends: 0003_create_alerts
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE SCHEMA edge;
COMMENT ON SCHEMA edge IS
'Head office data for the stores. Anyone may write the tables of 0100 to 0102 with plain SQL, in READ COMMITTED.';

CREATE TABLE edge.companies (
    company_id uuid NOT NULL DEFAULT gen_random_uuid(),
    code text NOT NULL,
    name text NOT NULL,
    timezone text NOT NULL,
    currency text NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    CONSTRAINT companies_timezone_check CHECK (
        isfinite(timestamptz '2026-01-01 00:00:00Z' AT TIME ZONE timezone)
    ),
    CONSTRAINT companies_pkey PRIMARY KEY (company_id),
    CONSTRAINT companies_code_key UNIQUE (code),
    CONSTRAINT companies_currency_check CHECK (currency ~ '^[A-Z]{3}$')
);
COMMENT ON TABLE edge.companies IS 'The tenants.';
COMMENT ON COLUMN edge.companies.currency IS 'ISO 4217; every amount of the company is in it.';

CREATE TABLE edge.brands (
    brand_id uuid NOT NULL DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    CONSTRAINT brands_pkey PRIMARY KEY (brand_id),
    CONSTRAINT brands_company_id_code_key UNIQUE (company_id, code),
    CONSTRAINT brands_company_id_fkey FOREIGN KEY (company_id)
    REFERENCES edge.companies (company_id) ON DELETE CASCADE
);
COMMENT ON TABLE edge.brands IS 'What a company''s stores sell under.';

CREATE TABLE edge.stores (
    store_id uuid NOT NULL DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    timezone text NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    CONSTRAINT stores_timezone_check CHECK (
        isfinite(timestamptz '2026-01-01 00:00:00Z' AT TIME ZONE timezone)
    ),
    CONSTRAINT stores_pkey PRIMARY KEY (store_id),
    CONSTRAINT stores_company_id_code_key UNIQUE (company_id, code),
    CONSTRAINT stores_company_id_fkey FOREIGN KEY (company_id)
    REFERENCES edge.companies (company_id) ON DELETE CASCADE
);
COMMENT ON TABLE edge.stores IS 'Shops; each has one edge server.';
COMMENT ON COLUMN edge.stores.timezone IS 'IANA name. Days and hours of promotions are meant in it.';

CREATE TABLE edge.store_brands (
    store_id uuid NOT NULL,
    brand_id uuid NOT NULL,
    CONSTRAINT store_brands_pkey PRIMARY KEY (store_id, brand_id),
    CONSTRAINT store_brands_store_id_fkey FOREIGN KEY (store_id)
    REFERENCES edge.stores (store_id) ON DELETE CASCADE,
    CONSTRAINT store_brands_brand_id_fkey FOREIGN KEY (brand_id)
    REFERENCES edge.brands (brand_id) ON DELETE CASCADE
);
COMMENT ON TABLE edge.store_brands IS 'Which brands a store sells.';
CREATE INDEX store_brands_brand_id_idx ON edge.store_brands (brand_id);

CREATE TABLE edge.categories (
    category_id uuid NOT NULL DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL,
    parent_id uuid,
    brand_id uuid,
    code text NOT NULL,
    name text NOT NULL,
    sort_order bigint NOT NULL DEFAULT 0,
    is_active boolean NOT NULL DEFAULT true,
    CONSTRAINT categories_pkey PRIMARY KEY (category_id),
    CONSTRAINT categories_company_id_code_key UNIQUE (company_id, code),
    CONSTRAINT categories_company_id_fkey FOREIGN KEY (company_id)
    REFERENCES edge.companies (company_id) ON DELETE CASCADE,
    CONSTRAINT categories_parent_id_fkey FOREIGN KEY (parent_id)
    REFERENCES edge.categories (category_id) ON DELETE CASCADE,
    CONSTRAINT categories_brand_id_fkey FOREIGN KEY (brand_id)
    REFERENCES edge.brands (brand_id) ON DELETE CASCADE
);
COMMENT ON TABLE edge.categories IS 'A tree per company.';
COMMENT ON COLUMN edge.categories.brand_id IS 'NULL: every brand of the company uses it.';
CREATE INDEX categories_parent_id_idx ON edge.categories (parent_id);
CREATE INDEX categories_brand_id_idx ON edge.categories (brand_id);

CREATE TABLE edge.products (
    product_id uuid NOT NULL DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL,
    brand_id uuid NOT NULL,
    category_id uuid,
    sku text NOT NULL,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    barcode text NOT NULL DEFAULT '',
    base_price numeric(18, 4) NOT NULL,
    tax_percent numeric(5, 2),
    is_active boolean NOT NULL DEFAULT true,
    CONSTRAINT products_pkey PRIMARY KEY (product_id),
    CONSTRAINT products_company_id_sku_key UNIQUE (company_id, sku),
    CONSTRAINT products_company_id_fkey FOREIGN KEY (company_id)
    REFERENCES edge.companies (company_id) ON DELETE CASCADE,
    CONSTRAINT products_brand_id_fkey FOREIGN KEY (brand_id)
    REFERENCES edge.brands (brand_id) ON DELETE CASCADE,
    CONSTRAINT products_category_id_fkey FOREIGN KEY (category_id)
    REFERENCES edge.categories (category_id) ON DELETE SET NULL,
    CONSTRAINT products_base_price_check CHECK (base_price >= 0),
    CONSTRAINT products_tax_percent_check CHECK (tax_percent BETWEEN 0 AND 100)
);
COMMENT ON TABLE edge.products IS 'What is sold; a store of the brand has every product of it.';
CREATE INDEX products_brand_id_idx ON edge.products (brand_id);
CREATE INDEX products_category_id_idx ON edge.products (category_id);

CREATE TABLE edge.store_products (
    store_id uuid NOT NULL,
    product_id uuid NOT NULL,
    price numeric(18, 4),
    is_available boolean NOT NULL DEFAULT true,
    CONSTRAINT store_products_pkey PRIMARY KEY (store_id, product_id),
    CONSTRAINT store_products_store_id_fkey FOREIGN KEY (store_id)
    REFERENCES edge.stores (store_id) ON DELETE CASCADE,
    CONSTRAINT store_products_product_id_fkey FOREIGN KEY (product_id)
    REFERENCES edge.products (product_id) ON DELETE CASCADE,
    CONSTRAINT store_products_price_check CHECK (price >= 0)
);
COMMENT ON TABLE edge.store_products IS 'A store''s own price and availability, where it has them.';
COMMENT ON COLUMN edge.store_products.price IS 'NULL: the product''s base price.';
CREATE INDEX store_products_product_id_idx ON edge.store_products (product_id);

CREATE TABLE edge.holidays (
    company_id uuid NOT NULL,
    held_on date NOT NULL,
    name text NOT NULL,
    CONSTRAINT holidays_pkey PRIMARY KEY (company_id, held_on),
    CONSTRAINT holidays_company_id_fkey FOREIGN KEY (company_id)
    REFERENCES edge.companies (company_id) ON DELETE CASCADE
);
COMMENT ON TABLE edge.holidays IS 'Days on which promotions with exclude_holidays do not hold.';
