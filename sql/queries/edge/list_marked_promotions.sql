-- Marked promotions; without a row when it is gone from this company. Hours come as seconds:
-- 24:00 is a time to PostgreSQL and to nobody else.
-- Params: after, company_id
WITH page AS MATERIALIZED (
    SELECT record_id
    FROM marked
    WHERE kind = 'promotion' AND record_id > %(after)s
    ORDER BY record_id
    LIMIT 500
)

SELECT
    m.record_id,
    p.promotion_id,
    p.company_id,
    p.code,
    p.name,
    p.description,
    p.terms_conditions,
    p.promo_type,
    p.apply_to,
    p.all_brands,
    p.all_stores,
    p.execution_stage,
    p.execution_priority,
    p.priority,
    p.is_active,
    p.is_auto_apply,
    p.require_voucher,
    p.show_in_menu,
    p.is_stackable,
    p.start_on,
    p.end_on,
    p.weekdays,
    p.exclude_holidays,
    p.member_only,
    p.member_tiers,
    p.excluded_member_ids,
    p.customer_type,
    p.inactive_days_threshold,
    p.sales_channels,
    p.excluded_channels,
    p.min_purchase,
    p.min_quantity,
    p.min_items,
    p.max_uses,
    p.max_uses_per_customer,
    p.max_uses_per_day,
    p.cross_brand_type,
    p.cross_brand_min_amount,
    p.cross_brand_parameters,
    p.manual_override,
    p.override_role,
    p.employee_only,
    p.override_max_amount,
    p.discount_percent,
    p.discount_amount,
    p.max_discount_amount,
    p.special_price,
    p.buy_quantity,
    p.get_quantity,
    p.same_product_only,
    p.trigger_product_id,
    p.trigger_quantity,
    p.benefit_product_id,
    p.benefit_quantity,
    p.payment_methods,
    p.payment_min_amount,
    p.cashback_method,
    p.mix_category_id,
    p.required_quantity,
    p.allow_same_product,
    p.message,
    extract(EPOCH FROM p.starts_at_time)::bigint AS start_second,
    extract(EPOCH FROM p.ends_at_time)::bigint AS end_second
FROM page AS m
LEFT JOIN edge.promotions AS p
    ON m.record_id = p.promotion_id AND p.company_id = %(company_id)s
ORDER BY m.record_id;
