-- Promotions and all that belongs to one.
-- depends: 0100_create_edge
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE edge.promotion_sync_settings (
    company_id uuid NOT NULL,
    sync_strategy text NOT NULL DEFAULT 'include_future',
    future_days bigint NOT NULL DEFAULT 7,
    past_days bigint NOT NULL DEFAULT 1,
    include_inactive boolean NOT NULL DEFAULT false,
    auto_sync_enabled boolean NOT NULL DEFAULT true,
    sync_interval_hours bigint NOT NULL DEFAULT 6,
    max_promotions_per_sync bigint NOT NULL DEFAULT 100,
    enable_compression boolean NOT NULL DEFAULT true,
    CONSTRAINT promotion_sync_settings_pkey PRIMARY KEY (company_id),
    CONSTRAINT promotion_sync_settings_company_id_fkey FOREIGN KEY (company_id)
    REFERENCES edge.companies (company_id) ON DELETE CASCADE,
    CONSTRAINT promotion_sync_settings_sync_strategy_check CHECK (
        sync_strategy IN ('current_only', 'include_future', 'all_active')
    ),
    CONSTRAINT promotion_sync_settings_future_days_check CHECK (future_days BETWEEN 0 AND 90),
    CONSTRAINT promotion_sync_settings_past_days_check CHECK (past_days BETWEEN 0 AND 30),
    CONSTRAINT promotion_sync_settings_sync_interval_hours_check CHECK (
        sync_interval_hours BETWEEN 1 AND 24
    ),
    CONSTRAINT promotion_sync_settings_max_promotions_per_sync_check CHECK (
        max_promotions_per_sync BETWEEN 10 AND 500
    )
);
COMMENT ON TABLE edge.promotion_sync_settings IS
'What of its promotions a company sends to its stores; a row is made with each company.';
COMMENT ON COLUMN edge.promotion_sync_settings.max_promotions_per_sync IS 'Size of a page, not a limit.';

CREATE TABLE edge.promotions (
    promotion_id uuid NOT NULL DEFAULT gen_random_uuid(),
    company_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    terms_conditions text NOT NULL DEFAULT '',
    promo_type text NOT NULL,
    apply_to text NOT NULL DEFAULT 'all',
    all_brands boolean NOT NULL DEFAULT true,
    all_stores boolean NOT NULL DEFAULT true,
    execution_stage text NOT NULL DEFAULT 'item_level',
    execution_priority bigint NOT NULL DEFAULT 500,
    priority bigint NOT NULL DEFAULT 0,
    is_active boolean NOT NULL DEFAULT true,
    is_auto_apply boolean NOT NULL DEFAULT true,
    require_voucher boolean NOT NULL DEFAULT false,
    show_in_menu boolean NOT NULL DEFAULT false,
    is_stackable boolean NOT NULL DEFAULT false,
    start_on date NOT NULL,
    end_on date NOT NULL,
    weekdays bigint[] NOT NULL DEFAULT '{}',
    starts_at_time time,
    ends_at_time time,
    exclude_holidays boolean NOT NULL DEFAULT false,
    member_only boolean NOT NULL DEFAULT false,
    member_tiers text[] NOT NULL DEFAULT '{}',
    excluded_member_ids text[] NOT NULL DEFAULT '{}',
    customer_type text NOT NULL DEFAULT 'all',
    inactive_days_threshold bigint NOT NULL DEFAULT 30,
    sales_channels text[] NOT NULL DEFAULT '{}',
    excluded_channels text[] NOT NULL DEFAULT '{}',
    min_purchase numeric(18, 4),
    min_quantity bigint NOT NULL DEFAULT 0,
    min_items bigint NOT NULL DEFAULT 0,
    max_uses bigint,
    max_uses_per_customer bigint,
    max_uses_per_day bigint,
    cross_brand_type text,
    cross_brand_min_amount numeric(18, 4),
    cross_brand_parameters jsonb,
    manual_override boolean NOT NULL DEFAULT false,
    override_role text NOT NULL DEFAULT '',
    employee_only boolean NOT NULL DEFAULT false,
    override_max_amount numeric(18, 4),
    discount_percent numeric(5, 2),
    discount_amount numeric(18, 4),
    max_discount_amount numeric(18, 4),
    special_price numeric(18, 4),
    buy_quantity bigint,
    get_quantity bigint,
    same_product_only boolean NOT NULL DEFAULT false,
    trigger_product_id uuid,
    trigger_quantity bigint,
    benefit_product_id uuid,
    benefit_quantity bigint,
    payment_methods text[] NOT NULL DEFAULT '{}',
    payment_min_amount numeric(18, 4),
    cashback_method text NOT NULL DEFAULT 'points',
    mix_category_id uuid,
    required_quantity bigint,
    allow_same_product boolean NOT NULL DEFAULT true,
    message text NOT NULL DEFAULT '',
    CONSTRAINT promotions_pkey PRIMARY KEY (promotion_id),
    CONSTRAINT promotions_company_id_code_key UNIQUE (company_id, code),
    CONSTRAINT promotions_company_id_fkey FOREIGN KEY (company_id)
    REFERENCES edge.companies (company_id) ON DELETE CASCADE,
    CONSTRAINT promotions_trigger_product_id_fkey FOREIGN KEY (trigger_product_id)
    REFERENCES edge.products (product_id) ON DELETE SET NULL,
    CONSTRAINT promotions_benefit_product_id_fkey FOREIGN KEY (benefit_product_id)
    REFERENCES edge.products (product_id) ON DELETE SET NULL,
    CONSTRAINT promotions_mix_category_id_fkey FOREIGN KEY (mix_category_id)
    REFERENCES edge.categories (category_id) ON DELETE SET NULL,
    CONSTRAINT promotions_execution_priority_check CHECK (execution_priority BETWEEN 1 AND 999),
    CONSTRAINT promotions_end_on_check CHECK (end_on >= start_on),
    CONSTRAINT promotions_weekdays_check CHECK (weekdays <@ '{1,2,3,4,5,6,7}'),
    CONSTRAINT promotions_times_check CHECK (
        num_nonnulls(starts_at_time, ends_at_time) IN (0, 2) AND starts_at_time != ends_at_time
    ),
    CONSTRAINT promotions_discount_percent_check CHECK (discount_percent BETWEEN 0 AND 100)
);
COMMENT ON TABLE edge.promotions IS
'Promotions of twelve types. Text columns take any word: what is wrong is found when it is compiled, and '
'then is in edge.promotion_compile_errors, so that an import never fails for one promotion.';
COMMENT ON COLUMN edge.promotions.execution_priority IS 'Lower runs first.';
COMMENT ON COLUMN edge.promotions.priority IS 'Higher runs first among equal execution priorities.';
COMMENT ON COLUMN edge.promotions.weekdays IS 'ISO weekdays, 1 Monday to 7 Sunday; empty: every day.';
COMMENT ON COLUMN edge.promotions.ends_at_time IS
'Exclusive, 24:00 included; before starts_at_time: it ends on the next day.';
COMMENT ON COLUMN edge.promotions.max_uses IS 'NULL: without limit; 0: never.';
COMMENT ON COLUMN edge.promotions.discount_percent IS 'NULL and 0 differ: 0 gives nothing.';
CREATE INDEX promotions_trigger_product_id_idx ON edge.promotions (trigger_product_id);
CREATE INDEX promotions_benefit_product_id_idx ON edge.promotions (benefit_product_id);
CREATE INDEX promotions_mix_category_id_idx ON edge.promotions (mix_category_id);

CREATE TABLE edge.promotion_targets (
    target_id uuid NOT NULL DEFAULT gen_random_uuid(),
    promotion_id uuid NOT NULL,
    target_role text NOT NULL,
    brand_id uuid,
    store_id uuid,
    category_id uuid,
    product_id uuid,
    other_promotion_id uuid,
    CONSTRAINT promotion_targets_pkey PRIMARY KEY (target_id),
    CONSTRAINT promotion_targets_promotion_id_fkey FOREIGN KEY (promotion_id)
    REFERENCES edge.promotions (promotion_id) ON DELETE CASCADE,
    CONSTRAINT promotion_targets_brand_id_fkey FOREIGN KEY (brand_id)
    REFERENCES edge.brands (brand_id) ON DELETE CASCADE,
    CONSTRAINT promotion_targets_store_id_fkey FOREIGN KEY (store_id)
    REFERENCES edge.stores (store_id) ON DELETE CASCADE,
    CONSTRAINT promotion_targets_category_id_fkey FOREIGN KEY (category_id)
    REFERENCES edge.categories (category_id) ON DELETE CASCADE,
    CONSTRAINT promotion_targets_product_id_fkey FOREIGN KEY (product_id)
    REFERENCES edge.products (product_id) ON DELETE CASCADE,
    CONSTRAINT promotion_targets_other_promotion_id_fkey FOREIGN KEY (other_promotion_id)
    REFERENCES edge.promotions (promotion_id) ON DELETE CASCADE,
    CONSTRAINT promotion_targets_target_role_check CHECK (
        target_role IN ('include', 'exclude', 'trigger', 'benefit')
    ),
    CONSTRAINT promotion_targets_one_target_check CHECK (
        num_nonnulls(brand_id, store_id, category_id, product_id, other_promotion_id) = 1
    )
);
COMMENT ON TABLE edge.promotion_targets IS
'What a promotion includes and excludes: a brand, store, category or product. Roles trigger and benefit are '
'brands of a cross-brand promotion; another promotion with role exclude cannot be combined with it.';
CREATE INDEX promotion_targets_promotion_id_idx ON edge.promotion_targets (promotion_id);
CREATE INDEX promotion_targets_brand_id_idx ON edge.promotion_targets (brand_id);
CREATE INDEX promotion_targets_store_id_idx ON edge.promotion_targets (store_id);
CREATE INDEX promotion_targets_category_id_idx ON edge.promotion_targets (category_id);
CREATE INDEX promotion_targets_product_id_idx ON edge.promotion_targets (product_id);
CREATE INDEX promotion_targets_other_promotion_id_idx
ON edge.promotion_targets (other_promotion_id);

CREATE TABLE edge.promotion_tiers (
    promotion_id uuid NOT NULL,
    tier_order bigint NOT NULL,
    name text NOT NULL,
    min_amount numeric(18, 4) NOT NULL,
    max_amount numeric(18, 4),
    discount_type text NOT NULL,
    discount_value numeric(18, 4),
    free_product_id uuid,
    is_active boolean NOT NULL DEFAULT true,
    CONSTRAINT promotion_tiers_pkey PRIMARY KEY (promotion_id, tier_order),
    CONSTRAINT promotion_tiers_promotion_id_fkey FOREIGN KEY (promotion_id)
    REFERENCES edge.promotions (promotion_id) ON DELETE CASCADE,
    CONSTRAINT promotion_tiers_free_product_id_fkey FOREIGN KEY (free_product_id)
    REFERENCES edge.products (product_id) ON DELETE SET NULL
);
COMMENT ON TABLE edge.promotion_tiers IS 'Tiers of a threshold_tier promotion.';
COMMENT ON COLUMN edge.promotion_tiers.discount_value IS
'By discount_type: percent, amount or points_multiplier; NULL for free_product.';
CREATE INDEX promotion_tiers_free_product_id_idx ON edge.promotion_tiers (free_product_id);

CREATE TABLE edge.package_promotions (
    promotion_id uuid NOT NULL,
    name text NOT NULL,
    sku text NOT NULL,
    price numeric(18, 4) NOT NULL,
    allow_modification boolean NOT NULL DEFAULT false,
    min_items bigint NOT NULL DEFAULT 0,
    max_items bigint NOT NULL DEFAULT 0,
    deduction_strategy text NOT NULL DEFAULT 'all_components',
    CONSTRAINT package_promotions_pkey PRIMARY KEY (promotion_id),
    CONSTRAINT package_promotions_promotion_id_fkey FOREIGN KEY (promotion_id)
    REFERENCES edge.promotions (promotion_id) ON DELETE CASCADE
);
COMMENT ON TABLE edge.package_promotions IS 'The set that a package promotion sells.';

CREATE TABLE edge.promotion_items (
    promotion_id uuid NOT NULL,
    sort_order bigint NOT NULL,
    product_id uuid,
    category_id uuid,
    quantity bigint NOT NULL DEFAULT 1,
    is_choice boolean NOT NULL DEFAULT false,
    is_required boolean NOT NULL DEFAULT true,
    min_selection bigint NOT NULL DEFAULT 0,
    max_selection bigint NOT NULL DEFAULT 0,
    surcharge numeric(18, 4),
    CONSTRAINT promotion_items_pkey PRIMARY KEY (promotion_id, sort_order),
    CONSTRAINT promotion_items_promotion_id_fkey FOREIGN KEY (promotion_id)
    REFERENCES edge.promotions (promotion_id) ON DELETE CASCADE,
    CONSTRAINT promotion_items_product_id_fkey FOREIGN KEY (product_id)
    REFERENCES edge.products (product_id) ON DELETE SET NULL,
    CONSTRAINT promotion_items_category_id_fkey FOREIGN KEY (category_id)
    REFERENCES edge.categories (category_id) ON DELETE SET NULL,
    CONSTRAINT promotion_items_quantity_check CHECK (quantity >= 1),
    CONSTRAINT promotion_items_one_part_check CHECK (num_nonnulls(product_id, category_id) <= 1)
);
COMMENT ON TABLE edge.promotion_items IS
'Parts of a combo or package. A part whose product was deleted stays without one, and the promotion is '
'reported as not compilable: it must not get cheaper by itself.';
CREATE INDEX promotion_items_product_id_idx ON edge.promotion_items (product_id);
CREATE INDEX promotion_items_category_id_idx ON edge.promotion_items (category_id);
