-- Generated from sql/migrations by `make schema`; do not edit.

CREATE SCHEMA affiliate;

COMMENT ON SCHEMA affiliate IS 'What the affiliate platform (Trackier) knows: brands, offers, and our tenants'' publisher ids.';

CREATE SCHEMA analytics;

COMMENT ON SCHEMA analytics IS 'What ad platforms claim, what stores sold, and which click it came from. NULL is unknown, never 0.';

CREATE SCHEMA edge;

COMMENT ON SCHEMA edge IS 'Head office data for the stores. Anyone may write the tables of 0100 to 0102 with plain SQL, in READ COMMITTED.';

CREATE SCHEMA ops;

COMMENT ON SCHEMA ops IS 'What the flows write about themselves; written also when a flow runs outside Airflow.';

CREATE FUNCTION analytics.convert_rate(from_currency text, to_currency text, on_date date) RETURNS numeric
    LANGUAGE sql STABLE
    AS $$
    SELECT CASE
        WHEN from_currency = to_currency THEN 1
        ELSE round(coalesce(
            -- What an operator loaded for this very pair, then two prices in one currency.
            analytics.units_per(from_currency, to_currency, on_date),
            analytics.units_per_dollar(to_currency, on_date)
            / analytics.units_per_dollar(from_currency, on_date),
            analytics.units_per_euro(to_currency, on_date)
            / analytics.units_per_euro(from_currency, on_date),
            1 / analytics.units_per(to_currency, from_currency, on_date)
        ), 12)
    END
$$;

COMMENT ON FUNCTION analytics.convert_rate(from_currency text, to_currency text, on_date date) IS 'By what an amount of from_currency is multiplied to be to_currency; NULL where no source covers the pair.';

CREATE FUNCTION analytics.minor_digits(currency text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT CASE
        WHEN currency IN ('JPY', 'KRW', 'VND', 'CLP', 'ISK', 'PYG', 'UGX', 'XAF', 'XOF', 'XPF') THEN 0
        WHEN currency IN ('KWD', 'BHD', 'OMR', 'JOD', 'TND', 'IQD', 'LYD') THEN 3
        ELSE 2
    END
$$;

COMMENT ON FUNCTION analytics.minor_digits(currency text) IS 'Decimals of a currency''s smallest unit (ISO 4217).';

CREATE FUNCTION analytics.refuse_orphaned_days() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    needed bigint;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        SELECT m.campaign_id INTO needed FROM analytics.campaign_metrics AS m LIMIT 1;
    ELSE
        SELECT g.campaign_id INTO needed
        FROM gone AS g
        WHERE EXISTS (
            SELECT 1 FROM analytics.campaign_metrics AS m WHERE m.campaign_id = g.campaign_id
        )
        LIMIT 1;
    END IF;
    IF FOUND THEN
        RAISE foreign_key_violation
        USING MESSAGE = format('Campaign %s has days in analytics.campaign_metrics.', needed);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION analytics.refuse_other_campaign() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RAISE foreign_key_violation USING MESSAGE = 'The number of a campaign does not change.';
END
$$;

CREATE FUNCTION analytics.require_campaigns() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    unknown bigint;
BEGIN
    -- Locked as a foreign key locks: who deletes a campaign meanwhile waits, and finds the day.
    SELECT a.campaign_id INTO unknown
    FROM (SELECT DISTINCT campaign_id FROM added) AS a
    LEFT JOIN LATERAL (
        SELECT c.campaign_id FROM analytics.campaigns AS c
        WHERE c.campaign_id = a.campaign_id
        FOR KEY SHARE
    ) AS known ON true
    WHERE known.campaign_id IS NULL;
    IF FOUND THEN
        RAISE foreign_key_violation USING MESSAGE = format('There is no campaign %s.', unknown);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION analytics.units_per(anchor text, wanted text, on_date date) RETURNS numeric
    LANGUAGE sql STABLE
    AS $$
    SELECT CASE
        WHEN anchor = wanted THEN 1
        ELSE (
            SELECT r.rate
            FROM analytics.fx_rates AS r
            WHERE r.base_currency = anchor AND r.quote_currency = wanted
                AND r.rate_date <= on_date AND r.rate_date >= on_date - 7
            ORDER BY r.rate_date DESC, r.source = 'manual' DESC
            LIMIT 1
        )
    END
$$;

COMMENT ON FUNCTION analytics.units_per(anchor text, wanted text, on_date date) IS 'How much of the wanted currency 1 anchor cost on the day, or on the last day with a rate of the 7 before.';

CREATE FUNCTION analytics.units_per_dollar(wanted text, on_date date) RETURNS numeric
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(
        (SELECT p.rate FROM analytics.fx_pegs AS p WHERE p.currency = wanted AND p.anchor = 'USD'),
        analytics.units_per('USD', wanted, on_date)
    )
$$;

COMMENT ON FUNCTION analytics.units_per_dollar(wanted text, on_date date) IS 'How much of the wanted currency 1 USD cost: by its peg, else by a loaded rate.';

CREATE FUNCTION analytics.units_per_euro(wanted text, on_date date) RETURNS numeric
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(
        analytics.units_per('EUR', wanted, on_date),
        analytics.units_per('EUR', 'USD', on_date) * analytics.units_per_dollar(wanted, on_date)
    )
$$;

COMMENT ON FUNCTION analytics.units_per_euro(wanted text, on_date date) IS 'How much of the wanted currency 1 EUR cost: as published, else through the dollar.';

CREATE FUNCTION edge.add_company_rows() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO edge.versions (company_id) SELECT company_id FROM new_rows;
    INSERT INTO edge.promotion_sync_settings (company_id) SELECT company_id FROM new_rows;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION edge.add_company_rows() IS 'Each company has a version and settings.';

CREATE TABLE edge.promotion_records (
    company_id uuid NOT NULL,
    promotion_id uuid NOT NULL,
    version bigint NOT NULL,
    is_removed boolean NOT NULL,
    is_failed boolean NOT NULL,
    is_active boolean NOT NULL,
    start_on date NOT NULL,
    end_on date NOT NULL,
    execution_priority bigint NOT NULL,
    priority bigint NOT NULL,
    all_brands boolean NOT NULL,
    brand_ids uuid[] NOT NULL,
    excluded_brand_ids uuid[] NOT NULL,
    all_stores boolean NOT NULL,
    store_ids uuid[] NOT NULL,
    excluded_store_ids uuid[] NOT NULL,
    body bytea NOT NULL
);

COMMENT ON TABLE edge.promotion_records IS 'Promotions as served, with what decides whose they are; a removed one is a tombstone.';

COMMENT ON COLUMN edge.promotion_records.is_failed IS 'It does not compile: see promotion_compile_errors.';

COMMENT ON COLUMN edge.promotion_records.end_on IS 'Last local day on which it can hold: one later than the promotion''s when its hours pass midnight.';

CREATE FUNCTION edge.is_in_window(r edge.promotion_records, strategy text, future_days bigint, past_days bigint, today date) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT CASE strategy
        WHEN 'current_only' THEN r.start_on <= today AND r.end_on >= today
        WHEN 'include_future'
            THEN r.start_on <= today + future_days::int AND r.end_on >= today - past_days::int
        ELSE true
    END
$$;

COMMENT ON FUNCTION edge.is_in_window(r edge.promotion_records, strategy text, future_days bigint, past_days bigint, today date) IS 'Whether a company''s sync strategy sends a promotion on a day, which is the store''s local day.';

CREATE FUNCTION edge.is_sent(r edge.promotion_records, store uuid, brands uuid[], inactive_too boolean, strategy text, future_days bigint, past_days bigint, today date) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT
        edge.reaches_store(r, store, brands)
        AND (r.is_active OR inactive_too)
        AND edge.is_in_window(r, strategy, future_days, past_days, today)
$$;

COMMENT ON FUNCTION edge.is_sent(r edge.promotion_records, store uuid, brands uuid[], inactive_too boolean, strategy text, future_days bigint, past_days bigint, today date) IS 'Whether a store with these brands is sent a promotion under these settings, on its local day.';

CREATE FUNCTION edge.keep_product_holdings() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    changed text := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT 1 AS sign, * FROM new_rows'
        WHEN 'DELETE' THEN 'SELECT -1 AS sign, * FROM old_rows'
        ELSE 'SELECT 1 AS sign, * FROM new_rows UNION ALL SELECT -1, * FROM old_rows'
    END;
BEGIN
    EXECUTE 'WITH changed AS (' || changed || ') '
        'INSERT INTO edge.product_holdings AS h (company_id, brand_id, store_id, records, checksum) '
        || TG_ARGV[0] ||
        ' ON CONFLICT (company_id, brand_id, store_id) DO UPDATE '
        'SET records = h.records + excluded.records, checksum = h.checksum + excluded.checksum';
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION edge.keep_product_holdings() IS 'Its argument is a query over `changed` (rows after the statement, sign 1, and before it, sign -1).';

CREATE FUNCTION edge.keep_settings_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO edge.settings_changes (company_id, changed_by, settings_before, settings_after)
    SELECT
        new.company_id,
        coalesce(
            nullif(current_setting('edge.changed_by', true), ''),
            concat_ws(' by ', session_user, nullif(current_setting('application_name'), ''))
        ),
        jsonb_object_agg(b.key, b.value),
        jsonb_object_agg(b.key, a.value)
    FROM jsonb_each(to_jsonb(old)) AS b (key, value)
    INNER JOIN jsonb_each(to_jsonb(new)) AS a (key, value) ON b.key = a.key
    WHERE b.value != a.value;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION edge.keep_settings_change() IS 'Who it was: the transaction''s edge.changed_by where an application knows the person, else the database''s user.';

CREATE FUNCTION edge.mark_changes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    changed text := CASE TG_OP
        WHEN 'INSERT' THEN 'TABLE new_rows'
        WHEN 'DELETE' THEN 'TABLE old_rows'
        ELSE '(TABLE old_rows EXCEPT TABLE new_rows) UNION ALL (TABLE new_rows EXCEPT TABLE old_rows)'
    END;
BEGIN
    EXECUTE 'WITH changed AS (' || changed || '), '
        'touched (company_id, kind, record_id, store_id) AS MATERIALIZED (' || TG_ARGV[0] || '), '
        'marked AS (INSERT INTO edge.marks (company_id, kind, record_id, store_id) '
        'SELECT DISTINCT * FROM touched WHERE kind IS NOT NULL) '
        'INSERT INTO edge.changes (company_id) SELECT DISTINCT company_id FROM touched '
        'ON CONFLICT DO NOTHING';
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION edge.mark_changes() IS 'Its argument is a query over `changed` (rows before and after; unchanged ones left out) that names company, kind, id and store of what has to be compiled; kind is NULL where only the version has to rise.';

CREATE FUNCTION edge.raise_versions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    companies uuid[];
    company uuid;
BEGIN
    -- The first row's trigger does the work of all, in one order for everybody: no deadlocks.
    WITH taken AS (
        DELETE FROM edge.changes WHERE xact_id = pg_current_xact_id() RETURNING company_id
    )
    SELECT coalesce(array_agg(company_id ORDER BY company_id), '{}') INTO companies FROM taken;
    FOREACH company IN ARRAY companies LOOP
        UPDATE edge.versions
        SET version = version + 1, changed_at = clock_timestamp()
        WHERE company_id = company;
        IF FOUND THEN
            PERFORM pg_notify('edge_changes', company::text);
        ELSE
            DELETE FROM edge.marks WHERE company_id = company;
            DELETE FROM edge.publications WHERE company_id = company;
            DELETE FROM edge.promotion_compile_errors WHERE company_id = company;
            DELETE FROM edge.category_records WHERE company_id = company;
            DELETE FROM edge.product_records WHERE company_id = company;
            DELETE FROM edge.store_product_records WHERE company_id = company;
            DELETE FROM edge.promotion_records WHERE company_id = company;
            DELETE FROM edge.store_scopes WHERE company_id = company;
            -- The scopes first: whoever is building chunks is waited for, then they are all seen.
            DELETE FROM edge.chunk_scopes WHERE company_id = company;
            DELETE FROM edge.product_chunks WHERE company_id = company;
            DELETE FROM edge.product_holdings WHERE company_id = company;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION edge.raise_versions() IS 'Deferred to the commit, so that the counter''s lock is held for an instant and no writer waits for another.';

CREATE FUNCTION edge.reaches_brands(included uuid[], excluded uuid[], brands uuid[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT EXISTS (
        SELECT 1 FROM unnest(brands) AS b (brand_id)
        WHERE (included IS NULL OR b.brand_id = any(included)) AND b.brand_id != all(excluded)
    )
$$;

COMMENT ON FUNCTION edge.reaches_brands(included uuid[], excluded uuid[], brands uuid[]) IS 'Whether one of the brands is included (NULL: all are) and not excluded.';

CREATE FUNCTION edge.reaches_store(r edge.promotion_records, store uuid, brands uuid[]) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT
        NOT r.is_removed
        AND (r.all_stores OR store = any(r.store_ids))
        AND store != all(r.excluded_store_ids)
        AND CASE
            WHEN cardinality(r.excluded_brand_ids) > 0
                THEN edge.reaches_brands(
                    CASE WHEN NOT r.all_brands THEN r.brand_ids END, r.excluded_brand_ids, brands
                )
            WHEN r.all_brands THEN cardinality(brands) > 0
            ELSE brands && r.brand_ids
        END
$$;

COMMENT ON FUNCTION edge.reaches_store(r edge.promotion_records, store uuid, brands uuid[]) IS 'Whether a promotion is for a store, or for at least one of these brands in it, now or on another day.';

CREATE FUNCTION edge.record_hash(record_id uuid, version bigint) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT (
        'x' || encode(
            substring(sha256(convert_to(record_id::text || ':' || version::text, 'UTF8')), 1, 8), 'hex'
        )
    )::bit(64)::bigint::numeric
$$;

COMMENT ON FUNCTION edge.record_hash(record_id uuid, version bigint) IS 'What a record adds to a checksum: see Holding in the contract.';

CREATE FUNCTION edge.refuse_truncate() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE leaves no trace for the stores: DELETE from edge.% instead', TG_TABLE_NAME;
END
$$;

COMMENT ON FUNCTION edge.refuse_truncate() IS 'TRUNCATE does not tell which rows there were.';

CREATE TABLE affiliate.brands (
    brand_id bigint NOT NULL,
    trackier_advertiser_id text NOT NULL,
    trackier_display_id text,
    name text NOT NULL,
    logo_url text,
    status text NOT NULL,
    is_active boolean NOT NULL,
    checksum text NOT NULL,
    page_key bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT brands_name_check CHECK ((name <> ''::text))
);

COMMENT ON TABLE affiliate.brands IS 'Advertisers of the affiliate platform.';

COMMENT ON COLUMN affiliate.brands.trackier_advertiser_id IS 'The vendor''s hashId: 24 hexadecimal digits.';

COMMENT ON COLUMN affiliate.brands.trackier_display_id IS 'The vendor''s small per-network id, as text.';

COMMENT ON COLUMN affiliate.brands.status IS 'The vendor''s word, whatever it is.';

COMMENT ON COLUMN affiliate.brands.is_active IS 'Ours: status is active, and present in the last complete list.';

COMMENT ON COLUMN affiliate.brands.page_key IS 'ops.sync_pages row of the page that last changed this row; pages expire, so no foreign key.';

ALTER TABLE affiliate.brands ALTER COLUMN brand_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME affiliate.brands_brand_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE affiliate.offers (
    offer_id bigint NOT NULL,
    trackier_campaign_id text NOT NULL,
    trackier_display_id text,
    advertiser_id bigint NOT NULL,
    name text NOT NULL,
    category text,
    base_commission_pct numeric(7,4),
    payout_amount numeric(18,6),
    payout_currency text,
    payout_model text,
    status text NOT NULL,
    is_active boolean NOT NULL,
    checksum text NOT NULL,
    page_key bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT offers_base_commission_pct_check CHECK (((base_commission_pct >= (0)::numeric) AND (base_commission_pct <= (100)::numeric))),
    CONSTRAINT offers_name_check CHECK ((name <> ''::text)),
    CONSTRAINT offers_payout_amount_check CHECK ((payout_amount >= (0)::numeric)),
    CONSTRAINT offers_payout_currency_check CHECK ((payout_currency ~ '^[A-Z]{3}$'::text))
);

COMMENT ON TABLE affiliate.offers IS 'Campaigns of the affiliate platform; never deleted, only deactivated.';

COMMENT ON COLUMN affiliate.offers.base_commission_pct IS 'Percent of the sale, only where the payout is a percentage.';

COMMENT ON COLUMN affiliate.offers.payout_amount IS 'The base payout''s number: an amount in payout_currency, or percent.';

COMMENT ON COLUMN affiliate.offers.status IS 'The vendor''s word, whatever it is.';

COMMENT ON COLUMN affiliate.offers.is_active IS 'Ours: status is active, and present in the last complete fetch.';

ALTER TABLE affiliate.offers ALTER COLUMN offer_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME affiliate.offers_offer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE affiliate.tenants (
    tenant_id bigint NOT NULL,
    name text NOT NULL,
    email text,
    external_ref text,
    trackier_pid text,
    default_share_pct numeric(5,2) DEFAULT 40 NOT NULL,
    custom_domain text,
    CONSTRAINT tenants_default_share_pct_check CHECK (((default_share_pct >= (0)::numeric) AND (default_share_pct <= (100)::numeric)))
);

COMMENT ON TABLE affiliate.tenants IS 'Our publishers; trackier_pid is set by the sync, the rest by us.';

COMMENT ON COLUMN affiliate.tenants.external_ref IS 'Explicit link to a Trackier publisher: its hashId, its display id, or the external reference stored with it.';

ALTER TABLE affiliate.tenants ALTER COLUMN tenant_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME affiliate.tenants_tenant_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE analytics.account_days (
    connection_id bigint NOT NULL,
    date date NOT NULL,
    currency text NOT NULL,
    spend numeric(20,6),
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE analytics.account_days IS 'What an ad account spent per day in all, as the platform says: checked against its campaigns'' sum.';

CREATE TABLE analytics.attribution_events (
    order_id bigint NOT NULL,
    attribution_type text NOT NULL,
    ordinal bigint NOT NULL,
    workspace_id bigint NOT NULL,
    event_type text DEFAULT 'purchase'::text NOT NULL,
    event_time timestamp with time zone NOT NULL,
    event_date date NOT NULL,
    platform text,
    campaign_id bigint,
    candidates bigint[],
    evidence text NOT NULL,
    weight numeric(10,9) NOT NULL,
    currency text NOT NULL,
    gross_value numeric(20,6) NOT NULL,
    conversion_value numeric(20,6) NOT NULL,
    order_rate numeric(24,12),
    touch_key text,
    touched_at timestamp with time zone,
    attributed_click_id text,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    utm_term text,
    referrer text,
    flags text[] DEFAULT '{}'::text[] NOT NULL,
    rule_version bigint NOT NULL,
    computed_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE analytics.attribution_events IS 'Who is credited for an order, per model: weights of an order add up to 1, values to the order''s.';

COMMENT ON COLUMN analytics.attribution_events.ordinal IS 'Position of the touch in time, from 1.';

COMMENT ON COLUMN analytics.attribution_events.event_date IS 'The order''s day in the workspace''s timezone.';

COMMENT ON COLUMN analytics.attribution_events.platform IS 'NULL: credited to no platform.';

COMMENT ON COLUMN analytics.attribution_events.campaign_id IS 'NULL: to none, or only the platform is known (see evidence and candidates).';

COMMENT ON COLUMN analytics.attribution_events.candidates IS 'Campaigns that fit equally well, none of which is credited. NULL: the match was not ambiguous.';

COMMENT ON COLUMN analytics.attribution_events.evidence IS 'What the match rests on: click_log, url_id, utm_name, click_id, utm_source, coupon; else why there is none.';

COMMENT ON COLUMN analytics.attribution_events.gross_value IS 'Share of the order''s gross, in `currency`.';

COMMENT ON COLUMN analytics.attribution_events.conversion_value IS 'Share of the order''s net, in `currency`; below 0 when more was given back than paid.';

COMMENT ON COLUMN analytics.attribution_events.order_rate IS 'The order''s own rate to the reporting currency. NULL: the day''s rate counts.';

COMMENT ON COLUMN analytics.attribution_events.attributed_click_id IS 'Our click id, else the platform''s, as it was.';

CREATE TABLE analytics.campaign_metrics (
    campaign_id bigint NOT NULL,
    date date NOT NULL,
    impressions bigint,
    clicks bigint,
    spend numeric(20,6),
    conversions numeric(18,6),
    conversion_value numeric(20,6),
    conversion_type text,
    reach bigint,
    frequency numeric(14,6),
    video_plays bigint,
    video_views_2s bigint,
    video_views_6s bigint,
    video_quartile_1 bigint,
    video_quartile_2 bigint,
    video_quartile_3 bigint,
    video_completions bigint,
    currency text NOT NULL,
    fx_rate numeric(24,12),
    ctr numeric GENERATED ALWAYS AS (round(((100.0 * (clicks)::numeric) / (NULLIF(impressions, 0))::numeric), 6)) STORED,
    cpc numeric GENERATED ALWAYS AS (round((spend / (NULLIF(clicks, 0))::numeric), 6)) STORED,
    cpm numeric GENERATED ALWAYS AS (round((((1000)::numeric * spend) / (NULLIF(impressions, 0))::numeric), 6)) STORED,
    revenue numeric GENERATED ALWAYS AS ((conversion_value * fx_rate)) STORED,
    roas numeric GENERATED ALWAYS AS (round((conversion_value / NULLIF(spend, (0)::numeric)), 6)) STORED,
    attribution_window text NOT NULL,
    provisional boolean NOT NULL,
    pulled_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE analytics.campaign_metrics IS 'What a platform claims for a campaign on a day of its ad account''s timezone. No row: no delivery.';

COMMENT ON COLUMN analytics.campaign_metrics.clicks IS 'Meta: all clicks; Snapchat: swipes.';

COMMENT ON COLUMN analytics.campaign_metrics.spend IS 'Major units of `currency`. NULL: not reported.';

COMMENT ON COLUMN analytics.campaign_metrics.conversions IS 'Claimed purchases; may be fractional. NULL: not reported.';

COMMENT ON COLUMN analytics.campaign_metrics.conversion_value IS 'Claimed value of the purchases in `currency`. NULL: not reported.';

COMMENT ON COLUMN analytics.campaign_metrics.conversion_type IS 'The vendor''s name of the one event type that was counted.';

COMMENT ON COLUMN analytics.campaign_metrics.reach IS 'People; cannot be added up. NULL: not reported.';

COMMENT ON COLUMN analytics.campaign_metrics.fx_rate IS '1 `currency` in the workspace''s reporting currency on that day. NULL: no source covers the pair.';

COMMENT ON COLUMN analytics.campaign_metrics.ctr IS 'Percent of impressions. NULL without impressions.';

COMMENT ON COLUMN analytics.campaign_metrics.cpc IS '`currency` per click. NULL without clicks.';

COMMENT ON COLUMN analytics.campaign_metrics.cpm IS '`currency` per 1,000 impressions. NULL without any.';

COMMENT ON COLUMN analytics.campaign_metrics.revenue IS 'The claimed value in the reporting currency. NULL: no value or no rate.';

COMMENT ON COLUMN analytics.campaign_metrics.roas IS 'The claimed one: value / spend. NULL without spend.';

COMMENT ON COLUMN analytics.campaign_metrics.attribution_window IS 'What the platform counts as caused by the ad: 7d_click_1d_view.';

COMMENT ON COLUMN analytics.campaign_metrics.provisional IS 'The platform may still restate the day.';

COMMENT ON COLUMN analytics.campaign_metrics.pulled_at IS 'When the vendor gave these values; a pull that finds them unchanged leaves the row alone.';

CREATE TABLE analytics.campaign_names (
    campaign_id bigint NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_until timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    workspace_id bigint NOT NULL,
    platform text NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL
);

COMMENT ON TABLE analytics.campaign_names IS 'Which name a campaign had when, so that an old click still finds its campaign.';

COMMENT ON COLUMN analytics.campaign_names.valid_from IS 'When the name before was last seen (a rename happens between two looks); -infinity for the first.';

COMMENT ON COLUMN analytics.campaign_names.valid_until IS 'When the next name was first seen, exclusive.';

COMMENT ON COLUMN analytics.campaign_names.name_key IS 'Normalised as utm_campaign is.';

CREATE TABLE analytics.campaigns (
    campaign_id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    connection_id bigint NOT NULL,
    platform text NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    status text NOT NULL,
    raw_status text NOT NULL,
    objective text,
    created_on_platform_at timestamp with time zone,
    starts_at timestamp with time zone,
    ends_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT campaigns_status_check CHECK ((status = ANY (ARRAY['active'::text, 'paused'::text, 'ended'::text, 'removed'::text, 'unknown'::text])))
);

COMMENT ON TABLE analytics.campaigns IS 'Campaigns of the linked ad accounts; never deleted.';

COMMENT ON COLUMN analytics.campaigns.external_id IS 'The platform''s id, as text.';

COMMENT ON COLUMN analytics.campaigns.name IS 'The newest one; analytics.campaign_names has those before.';

COMMENT ON COLUMN analytics.campaigns.ends_at IS 'NULL: no end is planned, or the platform does not tell.';

ALTER TABLE analytics.campaigns ALTER COLUMN campaign_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME analytics.campaigns_campaign_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE analytics.click_events (
    workspace_id bigint NOT NULL,
    click_id text NOT NULL COLLATE pg_catalog."C",
    visitor_id text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    landing_url text,
    referrer text,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    utm_term text,
    source_platform text,
    click_platform text,
    click_value text,
    campaign_ref text,
    medium_key text,
    campaign_key text,
    campaign_ids text[],
    referrer_kind text NOT NULL,
    flags text[],
    rule_version bigint NOT NULL
);

COMMENT ON TABLE analytics.click_events IS 'Our own click log: landings on storefronts and passes of our redirect. Columns as in order_touches.';

COMMENT ON COLUMN analytics.click_events.click_id IS 'Ours; the same line twice is one click.';

COMMENT ON COLUMN analytics.click_events.visitor_id IS 'Our snippet''s first-party id of a browser.';

CREATE TABLE analytics.click_files (
    object_key text NOT NULL COLLATE pg_catalog."C",
    etag text NOT NULL,
    lines_read bigint NOT NULL,
    clicks bigint NOT NULL,
    links bigint NOT NULL,
    rejected bigint NOT NULL,
    loaded_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE analytics.click_files IS 'Files of the click log that were read to their end; one that changed since (etag) is read again.';

COMMENT ON COLUMN analytics.click_files.clicks IS 'Clicks that no file had brought before.';

CREATE TABLE analytics.click_loads (
    place text NOT NULL COLLATE pg_catalog."C",
    loaded_until date NOT NULL
);

COMMENT ON TABLE analytics.click_loads IS 'Up to which day (UTC) all files of a click log were read: where the next load begins.';

COMMENT ON COLUMN analytics.click_loads.place IS 'Bucket and prefix of the log.';

CREATE TABLE analytics.connections (
    connection_id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    vendor text NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    currency text,
    timezone text,
    status text DEFAULT 'active'::text NOT NULL,
    settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    credentials bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT connections_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT connections_status_check CHECK ((status = ANY (ARRAY['active'::text, 'disabled'::text, 'needs_reauth'::text]))),
    CONSTRAINT connections_vendor_check CHECK ((vendor = ANY (ARRAY['meta'::text, 'tiktok'::text, 'snapchat'::text, 'shopify'::text, 'woocommerce'::text, 'salla'::text, 'zid'::text])))
);

COMMENT ON TABLE analytics.connections IS 'An ad account or a store of a workspace.';

COMMENT ON COLUMN analytics.connections.external_id IS 'The vendor''s account id without prefix, or the store''s host.';

COMMENT ON COLUMN analytics.connections.currency IS 'ISO 4217; NULL until the vendor was asked.';

COMMENT ON COLUMN analytics.connections.timezone IS 'IANA name; a campaign''s day is a day of this timezone. NULL until the vendor was asked.';

COMMENT ON COLUMN analytics.connections.settings IS 'Neither secret nor common: base_url, api_version.';

COMMENT ON COLUMN analytics.connections.credentials IS 'Tokens, encrypted (Fernet) with a key that the database does not have. NULL: none yet.';

ALTER TABLE analytics.connections ALTER COLUMN connection_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME analytics.connections_connection_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE analytics.consistency_issues (
    kind text NOT NULL,
    subject text NOT NULL,
    date date NOT NULL,
    workspace_id bigint NOT NULL,
    detail text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone
);

COMMENT ON TABLE analytics.consistency_issues IS 'Numbers that cannot be right, or that do not agree with each other.';

COMMENT ON COLUMN analytics.consistency_issues.subject IS 'campaign:<id>, connection:<id> or workspace:<id>.';

COMMENT ON COLUMN analytics.consistency_issues.resolved_at IS 'NULL: still so.';

CREATE TABLE analytics.coupons (
    workspace_id bigint NOT NULL,
    coupon_key text NOT NULL,
    platform text NOT NULL,
    campaign_id bigint
);

COMMENT ON TABLE analytics.coupons IS 'Coupons that were given out in a campaign (influencers).';

COMMENT ON COLUMN analytics.coupons.coupon_key IS 'Normalised as UTM values are.';

CREATE TABLE analytics.fx_pegs (
    currency text NOT NULL,
    anchor text NOT NULL,
    rate numeric(24,12) NOT NULL,
    CONSTRAINT fx_pegs_rate_check CHECK ((rate > (0)::numeric))
);

COMMENT ON TABLE analytics.fx_pegs IS 'Currencies with a fixed price: 1 anchor is `rate` currency, on any day.';

CREATE TABLE analytics.fx_rates (
    rate_date date NOT NULL,
    base_currency text NOT NULL,
    quote_currency text NOT NULL,
    source text NOT NULL,
    rate numeric(24,12) NOT NULL,
    loaded_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT fx_rates_rate_check CHECK ((rate > (0)::numeric)),
    CONSTRAINT fx_rates_source_check CHECK ((source = ANY (ARRAY['ecb'::text, 'peg'::text, 'manual'::text, 'order'::text])))
);

COMMENT ON TABLE analytics.fx_rates IS 'On rate_date 1 base_currency cost `rate` quote_currency.';

CREATE TABLE analytics.order_touches (
    order_id bigint NOT NULL,
    touch_key text NOT NULL COLLATE pg_catalog."C",
    workspace_id bigint NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    landing_url text,
    referrer text,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_content text,
    utm_term text,
    source_platform text,
    click_platform text,
    click_value text,
    campaign_ref text,
    medium_key text,
    campaign_key text,
    campaign_ids text[],
    referrer_kind text NOT NULL,
    flags text[],
    rule_version bigint NOT NULL
);

COMMENT ON TABLE analytics.order_touches IS 'Visits before an order, as the shop remembers them; what they were raw and what they mean.';

COMMENT ON COLUMN analytics.order_touches.source_platform IS 'Platform that utm_source names, if any.';

COMMENT ON COLUMN analytics.order_touches.click_platform IS 'Platform whose click id the URL has, if any.';

COMMENT ON COLUMN analytics.order_touches.campaign_ref IS 'The platform''s campaign id, known at click time (own click log only).';

COMMENT ON COLUMN analytics.order_touches.campaign_key IS 'utm_campaign, normalised; NULL: none or a macro.';

COMMENT ON COLUMN analytics.order_touches.campaign_ids IS 'Ids in the URL that may be a campaign''s.';

COMMENT ON COLUMN analytics.order_touches.referrer_kind IS 'direct, organic or referral: never paid.';

COMMENT ON COLUMN analytics.order_touches.rule_version IS 'Version of the normalising rules.';

CREATE TABLE analytics.order_visitors (
    connection_id bigint NOT NULL,
    external_id text NOT NULL,
    visitor_id text NOT NULL,
    workspace_id bigint NOT NULL,
    occurred_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE analytics.order_visitors IS 'Which browser an order was made in, says our snippet; may be here before the order is.';

CREATE TABLE analytics.orders (
    order_id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    connection_id bigint NOT NULL,
    external_id text NOT NULL,
    number text,
    ordered_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone,
    currency text NOT NULL,
    gross numeric(20,6) NOT NULL,
    refunded numeric(20,6) NOT NULL,
    net numeric(20,6) NOT NULL,
    exchange_rate numeric(24,12),
    exchange_currency text,
    state text NOT NULL,
    raw_status text NOT NULL,
    cancelled_at timestamp with time zone,
    is_test boolean NOT NULL,
    not_attributable text,
    source text,
    coupons text[] DEFAULT '{}'::text[] NOT NULL,
    customer_key text,
    own_click_ids text[] DEFAULT '{}'::text[] NOT NULL,
    refunds jsonb DEFAULT '[]'::jsonb NOT NULL,
    touches_ready boolean DEFAULT true NOT NULL,
    flags text[] DEFAULT '{}'::text[] NOT NULL,
    checksum text NOT NULL,
    pulled_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT orders_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'placed'::text, 'confirmed'::text, 'cancelled'::text])))
);

COMMENT ON TABLE analytics.orders IS 'Store orders, each in its newest version; money in `currency`.';

COMMENT ON COLUMN analytics.orders.ordered_at IS 'When the order was made, whole seconds.';

COMMENT ON COLUMN analytics.orders.changed_at IS 'The vendor''s update time; an older version never replaces a newer one. NULL: the vendor has none.';

COMMENT ON COLUMN analytics.orders.gross IS 'What the order costs after edits, before refunds and cancellation.';

COMMENT ON COLUMN analytics.orders.refunded IS 'What the order''s value is reduced by: money given back, all of it when cancelled. May exceed gross.';

COMMENT ON COLUMN analytics.orders.net IS 'gross - refunded; below 0 when more was given back.';

COMMENT ON COLUMN analytics.orders.exchange_rate IS 'The order''s own: 1 `currency` = so much exchange_currency. NULL: it has none.';

COMMENT ON COLUMN analytics.orders.state IS 'pending is no revenue and not attributed.';

COMMENT ON COLUMN analytics.orders.not_attributable IS 'Why no click led to it (pos, admin, draft, api, marketplace, renewal, import). NULL: one may have.';

COMMENT ON COLUMN analytics.orders.customer_key IS 'A hash that tells customers apart.';

COMMENT ON COLUMN analytics.orders.touches_ready IS 'False: the shop still works on them.';

ALTER TABLE analytics.orders ALTER COLUMN order_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME analytics.orders_order_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE analytics.performance_alerts (
    campaign_id bigint NOT NULL,
    kind text NOT NULL,
    date date NOT NULL,
    workspace_id bigint NOT NULL,
    severity text NOT NULL,
    message text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    notified_at timestamp with time zone,
    CONSTRAINT performance_alerts_kind_check CHECK ((kind = ANY (ARRAY['roas_drop'::text, 'high_spend_low_conversions'::text, 'ctr_drop'::text]))),
    CONSTRAINT performance_alerts_severity_check CHECK ((severity = ANY (ARRAY['high'::text, 'medium'::text, 'low'::text])))
);

COMMENT ON TABLE analytics.performance_alerts IS 'A campaign''s last complete day against the 14 days before; one row a campaign, kind and day.';

COMMENT ON COLUMN analytics.performance_alerts.resolved_at IS 'NULL: still true.';

COMMENT ON COLUMN analytics.performance_alerts.notified_at IS 'Told once. NULL: not yet.';

CREATE TABLE analytics.stale_days (
    workspace_id bigint NOT NULL,
    date date NOT NULL
);

COMMENT ON TABLE analytics.stale_days IS 'Days whose totals have to be computed: written with the change, removed with the result.';

CREATE TABLE analytics.stale_orders (
    order_id bigint NOT NULL
);

COMMENT ON TABLE analytics.stale_orders IS 'Orders whose attribution has to be computed: written with the change, removed with the result.';

CREATE TABLE analytics.sync_parts (
    run_key bigint NOT NULL,
    connection_id bigint NOT NULL,
    outcome text NOT NULL,
    error text,
    counts jsonb NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    CONSTRAINT sync_parts_outcome_check CHECK ((outcome = ANY (ARRAY['completed'::text, 'waiting'::text, 'deferred'::text, 'retry'::text, 'needs_reauth'::text, 'failed'::text, 'busy'::text])))
);

COMMENT ON TABLE analytics.sync_parts IS 'How each connection''s part of a run ended; what is completed is not asked again by that run.';

COMMENT ON COLUMN analytics.sync_parts.run_key IS 'ops.sync_runs row; runs expire, so no foreign key.';

CREATE TABLE analytics.sync_state (
    connection_id bigint NOT NULL,
    last_attempt_at timestamp with time zone,
    last_success_at timestamp with time zone,
    last_error text,
    consecutive_failures bigint DEFAULT 0 NOT NULL,
    not_before timestamp with time zone,
    first_synced_at timestamp with time zone,
    last_wide_at timestamp with time zone,
    campaigns_seen_at timestamp with time zone,
    orders_until timestamp with time zone,
    report jsonb
);

COMMENT ON TABLE analytics.sync_state IS 'How far each connection is, and when it may be asked again.';

COMMENT ON COLUMN analytics.sync_state.last_error IS 'Of the last attempt; NULL after a success.';

COMMENT ON COLUMN analytics.sync_state.not_before IS 'The vendor asked to wait until then. NULL: no wait.';

COMMENT ON COLUMN analytics.sync_state.first_synced_at IS 'When the first 90 days were complete.';

COMMENT ON COLUMN analytics.sync_state.last_wide_at IS 'When the last 30 days were last complete.';

COMMENT ON COLUMN analytics.sync_state.campaigns_seen_at IS 'When the campaigns were last listed: until then their stored names were in force.';

COMMENT ON COLUMN analytics.sync_state.orders_until IS 'Orders changed before this instant are here. NULL: none yet.';

COMMENT ON COLUMN analytics.sync_state.report IS 'A report that was asked for and is not read yet.';

CREATE TABLE analytics.workspace_daily (
    workspace_id bigint NOT NULL,
    date date NOT NULL,
    platform text NOT NULL,
    currency text NOT NULL,
    impressions bigint,
    clicks bigint,
    spend numeric,
    claimed_conversions numeric,
    claimed_revenue numeric,
    claimed_roas numeric GENERATED ALWAYS AS (round((claimed_revenue / NULLIF(spend, (0)::numeric)), 6)) STORED,
    attributed_conversions numeric,
    attributed_gross numeric,
    attributed_revenue numeric,
    attributed_roas numeric GENERATED ALWAYS AS (round((attributed_revenue / NULLIF(spend, (0)::numeric)), 6)) STORED,
    unconverted bigint NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE analytics.workspace_daily IS 'Claimed next to attributed, in the reporting currency (rounded to 6 decimals); platform `none` has what no ad is credited for.';

COMMENT ON COLUMN analytics.workspace_daily.date IS 'Claims: a day of the ad account''s timezone; orders: of the workspace''s.';

COMMENT ON COLUMN analytics.workspace_daily.spend IS 'NULL: nothing reported, or a rate is missing.';

COMMENT ON COLUMN analytics.workspace_daily.attributed_conversions IS 'Orders, each counted by its weight, with the workspace''s first model.';

COMMENT ON COLUMN analytics.workspace_daily.attributed_revenue IS 'Net of refunds, on the order''s day. NULL: a rate is missing.';

COMMENT ON COLUMN analytics.workspace_daily.unconverted IS 'Rows whose currency no rate of the day covers; with one, the sum over it is NULL.';

CREATE TABLE analytics.workspaces (
    workspace_id bigint NOT NULL,
    name text NOT NULL,
    timezone text NOT NULL,
    reporting_currency text NOT NULL,
    attribution_models text[] DEFAULT '{last_click}'::text[] NOT NULL,
    attribution_window_days bigint DEFAULT 7 NOT NULL,
    paid_media text[] DEFAULT '{cpc,ppc,cpm,cpv,paid,paid-social,paid_social,paidsocial,"paid social",ads,ad}'::text[] NOT NULL,
    counts_unproven_clicks boolean DEFAULT false NOT NULL,
    alert_thresholds jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT workspaces_attribution_models_check CHECK (((cardinality(attribution_models) > 0) AND (attribution_models <@ ARRAY['last_click'::text, 'first_click'::text, 'linear'::text, 'position_based'::text, 'time_decay'::text]))),
    CONSTRAINT workspaces_attribution_window_days_check CHECK ((attribution_window_days = ANY (ARRAY[(1)::bigint, (7)::bigint, (14)::bigint, (28)::bigint, (30)::bigint]))),
    CONSTRAINT workspaces_reporting_currency_check CHECK ((reporting_currency ~ '^[A-Z]{3}$'::text))
);

COMMENT ON TABLE analytics.workspaces IS 'A business whose ads and stores are looked at together.';

COMMENT ON COLUMN analytics.workspaces.timezone IS 'IANA name; an order''s day is a day of this timezone.';

COMMENT ON COLUMN analytics.workspaces.reporting_currency IS 'ISO 4217; sums across currencies exist only in this one.';

COMMENT ON COLUMN analytics.workspaces.attribution_models IS 'Models that are computed; dashboards show the first.';

COMMENT ON COLUMN analytics.workspaces.attribution_window_days IS 'Days of 86,400 s from click to order, both ends included.';

COMMENT ON COLUMN analytics.workspaces.paid_media IS 'utm_medium values, normalised, that say that somebody paid for the click.';

COMMENT ON COLUMN analytics.workspaces.counts_unproven_clicks IS 'Whether an fbclid alone counts as an ad: Meta appends it to unpaid links too.';

COMMENT ON COLUMN analytics.workspaces.alert_thresholds IS 'Thresholds that differ from the defaults, by name.';

ALTER TABLE analytics.workspaces ALTER COLUMN workspace_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME analytics.workspaces_workspace_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE edge.brands (
    brand_id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL
);

COMMENT ON TABLE edge.brands IS 'What a company''s stores sell under.';

CREATE TABLE edge.categories (
    category_id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid NOT NULL,
    parent_id uuid,
    brand_id uuid,
    code text NOT NULL,
    name text NOT NULL,
    sort_order bigint DEFAULT 0 NOT NULL,
    is_active boolean DEFAULT true NOT NULL
);

COMMENT ON TABLE edge.categories IS 'A tree per company.';

COMMENT ON COLUMN edge.categories.brand_id IS 'NULL: every brand of the company uses it.';

CREATE TABLE edge.category_records (
    company_id uuid NOT NULL,
    category_id uuid NOT NULL,
    version bigint NOT NULL,
    is_removed boolean NOT NULL,
    is_active boolean NOT NULL,
    brand_id uuid,
    former_brand_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    body bytea NOT NULL
);

COMMENT ON TABLE edge.category_records IS 'Categories as served; a removed one is a tombstone. No foreign keys: it outlives its source.';

CREATE TABLE edge.changes (
    xact_id xid8 DEFAULT pg_current_xact_id() NOT NULL,
    company_id uuid NOT NULL
);

COMMENT ON TABLE edge.changes IS 'Companies that a running transaction has changed; emptied by its commit, so others never see a row.';

CREATE TABLE edge.chunk_scopes (
    company_id uuid NOT NULL,
    brand_id uuid NOT NULL,
    version bigint NOT NULL,
    revision bigint DEFAULT 0 NOT NULL
);

COMMENT ON TABLE edge.chunk_scopes IS 'Brands that have chunks. Whoever marks or rebuilds chunks holds the lock of the brand''s row.';

COMMENT ON COLUMN edge.chunk_scopes.version IS 'Changes up to here have made their chunks dirty.';

COMMENT ON COLUMN edge.chunk_scopes.revision IS 'Rises with each change of the brand''s list of chunks.';

CREATE TABLE edge.companies (
    company_id uuid DEFAULT gen_random_uuid() NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    timezone text NOT NULL,
    currency text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    CONSTRAINT companies_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT companies_timezone_check CHECK (isfinite(('2026-01-01 00:00:00+00'::timestamp with time zone AT TIME ZONE timezone)))
);

COMMENT ON TABLE edge.companies IS 'The tenants.';

COMMENT ON COLUMN edge.companies.currency IS 'ISO 4217; every amount of the company is in it.';

CREATE TABLE edge.edge_clients (
    client_id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid NOT NULL,
    store_id uuid NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    secret_hash text NOT NULL,
    scopes text[] DEFAULT '{sync,usage}'::text[] NOT NULL,
    generation bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    rotated_at timestamp with time zone,
    revoked_at timestamp with time zone,
    reported_at timestamp with time zone,
    reported_version bigint,
    drifted_at timestamp with time zone,
    client_version text DEFAULT ''::text NOT NULL
);

COMMENT ON TABLE edge.edge_clients IS 'Credentials of a store''s edge server, and what it last reported.';

COMMENT ON COLUMN edge.edge_clients.secret_hash IS 'argon2id.';

COMMENT ON COLUMN edge.edge_clients.generation IS 'Raised to void all tokens that were issued before.';

CREATE TABLE edge.holidays (
    company_id uuid NOT NULL,
    held_on date NOT NULL,
    name text NOT NULL
);

COMMENT ON TABLE edge.holidays IS 'Days on which promotions with exclude_holidays do not hold.';

CREATE TABLE edge.marks (
    mark_id bigint NOT NULL,
    company_id uuid NOT NULL,
    kind text NOT NULL,
    record_id uuid NOT NULL,
    store_id uuid
);

COMMENT ON TABLE edge.marks IS 'What has changed and is to be compiled. Writers only insert and the compiler only deletes, so that neither waits for the other.';

ALTER TABLE edge.marks ALTER COLUMN mark_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME edge.marks_mark_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE edge.package_promotions (
    promotion_id uuid NOT NULL,
    name text NOT NULL,
    sku text NOT NULL,
    price numeric(18,4) NOT NULL,
    allow_modification boolean DEFAULT false NOT NULL,
    min_items bigint DEFAULT 0 NOT NULL,
    max_items bigint DEFAULT 0 NOT NULL,
    deduction_strategy text DEFAULT 'all_components'::text NOT NULL
);

COMMENT ON TABLE edge.package_promotions IS 'The set that a package promotion sells.';

CREATE TABLE edge.product_chunks (
    chunk_id bigint NOT NULL,
    company_id uuid NOT NULL,
    brand_id uuid NOT NULL,
    first_id uuid NOT NULL,
    is_dirty boolean NOT NULL,
    records bigint NOT NULL,
    body bytea NOT NULL,
    packed bytea NOT NULL
);
ALTER TABLE ONLY edge.product_chunks ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE ONLY edge.product_chunks ALTER COLUMN packed SET STORAGE EXTERNAL;

COMMENT ON TABLE edge.product_chunks IS 'A brand''s active products from first_id up to the next chunk''s, framed for a batch, without any store''s overlay. A rebuilt chunk has another id, so that what is kept by id never changes.';

COMMENT ON COLUMN edge.product_chunks.packed IS 'The same, compressed with gzip once for everybody.';

ALTER TABLE edge.product_chunks ALTER COLUMN chunk_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME edge.product_chunks_chunk_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE edge.product_holdings (
    company_id uuid NOT NULL,
    brand_id uuid NOT NULL,
    store_id uuid NOT NULL,
    records numeric NOT NULL,
    checksum numeric NOT NULL
);

COMMENT ON TABLE edge.product_holdings IS 'Count and checksum of a brand''s active products, kept by triggers on their records. Only the publication of a company changes them, so nobody waits for its rows.';

COMMENT ON COLUMN edge.product_holdings.store_id IS 'All zeros: the brand''s own. A store: what its overlays add, where they are newer than their product.';

CREATE TABLE edge.product_records (
    company_id uuid NOT NULL,
    product_id uuid NOT NULL,
    version bigint NOT NULL,
    is_removed boolean NOT NULL,
    is_active boolean NOT NULL,
    brand_id uuid NOT NULL,
    former_brand_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    body bytea NOT NULL
);

COMMENT ON TABLE edge.product_records IS 'Products as served; a removed one is a tombstone.';

COMMENT ON COLUMN edge.product_records.former_brand_ids IS 'Brands it has been of: their stores are told that it left.';

CREATE TABLE edge.products (
    product_id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid NOT NULL,
    brand_id uuid NOT NULL,
    category_id uuid,
    sku text NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    barcode text DEFAULT ''::text NOT NULL,
    base_price numeric(18,4) NOT NULL,
    tax_percent numeric(5,2),
    is_active boolean DEFAULT true NOT NULL,
    CONSTRAINT products_base_price_check CHECK ((base_price >= (0)::numeric)),
    CONSTRAINT products_tax_percent_check CHECK (((tax_percent >= (0)::numeric) AND (tax_percent <= (100)::numeric)))
);

COMMENT ON TABLE edge.products IS 'What is sold; a store of the brand has every product of it.';

CREATE TABLE edge.promotion_audits (
    company_id uuid NOT NULL,
    audited_on date NOT NULL,
    promotion_id uuid NOT NULL,
    finding text NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    detail text NOT NULL,
    audited_at timestamp with time zone NOT NULL,
    CONSTRAINT promotion_audits_finding_check CHECK ((finding = ANY (ARRAY['expiring'::text, 'never_used'::text, 'over_limit'::text, 'not_compiled'::text])))
);

COMMENT ON TABLE edge.promotion_audits IS 'What edge_promotion_audit found, a report a company and day; the day''s last run counts.';

COMMENT ON COLUMN edge.promotion_audits.audited_on IS 'By the company''s time zone.';

CREATE TABLE edge.promotion_compile_errors (
    promotion_id uuid NOT NULL,
    company_id uuid NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    version bigint NOT NULL,
    first_failed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    last_failed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE edge.promotion_compile_errors IS 'Promotions that no store is served, and why. A row goes when its promotion compiles again.';

CREATE TABLE edge.promotion_effectiveness (
    promotion_id uuid NOT NULL,
    store_id uuid NOT NULL,
    business_on date NOT NULL,
    currency text NOT NULL,
    company_id uuid NOT NULL,
    uses bigint NOT NULL,
    taken_back bigint NOT NULL,
    discount_amount numeric(24,4) NOT NULL,
    bills bigint NOT NULL,
    customers bigint NOT NULL,
    first_used_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone NOT NULL,
    rolled_up_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone
);

COMMENT ON TABLE edge.promotion_effectiveness IS 'How a promotion was used in a store on a day of the store. Made from edge.promotion_usages by edge_usage_rollup; a day is made anew whenever a use of it arrives, however late. No foreign keys: a sale stays a fact.';

COMMENT ON COLUMN edge.promotion_effectiveness.uses IS 'All uses of the day, also those taken back since.';

COMMENT ON COLUMN edge.promotion_effectiveness.taken_back IS 'Those that were taken back, on whatever day: it lowers the day of the use.';

COMMENT ON COLUMN edge.promotion_effectiveness.discount_amount IS 'Given, less what was taken back.';

COMMENT ON COLUMN edge.promotion_effectiveness.bills IS 'Bills with a use that was not taken back.';

COMMENT ON COLUMN edge.promotion_effectiveness.customers IS 'Known customers of those bills.';

COMMENT ON COLUMN edge.promotion_effectiveness.closed_at IS 'When the first of its uses was deleted for its age; what arrives since does not change the row. NULL: none.';

CREATE TABLE edge.promotion_items (
    promotion_id uuid NOT NULL,
    sort_order bigint NOT NULL,
    product_id uuid,
    category_id uuid,
    quantity bigint DEFAULT 1 NOT NULL,
    is_choice boolean DEFAULT false NOT NULL,
    is_required boolean DEFAULT true NOT NULL,
    min_selection bigint DEFAULT 0 NOT NULL,
    max_selection bigint DEFAULT 0 NOT NULL,
    surcharge numeric(18,4),
    CONSTRAINT promotion_items_one_part_check CHECK ((num_nonnulls(product_id, category_id) <= 1)),
    CONSTRAINT promotion_items_quantity_check CHECK ((quantity >= 1))
);

COMMENT ON TABLE edge.promotion_items IS 'Parts of a combo or package. A part whose product was deleted stays without one, and the promotion is reported as not compilable: it must not get cheaper by itself.';

CREATE TABLE edge.promotion_sync_settings (
    company_id uuid NOT NULL,
    sync_strategy text DEFAULT 'include_future'::text NOT NULL,
    future_days bigint DEFAULT 7 NOT NULL,
    past_days bigint DEFAULT 1 NOT NULL,
    include_inactive boolean DEFAULT false NOT NULL,
    auto_sync_enabled boolean DEFAULT true NOT NULL,
    sync_interval_hours bigint DEFAULT 6 NOT NULL,
    max_promotions_per_sync bigint DEFAULT 100 NOT NULL,
    enable_compression boolean DEFAULT true NOT NULL,
    CONSTRAINT promotion_sync_settings_future_days_check CHECK (((future_days >= 0) AND (future_days <= 90))),
    CONSTRAINT promotion_sync_settings_max_promotions_per_sync_check CHECK (((max_promotions_per_sync >= 10) AND (max_promotions_per_sync <= 500))),
    CONSTRAINT promotion_sync_settings_past_days_check CHECK (((past_days >= 0) AND (past_days <= 30))),
    CONSTRAINT promotion_sync_settings_sync_interval_hours_check CHECK (((sync_interval_hours >= 1) AND (sync_interval_hours <= 24))),
    CONSTRAINT promotion_sync_settings_sync_strategy_check CHECK ((sync_strategy = ANY (ARRAY['current_only'::text, 'include_future'::text, 'all_active'::text])))
);

COMMENT ON TABLE edge.promotion_sync_settings IS 'What of its promotions a company sends to its stores; a row is made with each company.';

COMMENT ON COLUMN edge.promotion_sync_settings.max_promotions_per_sync IS 'Size of a page, not a limit.';

CREATE TABLE edge.promotion_targets (
    target_id uuid DEFAULT gen_random_uuid() NOT NULL,
    promotion_id uuid NOT NULL,
    target_role text NOT NULL,
    brand_id uuid,
    store_id uuid,
    category_id uuid,
    product_id uuid,
    other_promotion_id uuid,
    CONSTRAINT promotion_targets_one_target_check CHECK ((num_nonnulls(brand_id, store_id, category_id, product_id, other_promotion_id) = 1)),
    CONSTRAINT promotion_targets_target_role_check CHECK ((target_role = ANY (ARRAY['include'::text, 'exclude'::text, 'trigger'::text, 'benefit'::text])))
);

COMMENT ON TABLE edge.promotion_targets IS 'What a promotion includes and excludes: a brand, store, category or product. Roles trigger and benefit are brands of a cross-brand promotion; another promotion with role exclude cannot be combined with it.';

CREATE TABLE edge.promotion_tiers (
    promotion_id uuid NOT NULL,
    tier_order bigint NOT NULL,
    name text NOT NULL,
    min_amount numeric(18,4) NOT NULL,
    max_amount numeric(18,4),
    discount_type text NOT NULL,
    discount_value numeric(18,4),
    free_product_id uuid,
    is_active boolean DEFAULT true NOT NULL
);

COMMENT ON TABLE edge.promotion_tiers IS 'Tiers of a threshold_tier promotion.';

COMMENT ON COLUMN edge.promotion_tiers.discount_value IS 'By discount_type: percent, amount or points_multiplier; NULL for free_product.';

CREATE TABLE edge.promotion_usages (
    store_id uuid NOT NULL,
    usage_id uuid NOT NULL,
    company_id uuid NOT NULL,
    promotion_id uuid NOT NULL,
    promotion_version bigint DEFAULT 0 NOT NULL,
    bill_id text NOT NULL,
    brand_id uuid NOT NULL,
    customer_id text DEFAULT ''::text NOT NULL,
    discount_amount numeric(18,4) NOT NULL,
    currency text NOT NULL,
    used_at timestamp with time zone NOT NULL,
    business_on date NOT NULL,
    reverses_usage_id uuid,
    content_hash bytea NOT NULL,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    recorded_in xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT promotion_usages_bill_id_check CHECK (((length(bill_id) >= 1) AND (length(bill_id) <= 100))),
    CONSTRAINT promotion_usages_discount_amount_check CHECK ((discount_amount >= (0)::numeric))
);

COMMENT ON TABLE edge.promotion_usages IS 'A use, or its reversal, once. No foreign keys: a sale stays a fact when the promotion is deleted. How often a promotion was used is counted from here.';

COMMENT ON COLUMN edge.promotion_usages.usage_id IS 'Made by the edge with the bill.';

COMMENT ON COLUMN edge.promotion_usages.business_on IS 'The store''s day, as the edge says.';

COMMENT ON COLUMN edge.promotion_usages.content_hash IS 'Tells a repeated record from a conflicting one.';

COMMENT ON COLUMN edge.promotion_usages.recorded_in IS 'The transaction that stored it. A reader that goes on from the oldest one that was open misses no row, in whatever order they commit; received_at does not have that property.';

CREATE TABLE edge.promotions (
    promotion_id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    terms_conditions text DEFAULT ''::text NOT NULL,
    promo_type text NOT NULL,
    apply_to text DEFAULT 'all'::text NOT NULL,
    all_brands boolean DEFAULT true NOT NULL,
    all_stores boolean DEFAULT true NOT NULL,
    execution_stage text DEFAULT 'item_level'::text NOT NULL,
    execution_priority bigint DEFAULT 500 NOT NULL,
    priority bigint DEFAULT 0 NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    is_auto_apply boolean DEFAULT true NOT NULL,
    require_voucher boolean DEFAULT false NOT NULL,
    show_in_menu boolean DEFAULT false NOT NULL,
    is_stackable boolean DEFAULT false NOT NULL,
    start_on date NOT NULL,
    end_on date NOT NULL,
    weekdays bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    starts_at_time time without time zone,
    ends_at_time time without time zone,
    exclude_holidays boolean DEFAULT false NOT NULL,
    member_only boolean DEFAULT false NOT NULL,
    member_tiers text[] DEFAULT '{}'::text[] NOT NULL,
    excluded_member_ids text[] DEFAULT '{}'::text[] NOT NULL,
    customer_type text DEFAULT 'all'::text NOT NULL,
    inactive_days_threshold bigint DEFAULT 30 NOT NULL,
    sales_channels text[] DEFAULT '{}'::text[] NOT NULL,
    excluded_channels text[] DEFAULT '{}'::text[] NOT NULL,
    min_purchase numeric(18,4),
    min_quantity bigint DEFAULT 0 NOT NULL,
    min_items bigint DEFAULT 0 NOT NULL,
    max_uses bigint,
    max_uses_per_customer bigint,
    max_uses_per_day bigint,
    cross_brand_type text,
    cross_brand_min_amount numeric(18,4),
    cross_brand_parameters jsonb,
    manual_override boolean DEFAULT false NOT NULL,
    override_role text DEFAULT ''::text NOT NULL,
    employee_only boolean DEFAULT false NOT NULL,
    override_max_amount numeric(18,4),
    discount_percent numeric(5,2),
    discount_amount numeric(18,4),
    max_discount_amount numeric(18,4),
    special_price numeric(18,4),
    buy_quantity bigint,
    get_quantity bigint,
    same_product_only boolean DEFAULT false NOT NULL,
    trigger_product_id uuid,
    trigger_quantity bigint,
    benefit_product_id uuid,
    benefit_quantity bigint,
    payment_methods text[] DEFAULT '{}'::text[] NOT NULL,
    payment_min_amount numeric(18,4),
    cashback_method text DEFAULT 'points'::text NOT NULL,
    mix_category_id uuid,
    required_quantity bigint,
    allow_same_product boolean DEFAULT true NOT NULL,
    message text DEFAULT ''::text NOT NULL,
    CONSTRAINT promotions_discount_percent_check CHECK (((discount_percent >= (0)::numeric) AND (discount_percent <= (100)::numeric))),
    CONSTRAINT promotions_end_on_check CHECK ((end_on >= start_on)),
    CONSTRAINT promotions_execution_priority_check CHECK (((execution_priority >= 1) AND (execution_priority <= 999))),
    CONSTRAINT promotions_times_check CHECK (((num_nonnulls(starts_at_time, ends_at_time) = ANY (ARRAY[0, 2])) AND (starts_at_time <> ends_at_time))),
    CONSTRAINT promotions_weekdays_check CHECK ((weekdays <@ '{1,2,3,4,5,6,7}'::bigint[]))
);

COMMENT ON TABLE edge.promotions IS 'Promotions of twelve types. Text columns take any word: what is wrong is found when it is compiled, and then is in edge.promotion_compile_errors, so that an import never fails for one promotion.';

COMMENT ON COLUMN edge.promotions.execution_priority IS 'Lower runs first.';

COMMENT ON COLUMN edge.promotions.priority IS 'Higher runs first among equal execution priorities.';

COMMENT ON COLUMN edge.promotions.weekdays IS 'ISO weekdays, 1 Monday to 7 Sunday; empty: every day.';

COMMENT ON COLUMN edge.promotions.ends_at_time IS 'Exclusive, 24:00 included; before starts_at_time: it ends on the next day.';

COMMENT ON COLUMN edge.promotions.max_uses IS 'NULL: without limit; 0: never.';

COMMENT ON COLUMN edge.promotions.discount_percent IS 'NULL and 0 differ: 0 gives nothing.';

CREATE TABLE edge.publications (
    company_id uuid NOT NULL,
    version bigint NOT NULL,
    published_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE edge.publications IS 'Versions whose records were compiled. The newest is the one served. No foreign key: its check would make a publication fail whenever the company''s row is written meanwhile.';

CREATE TABLE edge.refresh_tokens (
    token_hash bytea NOT NULL,
    client_id uuid NOT NULL,
    family_id uuid NOT NULL,
    issued_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone
);

COMMENT ON TABLE edge.refresh_tokens IS 'Each works once; a second use voids its family.';

CREATE TABLE edge.refused_records (
    store_id uuid NOT NULL,
    record_id text NOT NULL,
    version bigint NOT NULL,
    reason text NOT NULL,
    client_version text NOT NULL,
    times bigint DEFAULT 1 NOT NULL,
    first_reported_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    last_reported_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE edge.refused_records IS 'What a store''s edge last said that it skips, and why; a report without a record takes it away. At most 100 a store.';

CREATE TABLE edge.rollup_progress (
    report text NOT NULL,
    processed_before xid8 NOT NULL,
    rolled_up_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE edge.rollup_progress IS 'Up to where a rollup has read: everything that transactions below processed_before have stored.';

CREATE TABLE edge.settings_changes (
    change_id bigint NOT NULL,
    company_id uuid NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_by text NOT NULL,
    settings_before jsonb NOT NULL,
    settings_after jsonb NOT NULL
);

COMMENT ON TABLE edge.settings_changes IS 'Changes of promotion_sync_settings; only what differs is kept of each.';

ALTER TABLE edge.settings_changes ALTER COLUMN change_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME edge.settings_changes_change_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE edge.store_brands (
    store_id uuid NOT NULL,
    brand_id uuid NOT NULL
);

COMMENT ON TABLE edge.store_brands IS 'Which brands a store sells.';

CREATE TABLE edge.store_product_records (
    store_id uuid NOT NULL,
    product_id uuid NOT NULL,
    company_id uuid NOT NULL,
    version bigint NOT NULL,
    body bytea NOT NULL
);

COMMENT ON TABLE edge.store_product_records IS 'A store''s fields of a product; appended to the product''s bytes. Empty: it has none (any more).';

CREATE TABLE edge.store_products (
    store_id uuid NOT NULL,
    product_id uuid NOT NULL,
    price numeric(18,4),
    is_available boolean DEFAULT true NOT NULL,
    CONSTRAINT store_products_price_check CHECK ((price >= (0)::numeric))
);

COMMENT ON TABLE edge.store_products IS 'A store''s own price and availability, where it has them.';

COMMENT ON COLUMN edge.store_products.price IS 'NULL: the product''s base price.';

CREATE TABLE edge.store_scopes (
    store_id uuid NOT NULL,
    company_id uuid NOT NULL,
    version bigint NOT NULL
);

COMMENT ON TABLE edge.store_scopes IS 'The version at which what decides a store''s records last changed, for edges that keep a time and no cursor. No foreign keys: it is written by a publication, which must not wait for writers.';

CREATE TABLE edge.stores (
    store_id uuid DEFAULT gen_random_uuid() NOT NULL,
    company_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    timezone text NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    CONSTRAINT stores_timezone_check CHECK (isfinite(('2026-01-01 00:00:00+00'::timestamp with time zone AT TIME ZONE timezone)))
);

COMMENT ON TABLE edge.stores IS 'Shops; each has one edge server.';

COMMENT ON COLUMN edge.stores.timezone IS 'IANA name. Days and hours of promotions are meant in it.';

CREATE TABLE edge.usage_rejects (
    reject_key bigint NOT NULL,
    company_id uuid NOT NULL,
    store_id uuid NOT NULL,
    usage_id text NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    detail text DEFAULT ''::text NOT NULL,
    record bytea NOT NULL,
    record_hash bytea NOT NULL,
    times bigint DEFAULT 1 NOT NULL,
    first_received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    last_received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT usage_rejects_kind_check CHECK ((kind = ANY (ARRAY['rejected'::text, 'conflict'::text])))
);

COMMENT ON TABLE edge.usage_rejects IS 'Records that were not stored, once per store and content.';

COMMENT ON COLUMN edge.usage_rejects.record IS 'The serialised UsageRecord, as it came.';

ALTER TABLE edge.usage_rejects ALTER COLUMN reject_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME edge.usage_rejects_reject_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE edge.versions (
    company_id uuid NOT NULL,
    epoch uuid DEFAULT gen_random_uuid() NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    changed_at timestamp with time zone,
    floor_version bigint DEFAULT 0 NOT NULL,
    floor_raised_at timestamp with time zone
);

COMMENT ON TABLE edge.versions IS 'A company''s data version. It is raised at the end of each transaction that changed something, under the row''s lock, so versions are in commit order.';

COMMENT ON COLUMN edge.versions.epoch IS 'Numbering that the versions belong to; renewed after a restore.';

COMMENT ON COLUMN edge.versions.floor_version IS 'Tombstones up to here may be gone: older cursors need a snapshot.';

COMMENT ON COLUMN edge.versions.floor_raised_at IS 'When the floor was last raised. Tombstones below it are deleted once no stream can be older. NULL: never.';

CREATE TABLE ops.alert_deliveries (
    alert_key bigint NOT NULL,
    channel text NOT NULL,
    status text NOT NULL,
    attempts bigint DEFAULT 0 NOT NULL,
    next_try_at timestamp with time zone NOT NULL,
    last_error text,
    delivered_at timestamp with time zone,
    CONSTRAINT alert_deliveries_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'delivered'::text, 'withheld'::text])))
);

COMMENT ON TABLE ops.alert_deliveries IS 'An alert on its way to a channel; pending until the channel has taken it.';

COMMENT ON COLUMN ops.alert_deliveries.status IS 'withheld: the rate limit of its kind kept it back; it is in the table only.';

CREATE TABLE ops.alerts (
    alert_key bigint NOT NULL,
    fingerprint text NOT NULL,
    kind text NOT NULL,
    severity text NOT NULL,
    flow text NOT NULL,
    run_id text,
    task_id text,
    title text NOT NULL,
    message text NOT NULL,
    link text,
    occurrences bigint DEFAULT 1 NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    notified_at timestamp with time zone,
    acknowledged_at timestamp with time zone,
    acknowledged_by text,
    resolved_at timestamp with time zone,
    runbook text,
    resolved_by text,
    CONSTRAINT alerts_severity_check CHECK ((severity = ANY (ARRAY['warning'::text, 'critical'::text])))
);

COMMENT ON TABLE ops.alerts IS 'What somebody should look at; one open row a cause.';

COMMENT ON COLUMN ops.alerts.fingerprint IS 'Names the cause: while an alert of it is open, it is counted and not sent again.';

COMMENT ON COLUMN ops.alerts.notified_at IS 'When the first channel had it.';

COMMENT ON COLUMN ops.alerts.runbook IS 'Address of the page that says what to do.';

COMMENT ON COLUMN ops.alerts.resolved_by IS 'A person''s name, or why it closed by itself.';

ALTER TABLE ops.alerts ALTER COLUMN alert_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ops.alerts_alert_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ops.sync_events (
    event_id uuid NOT NULL,
    flow text NOT NULL,
    run_key bigint NOT NULL,
    name text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    published_at timestamp with time zone
);

COMMENT ON TABLE ops.sync_events IS 'Outbox: written with the data it speaks of, published afterwards at least once under a stable id.';

CREATE TABLE ops.sync_outcomes (
    run_key bigint NOT NULL,
    entity text NOT NULL,
    external_id text NOT NULL,
    outcome text NOT NULL,
    walk bigint NOT NULL,
    duplicates bigint NOT NULL,
    CONSTRAINT sync_outcomes_outcome_check CHECK ((outcome = ANY (ARRAY['inserted'::text, 'updated'::text, 'unchanged'::text, 'deactivated'::text, 'kept'::text, 'rejected'::text, 'complete'::text, 'partial'::text, 'failed'::text])))
);

COMMENT ON TABLE ops.sync_outcomes IS 'What the latest run did to each record, written in the transaction that did it: counts come from here, so a run that is killed and started again reports what one clean run would have.';

COMMENT ON COLUMN ops.sync_outcomes.walk IS 'attempt * 1,000,000 + number of the walk over the vendor''s list that saw the record last.';

CREATE TABLE ops.sync_pages (
    page_key bigint NOT NULL,
    run_key bigint NOT NULL,
    entity text NOT NULL,
    audit_key text,
    item_count bigint NOT NULL,
    fetched_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE ops.sync_pages IS 'Vendor pages that were merged, and the S3 key under which each was archived.';

ALTER TABLE ops.sync_pages ALTER COLUMN page_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ops.sync_pages_page_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ops.sync_progress (
    run_key bigint NOT NULL,
    entity_type text NOT NULL,
    completed bigint NOT NULL,
    total bigint,
    updated_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE ops.sync_progress IS 'How far a run is, per entity type; at most 2 s old while it runs.';

COMMENT ON COLUMN ops.sync_progress.total IS 'NULL where the vendor gives no total.';

CREATE TABLE ops.sync_rejects (
    reject_key bigint NOT NULL,
    run_key bigint NOT NULL,
    flow text NOT NULL,
    entity text NOT NULL,
    external_id text,
    kind text NOT NULL,
    reason text NOT NULL,
    item json NOT NULL,
    audit_key text,
    fingerprint text NOT NULL,
    rejected_at timestamp with time zone NOT NULL,
    CONSTRAINT sync_rejects_kind_check CHECK ((kind = ANY (ARRAY['invalid'::text, 'unmatched'::text])))
);

COMMENT ON TABLE ops.sync_rejects IS 'Records that were refused, each with the reason in words and the redacted record.';

COMMENT ON COLUMN ops.sync_rejects.item IS 'json, not jsonb: it must be able to hold what jsonb refuses (a NUL character).';

COMMENT ON COLUMN ops.sync_rejects.fingerprint IS 'Digest of entity, id, reason and record: a rerun rejects once.';

ALTER TABLE ops.sync_rejects ALTER COLUMN reject_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ops.sync_rejects_reject_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ops.sync_runs (
    run_key bigint NOT NULL,
    flow text NOT NULL,
    run_id text NOT NULL,
    trigger text NOT NULL,
    params jsonb NOT NULL,
    status text NOT NULL,
    attempt bigint NOT NULL,
    started_at timestamp with time zone NOT NULL,
    waiting_since timestamp with time zone,
    finished_at timestamp with time zone,
    counts jsonb DEFAULT '{}'::jsonb NOT NULL,
    api_calls bigint DEFAULT 0 NOT NULL,
    retries bigint DEFAULT 0 NOT NULL,
    queries bigint DEFAULT 0 NOT NULL,
    bytes_received bigint DEFAULT 0 NOT NULL,
    peak_memory_bytes bigint DEFAULT 0 NOT NULL,
    error text,
    interruptions bigint DEFAULT 0 NOT NULL,
    CONSTRAINT sync_runs_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'running'::text, 'completed'::text, 'completed_with_errors'::text, 'failed'::text, 'skipped'::text])))
);

COMMENT ON TABLE ops.sync_runs IS 'One row a run of a flow; a retried run keeps its row and counts its attempts.';

COMMENT ON COLUMN ops.sync_runs.run_id IS 'Airflow''s run id, or the one given on the command line.';

COMMENT ON COLUMN ops.sync_runs.waiting_since IS 'Since when it waits for the flow''s lock; NULL once it has it.';

COMMENT ON COLUMN ops.sync_runs.interruptions IS 'How many of its attempts died without a word (killed).';

ALTER TABLE ops.sync_runs ALTER COLUMN run_key ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ops.sync_runs_run_key_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY affiliate.brands
    ADD CONSTRAINT brands_pkey PRIMARY KEY (brand_id);

ALTER TABLE ONLY affiliate.brands
    ADD CONSTRAINT brands_trackier_advertiser_id_key UNIQUE (trackier_advertiser_id);

ALTER TABLE ONLY affiliate.offers
    ADD CONSTRAINT offers_pkey PRIMARY KEY (offer_id);

ALTER TABLE ONLY affiliate.offers
    ADD CONSTRAINT offers_trackier_campaign_id_key UNIQUE (trackier_campaign_id);

ALTER TABLE ONLY affiliate.tenants
    ADD CONSTRAINT tenants_external_ref_key UNIQUE (external_ref);

ALTER TABLE ONLY affiliate.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY affiliate.tenants
    ADD CONSTRAINT tenants_trackier_pid_key UNIQUE (trackier_pid);

ALTER TABLE ONLY analytics.account_days
    ADD CONSTRAINT account_days_pkey PRIMARY KEY (connection_id, date);

ALTER TABLE ONLY analytics.attribution_events
    ADD CONSTRAINT attribution_events_pkey PRIMARY KEY (order_id, attribution_type, ordinal);

ALTER TABLE ONLY analytics.campaign_metrics
    ADD CONSTRAINT campaign_metrics_pkey PRIMARY KEY (campaign_id, date);

ALTER TABLE ONLY analytics.campaign_names
    ADD CONSTRAINT campaign_names_pkey PRIMARY KEY (campaign_id, valid_from);

ALTER TABLE ONLY analytics.campaigns
    ADD CONSTRAINT campaigns_connection_id_external_id_key UNIQUE (connection_id, external_id);

ALTER TABLE ONLY analytics.campaigns
    ADD CONSTRAINT campaigns_pkey PRIMARY KEY (campaign_id);

ALTER TABLE ONLY analytics.click_events
    ADD CONSTRAINT click_events_pkey PRIMARY KEY (workspace_id, click_id);

ALTER TABLE ONLY analytics.click_files
    ADD CONSTRAINT click_files_pkey PRIMARY KEY (object_key);

ALTER TABLE ONLY analytics.click_loads
    ADD CONSTRAINT click_loads_pkey PRIMARY KEY (place);

ALTER TABLE ONLY analytics.connections
    ADD CONSTRAINT connections_pkey PRIMARY KEY (connection_id);

ALTER TABLE ONLY analytics.connections
    ADD CONSTRAINT connections_workspace_id_vendor_external_id_key UNIQUE (workspace_id, vendor, external_id);

ALTER TABLE ONLY analytics.consistency_issues
    ADD CONSTRAINT consistency_issues_pkey PRIMARY KEY (kind, subject, date);

ALTER TABLE ONLY analytics.coupons
    ADD CONSTRAINT coupons_pkey PRIMARY KEY (workspace_id, coupon_key);

ALTER TABLE ONLY analytics.fx_pegs
    ADD CONSTRAINT fx_pegs_pkey PRIMARY KEY (currency);

ALTER TABLE ONLY analytics.fx_rates
    ADD CONSTRAINT fx_rates_pkey PRIMARY KEY (base_currency, quote_currency, rate_date, source);

ALTER TABLE ONLY analytics.order_touches
    ADD CONSTRAINT order_touches_pkey PRIMARY KEY (order_id, touch_key);

ALTER TABLE ONLY analytics.order_visitors
    ADD CONSTRAINT order_visitors_pkey PRIMARY KEY (connection_id, external_id, visitor_id);

ALTER TABLE ONLY analytics.orders
    ADD CONSTRAINT orders_connection_id_external_id_key UNIQUE (connection_id, external_id);

ALTER TABLE ONLY analytics.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY analytics.performance_alerts
    ADD CONSTRAINT performance_alerts_pkey PRIMARY KEY (campaign_id, kind, date);

ALTER TABLE ONLY analytics.stale_days
    ADD CONSTRAINT stale_days_pkey PRIMARY KEY (workspace_id, date);

ALTER TABLE ONLY analytics.stale_orders
    ADD CONSTRAINT stale_orders_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY analytics.sync_parts
    ADD CONSTRAINT sync_parts_pkey PRIMARY KEY (run_key, connection_id);

ALTER TABLE ONLY analytics.sync_state
    ADD CONSTRAINT sync_state_pkey PRIMARY KEY (connection_id);

ALTER TABLE ONLY analytics.workspace_daily
    ADD CONSTRAINT workspace_daily_pkey PRIMARY KEY (workspace_id, date, platform);

ALTER TABLE ONLY analytics.workspaces
    ADD CONSTRAINT workspaces_name_key UNIQUE (name);

ALTER TABLE ONLY analytics.workspaces
    ADD CONSTRAINT workspaces_pkey PRIMARY KEY (workspace_id);

ALTER TABLE ONLY edge.brands
    ADD CONSTRAINT brands_company_id_code_key UNIQUE (company_id, code);

ALTER TABLE ONLY edge.brands
    ADD CONSTRAINT brands_pkey PRIMARY KEY (brand_id);

ALTER TABLE ONLY edge.categories
    ADD CONSTRAINT categories_company_id_code_key UNIQUE (company_id, code);

ALTER TABLE ONLY edge.categories
    ADD CONSTRAINT categories_pkey PRIMARY KEY (category_id);

ALTER TABLE edge.categories
    ADD CONSTRAINT categories_size_check CHECK (((octet_length(name) + octet_length(code)) <= 100000)) NOT VALID;

ALTER TABLE edge.categories
    ADD CONSTRAINT categories_sort_order_check CHECK (((sort_order >= '-2147483648'::integer) AND (sort_order <= 2147483647))) NOT VALID;

ALTER TABLE ONLY edge.category_records
    ADD CONSTRAINT category_records_pkey PRIMARY KEY (company_id, category_id);

ALTER TABLE ONLY edge.changes
    ADD CONSTRAINT changes_pkey PRIMARY KEY (xact_id, company_id);

ALTER TABLE ONLY edge.chunk_scopes
    ADD CONSTRAINT chunk_scopes_pkey PRIMARY KEY (company_id, brand_id);

ALTER TABLE ONLY edge.companies
    ADD CONSTRAINT companies_code_key UNIQUE (code);

ALTER TABLE ONLY edge.companies
    ADD CONSTRAINT companies_pkey PRIMARY KEY (company_id);

ALTER TABLE ONLY edge.edge_clients
    ADD CONSTRAINT edge_clients_pkey PRIMARY KEY (client_id);

ALTER TABLE edge.holidays
    ADD CONSTRAINT holidays_calendar_check CHECK (((held_on >= '0001-01-01'::date) AND (held_on <= '9999-12-31'::date))) NOT VALID;

ALTER TABLE ONLY edge.holidays
    ADD CONSTRAINT holidays_pkey PRIMARY KEY (company_id, held_on);

ALTER TABLE edge.marks
    ADD CONSTRAINT marks_kind_check CHECK ((kind = ANY (ARRAY['company'::text, 'store'::text, 'category'::text, 'product'::text, 'store_product'::text, 'promotion'::text]))) NOT VALID;

ALTER TABLE ONLY edge.marks
    ADD CONSTRAINT marks_pkey PRIMARY KEY (mark_id);

ALTER TABLE ONLY edge.package_promotions
    ADD CONSTRAINT package_promotions_pkey PRIMARY KEY (promotion_id);

ALTER TABLE ONLY edge.product_chunks
    ADD CONSTRAINT product_chunks_first_id_key UNIQUE (company_id, brand_id, first_id);

ALTER TABLE ONLY edge.product_chunks
    ADD CONSTRAINT product_chunks_pkey PRIMARY KEY (chunk_id);

ALTER TABLE ONLY edge.product_holdings
    ADD CONSTRAINT product_holdings_pkey PRIMARY KEY (company_id, brand_id, store_id);

ALTER TABLE ONLY edge.product_records
    ADD CONSTRAINT product_records_pkey PRIMARY KEY (company_id, product_id);

ALTER TABLE edge.products
    ADD CONSTRAINT products_base_price_number_check CHECK ((base_price <> 'NaN'::numeric)) NOT VALID;

ALTER TABLE ONLY edge.products
    ADD CONSTRAINT products_company_id_sku_key UNIQUE (company_id, sku);

ALTER TABLE ONLY edge.products
    ADD CONSTRAINT products_pkey PRIMARY KEY (product_id);

ALTER TABLE edge.products
    ADD CONSTRAINT products_size_check CHECK ((((octet_length(name) + octet_length(description)) <= 100000) AND ((octet_length(sku) + octet_length(barcode)) <= 1000))) NOT VALID;

ALTER TABLE ONLY edge.promotion_audits
    ADD CONSTRAINT promotion_audits_pkey PRIMARY KEY (company_id, audited_on, promotion_id, finding);

ALTER TABLE ONLY edge.promotion_compile_errors
    ADD CONSTRAINT promotion_compile_errors_pkey PRIMARY KEY (promotion_id);

ALTER TABLE ONLY edge.promotion_effectiveness
    ADD CONSTRAINT promotion_effectiveness_pkey PRIMARY KEY (promotion_id, store_id, business_on, currency);

ALTER TABLE ONLY edge.promotion_items
    ADD CONSTRAINT promotion_items_pkey PRIMARY KEY (promotion_id, sort_order);

ALTER TABLE ONLY edge.promotion_records
    ADD CONSTRAINT promotion_records_pkey PRIMARY KEY (company_id, promotion_id);

ALTER TABLE ONLY edge.promotion_sync_settings
    ADD CONSTRAINT promotion_sync_settings_pkey PRIMARY KEY (company_id);

ALTER TABLE ONLY edge.promotion_targets
    ADD CONSTRAINT promotion_targets_pkey PRIMARY KEY (target_id);

ALTER TABLE ONLY edge.promotion_tiers
    ADD CONSTRAINT promotion_tiers_pkey PRIMARY KEY (promotion_id, tier_order);

ALTER TABLE ONLY edge.promotion_usages
    ADD CONSTRAINT promotion_usages_pkey PRIMARY KEY (store_id, usage_id);

ALTER TABLE edge.promotions
    ADD CONSTRAINT promotions_calendar_check CHECK (((start_on >= '0001-01-01'::date) AND (end_on <= '9999-12-31'::date))) NOT VALID;

ALTER TABLE ONLY edge.promotions
    ADD CONSTRAINT promotions_company_id_code_key UNIQUE (company_id, code);

ALTER TABLE ONLY edge.promotions
    ADD CONSTRAINT promotions_pkey PRIMARY KEY (promotion_id);

ALTER TABLE ONLY edge.publications
    ADD CONSTRAINT publications_pkey PRIMARY KEY (company_id, version);

ALTER TABLE ONLY edge.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY edge.refused_records
    ADD CONSTRAINT refused_records_pkey PRIMARY KEY (store_id, record_id);

ALTER TABLE ONLY edge.rollup_progress
    ADD CONSTRAINT rollup_progress_pkey PRIMARY KEY (report);

ALTER TABLE ONLY edge.settings_changes
    ADD CONSTRAINT settings_changes_pkey PRIMARY KEY (change_id);

ALTER TABLE ONLY edge.store_brands
    ADD CONSTRAINT store_brands_pkey PRIMARY KEY (store_id, brand_id);

ALTER TABLE ONLY edge.store_product_records
    ADD CONSTRAINT store_product_records_pkey PRIMARY KEY (store_id, product_id);

ALTER TABLE ONLY edge.store_products
    ADD CONSTRAINT store_products_pkey PRIMARY KEY (store_id, product_id);

ALTER TABLE edge.store_products
    ADD CONSTRAINT store_products_price_number_check CHECK ((price <> 'NaN'::numeric)) NOT VALID;

ALTER TABLE ONLY edge.store_scopes
    ADD CONSTRAINT store_scopes_pkey PRIMARY KEY (store_id);

ALTER TABLE ONLY edge.stores
    ADD CONSTRAINT stores_company_id_code_key UNIQUE (company_id, code);

ALTER TABLE ONLY edge.stores
    ADD CONSTRAINT stores_pkey PRIMARY KEY (store_id);

ALTER TABLE ONLY edge.usage_rejects
    ADD CONSTRAINT usage_rejects_pkey PRIMARY KEY (reject_key);

ALTER TABLE ONLY edge.usage_rejects
    ADD CONSTRAINT usage_rejects_store_id_record_hash_reason_key UNIQUE (store_id, record_hash, reason);

ALTER TABLE ONLY edge.versions
    ADD CONSTRAINT versions_pkey PRIMARY KEY (company_id);

ALTER TABLE ONLY ops.alert_deliveries
    ADD CONSTRAINT alert_deliveries_pkey PRIMARY KEY (alert_key, channel);

ALTER TABLE ONLY ops.alerts
    ADD CONSTRAINT alerts_pkey PRIMARY KEY (alert_key);

ALTER TABLE ONLY ops.sync_events
    ADD CONSTRAINT sync_events_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY ops.sync_outcomes
    ADD CONSTRAINT sync_outcomes_pkey PRIMARY KEY (run_key, entity, external_id);

ALTER TABLE ONLY ops.sync_pages
    ADD CONSTRAINT sync_pages_pkey PRIMARY KEY (page_key);

ALTER TABLE ONLY ops.sync_progress
    ADD CONSTRAINT sync_progress_pkey PRIMARY KEY (run_key, entity_type);

ALTER TABLE ONLY ops.sync_rejects
    ADD CONSTRAINT sync_rejects_pkey PRIMARY KEY (reject_key);

ALTER TABLE ONLY ops.sync_rejects
    ADD CONSTRAINT sync_rejects_run_key_fingerprint_key UNIQUE (run_key, fingerprint);

ALTER TABLE ONLY ops.sync_runs
    ADD CONSTRAINT sync_runs_flow_run_id_key UNIQUE (flow, run_id);

ALTER TABLE ONLY ops.sync_runs
    ADD CONSTRAINT sync_runs_pkey PRIMARY KEY (run_key);

CREATE INDEX brands_trackier_display_id_idx ON affiliate.brands USING btree (trackier_display_id);

CREATE INDEX offers_advertiser_id_idx ON affiliate.offers USING btree (advertiser_id);

CREATE INDEX attribution_events_workspace_id_event_date_idx ON analytics.attribution_events USING btree (workspace_id, event_date);

CREATE INDEX campaign_metrics_date_idx ON analytics.campaign_metrics USING btree (date);

CREATE INDEX campaign_names_workspace_id_name_key_idx ON analytics.campaign_names USING btree (workspace_id, name_key);

CREATE INDEX campaigns_workspace_id_external_id_idx ON analytics.campaigns USING btree (workspace_id, external_id);

CREATE INDEX click_events_campaign_ids_idx ON analytics.click_events USING gin (campaign_ids) WHERE (campaign_ids IS NOT NULL);

CREATE INDEX click_events_visitor_idx ON analytics.click_events USING btree (workspace_id, visitor_id, occurred_at);

CREATE INDEX click_events_workspace_id_campaign_key_idx ON analytics.click_events USING btree (workspace_id, campaign_key) WHERE (campaign_key IS NOT NULL);

CREATE INDEX order_touches_campaign_ids_idx ON analytics.order_touches USING gin (campaign_ids) WHERE (campaign_ids IS NOT NULL);

CREATE INDEX order_touches_workspace_id_campaign_key_idx ON analytics.order_touches USING btree (workspace_id, campaign_key) WHERE (campaign_key IS NOT NULL);

CREATE INDEX order_visitors_workspace_id_visitor_id_idx ON analytics.order_visitors USING btree (workspace_id, visitor_id);

CREATE INDEX orders_own_click_ids_idx ON analytics.orders USING gin (own_click_ids) WHERE (own_click_ids <> '{}'::text[]);

CREATE INDEX orders_workspace_id_ordered_at_idx ON analytics.orders USING btree (workspace_id, ordered_at);

CREATE INDEX categories_brand_id_idx ON edge.categories USING btree (brand_id);

CREATE INDEX categories_parent_id_idx ON edge.categories USING btree (parent_id);

CREATE INDEX category_records_version_idx ON edge.category_records USING btree (company_id, version, category_id);

CREATE INDEX edge_clients_company_id_idx ON edge.edge_clients USING btree (company_id);

CREATE INDEX edge_clients_store_id_idx ON edge.edge_clients USING btree (store_id);

CREATE INDEX marks_company_id_idx ON edge.marks USING btree (company_id);

CREATE INDEX product_records_brand_id_idx ON edge.product_records USING btree (company_id, brand_id, product_id);

CREATE INDEX product_records_version_idx ON edge.product_records USING btree (company_id, version, product_id);

CREATE INDEX products_brand_id_idx ON edge.products USING btree (brand_id);

CREATE INDEX products_category_id_idx ON edge.products USING btree (category_id);

CREATE INDEX promotion_compile_errors_company_id_idx ON edge.promotion_compile_errors USING btree (company_id);

CREATE INDEX promotion_effectiveness_company_id_business_on_idx ON edge.promotion_effectiveness USING btree (company_id, business_on);

CREATE INDEX promotion_items_category_id_idx ON edge.promotion_items USING btree (category_id);

CREATE INDEX promotion_items_product_id_idx ON edge.promotion_items USING btree (product_id);

CREATE INDEX promotion_records_version_idx ON edge.promotion_records USING btree (company_id, version, promotion_id);

CREATE INDEX promotion_targets_brand_id_idx ON edge.promotion_targets USING btree (brand_id);

CREATE INDEX promotion_targets_category_id_idx ON edge.promotion_targets USING btree (category_id);

CREATE INDEX promotion_targets_other_promotion_id_idx ON edge.promotion_targets USING btree (other_promotion_id);

CREATE INDEX promotion_targets_product_id_idx ON edge.promotion_targets USING btree (product_id);

CREATE INDEX promotion_targets_promotion_id_idx ON edge.promotion_targets USING btree (promotion_id);

CREATE INDEX promotion_targets_store_id_idx ON edge.promotion_targets USING btree (store_id);

CREATE INDEX promotion_tiers_free_product_id_idx ON edge.promotion_tiers USING btree (free_product_id);

CREATE INDEX promotion_usages_company_id_received_at_idx ON edge.promotion_usages USING btree (company_id, received_at);

CREATE INDEX promotion_usages_promotion_id_store_id_business_on_idx ON edge.promotion_usages USING btree (promotion_id, store_id, business_on);

CREATE INDEX promotion_usages_recorded_in_idx ON edge.promotion_usages USING btree (recorded_in);

CREATE UNIQUE INDEX promotion_usages_store_id_reverses_usage_id_key ON edge.promotion_usages USING btree (store_id, reverses_usage_id) WHERE (reverses_usage_id IS NOT NULL);

CREATE INDEX promotions_benefit_product_id_idx ON edge.promotions USING btree (benefit_product_id);

CREATE INDEX promotions_mix_category_id_idx ON edge.promotions USING btree (mix_category_id);

CREATE INDEX promotions_trigger_product_id_idx ON edge.promotions USING btree (trigger_product_id);

CREATE INDEX publications_company_id_published_at_idx ON edge.publications USING btree (company_id, published_at);

CREATE INDEX refresh_tokens_client_id_idx ON edge.refresh_tokens USING btree (client_id);

CREATE INDEX refresh_tokens_expires_at_idx ON edge.refresh_tokens USING btree (expires_at, family_id, issued_at);

CREATE INDEX refresh_tokens_family_id_idx ON edge.refresh_tokens USING btree (family_id);

CREATE INDEX settings_changes_company_id_idx ON edge.settings_changes USING btree (company_id, change_id DESC);

CREATE INDEX store_brands_brand_id_idx ON edge.store_brands USING btree (brand_id);

CREATE INDEX store_product_records_product_id_idx ON edge.store_product_records USING btree (product_id, version);

CREATE INDEX store_product_records_version_idx ON edge.store_product_records USING btree (store_id, version, product_id);

CREATE INDEX store_products_product_id_idx ON edge.store_products USING btree (product_id);

CREATE INDEX store_scopes_company_id_idx ON edge.store_scopes USING btree (company_id);

CREATE INDEX alert_deliveries_pending_idx ON ops.alert_deliveries USING btree (next_try_at) WHERE (status = 'pending'::text);

CREATE UNIQUE INDEX alerts_fingerprint_open_idx ON ops.alerts USING btree (fingerprint) WHERE (resolved_at IS NULL);

CREATE INDEX alerts_flow_kind_opened_at_idx ON ops.alerts USING btree (flow, kind, opened_at);

CREATE INDEX alerts_unresolved_idx ON ops.alerts USING btree (alert_key) WHERE (resolved_at IS NULL);

CREATE INDEX sync_events_run_key_idx ON ops.sync_events USING btree (run_key);

CREATE INDEX sync_events_unpublished_idx ON ops.sync_events USING btree (created_at) WHERE (published_at IS NULL);

CREATE INDEX sync_pages_run_key_idx ON ops.sync_pages USING btree (run_key);

CREATE INDEX sync_rejects_flow_reject_key_idx ON ops.sync_rejects USING btree (flow, reject_key DESC);

CREATE INDEX sync_runs_flow_started_at_idx ON ops.sync_runs USING btree (flow, started_at DESC);

CREATE TRIGGER refuse_orphaned_days AFTER DELETE ON analytics.campaigns REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION analytics.refuse_orphaned_days();

CREATE TRIGGER refuse_orphaned_days_of_all AFTER TRUNCATE ON analytics.campaigns FOR EACH STATEMENT EXECUTE FUNCTION analytics.refuse_orphaned_days();

CREATE TRIGGER refuse_other_campaign BEFORE UPDATE OF campaign_id ON analytics.campaign_metrics FOR EACH ROW WHEN ((old.campaign_id <> new.campaign_id)) EXECUTE FUNCTION analytics.refuse_other_campaign();

CREATE TRIGGER refuse_other_number BEFORE UPDATE OF campaign_id ON analytics.campaigns FOR EACH ROW WHEN ((old.campaign_id <> new.campaign_id)) EXECUTE FUNCTION analytics.refuse_other_campaign();

CREATE TRIGGER require_campaigns AFTER INSERT ON analytics.campaign_metrics REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION analytics.require_campaigns();

CREATE TRIGGER add_company_rows AFTER INSERT ON edge.companies REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.add_company_rows();

CREATE TRIGGER keep_change AFTER UPDATE ON edge.promotion_sync_settings FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION edge.keep_settings_change();

CREATE TRIGGER keep_deletes AFTER DELETE ON edge.product_records REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.keep_product_holdings('SELECT r.company_id, r.brand_id, ''00000000-0000-0000-0000-000000000000''::uuid, sum(r.sign), sum(r.sign * edge.record_hash(r.product_id, r.version)) FROM changed AS r WHERE r.is_active AND NOT r.is_removed GROUP BY r.company_id, r.brand_id UNION ALL SELECT r.company_id, r.brand_id, o.store_id, 0, sum(r.sign * (edge.record_hash(r.product_id, o.version) - edge.record_hash(r.product_id, r.version))) FROM changed AS r INNER JOIN edge.store_product_records AS o ON r.product_id = o.product_id AND r.company_id = o.company_id AND o.version > r.version WHERE r.is_active AND NOT r.is_removed GROUP BY r.company_id, r.brand_id, o.store_id');

CREATE TRIGGER keep_deletes AFTER DELETE ON edge.store_product_records REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.keep_product_holdings('SELECT r.company_id, r.brand_id, o.store_id, 0, sum(o.sign * (edge.record_hash(r.product_id, o.version) - edge.record_hash(r.product_id, r.version))) FROM changed AS o INNER JOIN edge.product_records AS r ON o.product_id = r.product_id AND o.company_id = r.company_id AND o.version > r.version WHERE r.is_active AND NOT r.is_removed GROUP BY r.company_id, r.brand_id, o.store_id');

CREATE TRIGGER keep_inserts AFTER INSERT ON edge.product_records REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.keep_product_holdings('SELECT r.company_id, r.brand_id, ''00000000-0000-0000-0000-000000000000''::uuid, sum(r.sign), sum(r.sign * edge.record_hash(r.product_id, r.version)) FROM changed AS r WHERE r.is_active AND NOT r.is_removed GROUP BY r.company_id, r.brand_id UNION ALL SELECT r.company_id, r.brand_id, o.store_id, 0, sum(r.sign * (edge.record_hash(r.product_id, o.version) - edge.record_hash(r.product_id, r.version))) FROM changed AS r INNER JOIN edge.store_product_records AS o ON r.product_id = o.product_id AND r.company_id = o.company_id AND o.version > r.version WHERE r.is_active AND NOT r.is_removed GROUP BY r.company_id, r.brand_id, o.store_id');

CREATE TRIGGER keep_inserts AFTER INSERT ON edge.store_product_records REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.keep_product_holdings('SELECT r.company_id, r.brand_id, o.store_id, 0, sum(o.sign * (edge.record_hash(r.product_id, o.version) - edge.record_hash(r.product_id, r.version))) FROM changed AS o INNER JOIN edge.product_records AS r ON o.product_id = r.product_id AND o.company_id = r.company_id AND o.version > r.version WHERE r.is_active AND NOT r.is_removed GROUP BY r.company_id, r.brand_id, o.store_id');

CREATE TRIGGER keep_updates AFTER UPDATE ON edge.product_records REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.keep_product_holdings('SELECT r.company_id, r.brand_id, ''00000000-0000-0000-0000-000000000000''::uuid, sum(r.sign), sum(r.sign * edge.record_hash(r.product_id, r.version)) FROM changed AS r WHERE r.is_active AND NOT r.is_removed GROUP BY r.company_id, r.brand_id UNION ALL SELECT r.company_id, r.brand_id, o.store_id, 0, sum(r.sign * (edge.record_hash(r.product_id, o.version) - edge.record_hash(r.product_id, r.version))) FROM changed AS r INNER JOIN edge.store_product_records AS o ON r.product_id = o.product_id AND r.company_id = o.company_id AND o.version > r.version WHERE r.is_active AND NOT r.is_removed GROUP BY r.company_id, r.brand_id, o.store_id');

CREATE TRIGGER keep_updates AFTER UPDATE ON edge.store_product_records REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.keep_product_holdings('SELECT r.company_id, r.brand_id, o.store_id, 0, sum(o.sign * (edge.record_hash(r.product_id, o.version) - edge.record_hash(r.product_id, r.version))) FROM changed AS o INNER JOIN edge.product_records AS r ON o.product_id = r.product_id AND o.company_id = r.company_id AND o.version > r.version WHERE r.is_active AND NOT r.is_removed GROUP BY r.company_id, r.brand_id, o.store_id');

CREATE TRIGGER mark_deletes AFTER DELETE ON edge.brands REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, NULL, brand_id, NULL::uuid FROM changed');

CREATE TRIGGER mark_deletes AFTER DELETE ON edge.categories REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, ''category'', category_id, NULL::uuid FROM changed');

CREATE TRIGGER mark_deletes AFTER DELETE ON edge.companies REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, CASE WHEN count(DISTINCT currency) > 1 THEN ''company'' END, company_id, NULL::uuid FROM changed GROUP BY company_id');

CREATE TRIGGER mark_deletes AFTER DELETE ON edge.holidays REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT p.company_id, ''promotion'', p.promotion_id, NULL::uuid FROM changed AS c INNER JOIN edge.promotions AS p ON c.company_id = p.company_id AND p.exclude_holidays AND c.held_on BETWEEN p.start_on AND p.end_on');

CREATE TRIGGER mark_deletes AFTER DELETE ON edge.package_promotions REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT p.company_id, ''promotion'', p.promotion_id, NULL::uuid FROM changed AS c INNER JOIN edge.promotions AS p ON c.promotion_id = p.promotion_id');

CREATE TRIGGER mark_deletes AFTER DELETE ON edge.products REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, ''product'', product_id, NULL::uuid FROM changed');

CREATE TRIGGER mark_deletes AFTER DELETE ON edge.promotion_items REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT p.company_id, ''promotion'', p.promotion_id, NULL::uuid FROM changed AS c INNER JOIN edge.promotions AS p ON c.promotion_id = p.promotion_id');

CREATE TRIGGER mark_deletes AFTER DELETE ON edge.promotion_sync_settings REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, ''store'', company_id, NULL::uuid FROM changed');

CREATE TRIGGER mark_deletes AFTER DELETE ON edge.promotion_targets REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT p.company_id, ''promotion'', p.promotion_id, NULL::uuid FROM changed AS c INNER JOIN edge.promotions AS p ON c.promotion_id = p.promotion_id');

CREATE TRIGGER mark_deletes AFTER DELETE ON edge.promotion_tiers REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT p.company_id, ''promotion'', p.promotion_id, NULL::uuid FROM changed AS c INNER JOIN edge.promotions AS p ON c.promotion_id = p.promotion_id');

CREATE TRIGGER mark_deletes AFTER DELETE ON edge.promotions REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, ''promotion'', promotion_id, NULL::uuid FROM changed');

CREATE TRIGGER mark_deletes AFTER DELETE ON edge.store_brands REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT s.company_id, ''store'', s.store_id, NULL::uuid FROM changed AS c INNER JOIN edge.stores AS s ON c.store_id = s.store_id');

CREATE TRIGGER mark_deletes AFTER DELETE ON edge.store_products REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT s.company_id, ''store_product'', c.product_id, c.store_id FROM changed AS c INNER JOIN edge.stores AS s ON c.store_id = s.store_id');

CREATE TRIGGER mark_deletes AFTER DELETE ON edge.stores REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, ''store'', store_id, NULL::uuid FROM changed UNION ALL SELECT c.company_id, ''store_product'', p.product_id, c.store_id FROM changed AS c INNER JOIN edge.store_products AS p ON c.store_id = p.store_id WHERE EXISTS (SELECT 1 FROM changed AS o WHERE o.store_id = c.store_id AND o.company_id != c.company_id)');

CREATE TRIGGER mark_inserts AFTER INSERT ON edge.brands REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, NULL, brand_id, NULL::uuid FROM changed');

CREATE TRIGGER mark_inserts AFTER INSERT ON edge.categories REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, ''category'', category_id, NULL::uuid FROM changed');

CREATE TRIGGER mark_inserts AFTER INSERT ON edge.companies REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, CASE WHEN count(DISTINCT currency) > 1 THEN ''company'' END, company_id, NULL::uuid FROM changed GROUP BY company_id');

CREATE TRIGGER mark_inserts AFTER INSERT ON edge.holidays REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT p.company_id, ''promotion'', p.promotion_id, NULL::uuid FROM changed AS c INNER JOIN edge.promotions AS p ON c.company_id = p.company_id AND p.exclude_holidays AND c.held_on BETWEEN p.start_on AND p.end_on');

CREATE TRIGGER mark_inserts AFTER INSERT ON edge.package_promotions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT p.company_id, ''promotion'', p.promotion_id, NULL::uuid FROM changed AS c INNER JOIN edge.promotions AS p ON c.promotion_id = p.promotion_id');

CREATE TRIGGER mark_inserts AFTER INSERT ON edge.products REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, ''product'', product_id, NULL::uuid FROM changed');

CREATE TRIGGER mark_inserts AFTER INSERT ON edge.promotion_items REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT p.company_id, ''promotion'', p.promotion_id, NULL::uuid FROM changed AS c INNER JOIN edge.promotions AS p ON c.promotion_id = p.promotion_id');

CREATE TRIGGER mark_inserts AFTER INSERT ON edge.promotion_sync_settings REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, ''store'', company_id, NULL::uuid FROM changed');

CREATE TRIGGER mark_inserts AFTER INSERT ON edge.promotion_targets REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT p.company_id, ''promotion'', p.promotion_id, NULL::uuid FROM changed AS c INNER JOIN edge.promotions AS p ON c.promotion_id = p.promotion_id');

CREATE TRIGGER mark_inserts AFTER INSERT ON edge.promotion_tiers REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT p.company_id, ''promotion'', p.promotion_id, NULL::uuid FROM changed AS c INNER JOIN edge.promotions AS p ON c.promotion_id = p.promotion_id');

CREATE TRIGGER mark_inserts AFTER INSERT ON edge.promotions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, ''promotion'', promotion_id, NULL::uuid FROM changed');

CREATE TRIGGER mark_inserts AFTER INSERT ON edge.store_brands REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT s.company_id, ''store'', s.store_id, NULL::uuid FROM changed AS c INNER JOIN edge.stores AS s ON c.store_id = s.store_id');

CREATE TRIGGER mark_inserts AFTER INSERT ON edge.store_products REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT s.company_id, ''store_product'', c.product_id, c.store_id FROM changed AS c INNER JOIN edge.stores AS s ON c.store_id = s.store_id');

CREATE TRIGGER mark_inserts AFTER INSERT ON edge.stores REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, ''store'', store_id, NULL::uuid FROM changed UNION ALL SELECT c.company_id, ''store_product'', p.product_id, c.store_id FROM changed AS c INNER JOIN edge.store_products AS p ON c.store_id = p.store_id WHERE EXISTS (SELECT 1 FROM changed AS o WHERE o.store_id = c.store_id AND o.company_id != c.company_id)');

CREATE TRIGGER mark_updates AFTER UPDATE ON edge.brands REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, NULL, brand_id, NULL::uuid FROM changed');

CREATE TRIGGER mark_updates AFTER UPDATE ON edge.categories REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, ''category'', category_id, NULL::uuid FROM changed');

CREATE TRIGGER mark_updates AFTER UPDATE ON edge.companies REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, CASE WHEN count(DISTINCT currency) > 1 THEN ''company'' END, company_id, NULL::uuid FROM changed GROUP BY company_id');

CREATE TRIGGER mark_updates AFTER UPDATE ON edge.holidays REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT p.company_id, ''promotion'', p.promotion_id, NULL::uuid FROM changed AS c INNER JOIN edge.promotions AS p ON c.company_id = p.company_id AND p.exclude_holidays AND c.held_on BETWEEN p.start_on AND p.end_on');

CREATE TRIGGER mark_updates AFTER UPDATE ON edge.package_promotions REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT p.company_id, ''promotion'', p.promotion_id, NULL::uuid FROM changed AS c INNER JOIN edge.promotions AS p ON c.promotion_id = p.promotion_id');

CREATE TRIGGER mark_updates AFTER UPDATE ON edge.products REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, ''product'', product_id, NULL::uuid FROM changed');

CREATE TRIGGER mark_updates AFTER UPDATE ON edge.promotion_items REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT p.company_id, ''promotion'', p.promotion_id, NULL::uuid FROM changed AS c INNER JOIN edge.promotions AS p ON c.promotion_id = p.promotion_id');

CREATE TRIGGER mark_updates AFTER UPDATE ON edge.promotion_sync_settings REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, ''store'', company_id, NULL::uuid FROM changed');

CREATE TRIGGER mark_updates AFTER UPDATE ON edge.promotion_targets REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT p.company_id, ''promotion'', p.promotion_id, NULL::uuid FROM changed AS c INNER JOIN edge.promotions AS p ON c.promotion_id = p.promotion_id');

CREATE TRIGGER mark_updates AFTER UPDATE ON edge.promotion_tiers REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT p.company_id, ''promotion'', p.promotion_id, NULL::uuid FROM changed AS c INNER JOIN edge.promotions AS p ON c.promotion_id = p.promotion_id');

CREATE TRIGGER mark_updates AFTER UPDATE ON edge.promotions REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, ''promotion'', promotion_id, NULL::uuid FROM changed');

CREATE TRIGGER mark_updates AFTER UPDATE ON edge.store_brands REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT s.company_id, ''store'', s.store_id, NULL::uuid FROM changed AS c INNER JOIN edge.stores AS s ON c.store_id = s.store_id');

CREATE TRIGGER mark_updates AFTER UPDATE ON edge.store_products REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT s.company_id, ''store_product'', c.product_id, c.store_id FROM changed AS c INNER JOIN edge.stores AS s ON c.store_id = s.store_id');

CREATE TRIGGER mark_updates AFTER UPDATE ON edge.stores REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION edge.mark_changes('SELECT company_id, ''store'', store_id, NULL::uuid FROM changed UNION ALL SELECT c.company_id, ''store_product'', p.product_id, c.store_id FROM changed AS c INNER JOIN edge.store_products AS p ON c.store_id = p.store_id WHERE EXISTS (SELECT 1 FROM changed AS o WHERE o.store_id = c.store_id AND o.company_id != c.company_id)');

CREATE CONSTRAINT TRIGGER raise_versions AFTER INSERT ON edge.changes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION edge.raise_versions();

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON edge.brands FOR EACH STATEMENT EXECUTE FUNCTION edge.refuse_truncate();

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON edge.categories FOR EACH STATEMENT EXECUTE FUNCTION edge.refuse_truncate();

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON edge.companies FOR EACH STATEMENT EXECUTE FUNCTION edge.refuse_truncate();

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON edge.holidays FOR EACH STATEMENT EXECUTE FUNCTION edge.refuse_truncate();

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON edge.package_promotions FOR EACH STATEMENT EXECUTE FUNCTION edge.refuse_truncate();

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON edge.products FOR EACH STATEMENT EXECUTE FUNCTION edge.refuse_truncate();

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON edge.promotion_items FOR EACH STATEMENT EXECUTE FUNCTION edge.refuse_truncate();

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON edge.promotion_sync_settings FOR EACH STATEMENT EXECUTE FUNCTION edge.refuse_truncate();

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON edge.promotion_targets FOR EACH STATEMENT EXECUTE FUNCTION edge.refuse_truncate();

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON edge.promotion_tiers FOR EACH STATEMENT EXECUTE FUNCTION edge.refuse_truncate();

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON edge.promotions FOR EACH STATEMENT EXECUTE FUNCTION edge.refuse_truncate();

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON edge.store_brands FOR EACH STATEMENT EXECUTE FUNCTION edge.refuse_truncate();

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON edge.store_products FOR EACH STATEMENT EXECUTE FUNCTION edge.refuse_truncate();

CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON edge.stores FOR EACH STATEMENT EXECUTE FUNCTION edge.refuse_truncate();

ALTER TABLE ONLY affiliate.offers
    ADD CONSTRAINT offers_advertiser_id_fkey FOREIGN KEY (advertiser_id) REFERENCES affiliate.brands(brand_id);

ALTER TABLE ONLY analytics.account_days
    ADD CONSTRAINT account_days_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES analytics.connections(connection_id);

ALTER TABLE ONLY analytics.attribution_events
    ADD CONSTRAINT attribution_events_order_id_fkey FOREIGN KEY (order_id) REFERENCES analytics.orders(order_id) ON DELETE CASCADE;

ALTER TABLE ONLY analytics.campaign_names
    ADD CONSTRAINT campaign_names_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES analytics.campaigns(campaign_id);

ALTER TABLE ONLY analytics.campaigns
    ADD CONSTRAINT campaigns_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES analytics.connections(connection_id);

ALTER TABLE ONLY analytics.connections
    ADD CONSTRAINT connections_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES analytics.workspaces(workspace_id);

ALTER TABLE ONLY analytics.coupons
    ADD CONSTRAINT coupons_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES analytics.campaigns(campaign_id);

ALTER TABLE ONLY analytics.coupons
    ADD CONSTRAINT coupons_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES analytics.workspaces(workspace_id);

ALTER TABLE ONLY analytics.order_touches
    ADD CONSTRAINT order_touches_order_id_fkey FOREIGN KEY (order_id) REFERENCES analytics.orders(order_id) ON DELETE CASCADE;

ALTER TABLE ONLY analytics.order_visitors
    ADD CONSTRAINT order_visitors_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES analytics.connections(connection_id);

ALTER TABLE ONLY analytics.orders
    ADD CONSTRAINT orders_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES analytics.connections(connection_id);

ALTER TABLE ONLY analytics.performance_alerts
    ADD CONSTRAINT performance_alerts_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES analytics.campaigns(campaign_id);

ALTER TABLE ONLY analytics.sync_parts
    ADD CONSTRAINT sync_parts_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES analytics.connections(connection_id);

ALTER TABLE ONLY analytics.sync_state
    ADD CONSTRAINT sync_state_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES analytics.connections(connection_id);

ALTER TABLE ONLY analytics.workspace_daily
    ADD CONSTRAINT workspace_daily_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES analytics.workspaces(workspace_id);

ALTER TABLE ONLY edge.brands
    ADD CONSTRAINT brands_company_id_fkey FOREIGN KEY (company_id) REFERENCES edge.companies(company_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.categories
    ADD CONSTRAINT categories_brand_id_fkey FOREIGN KEY (brand_id) REFERENCES edge.brands(brand_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.categories
    ADD CONSTRAINT categories_company_id_fkey FOREIGN KEY (company_id) REFERENCES edge.companies(company_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.categories
    ADD CONSTRAINT categories_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES edge.categories(category_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.edge_clients
    ADD CONSTRAINT edge_clients_company_id_fkey FOREIGN KEY (company_id) REFERENCES edge.companies(company_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.edge_clients
    ADD CONSTRAINT edge_clients_store_id_fkey FOREIGN KEY (store_id) REFERENCES edge.stores(store_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.holidays
    ADD CONSTRAINT holidays_company_id_fkey FOREIGN KEY (company_id) REFERENCES edge.companies(company_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.package_promotions
    ADD CONSTRAINT package_promotions_promotion_id_fkey FOREIGN KEY (promotion_id) REFERENCES edge.promotions(promotion_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.products
    ADD CONSTRAINT products_brand_id_fkey FOREIGN KEY (brand_id) REFERENCES edge.brands(brand_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.products
    ADD CONSTRAINT products_category_id_fkey FOREIGN KEY (category_id) REFERENCES edge.categories(category_id) ON DELETE SET NULL;

ALTER TABLE ONLY edge.products
    ADD CONSTRAINT products_company_id_fkey FOREIGN KEY (company_id) REFERENCES edge.companies(company_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.promotion_items
    ADD CONSTRAINT promotion_items_category_id_fkey FOREIGN KEY (category_id) REFERENCES edge.categories(category_id) ON DELETE SET NULL;

ALTER TABLE ONLY edge.promotion_items
    ADD CONSTRAINT promotion_items_product_id_fkey FOREIGN KEY (product_id) REFERENCES edge.products(product_id) ON DELETE SET NULL;

ALTER TABLE ONLY edge.promotion_items
    ADD CONSTRAINT promotion_items_promotion_id_fkey FOREIGN KEY (promotion_id) REFERENCES edge.promotions(promotion_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.promotion_sync_settings
    ADD CONSTRAINT promotion_sync_settings_company_id_fkey FOREIGN KEY (company_id) REFERENCES edge.companies(company_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.promotion_targets
    ADD CONSTRAINT promotion_targets_brand_id_fkey FOREIGN KEY (brand_id) REFERENCES edge.brands(brand_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.promotion_targets
    ADD CONSTRAINT promotion_targets_category_id_fkey FOREIGN KEY (category_id) REFERENCES edge.categories(category_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.promotion_targets
    ADD CONSTRAINT promotion_targets_other_promotion_id_fkey FOREIGN KEY (other_promotion_id) REFERENCES edge.promotions(promotion_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.promotion_targets
    ADD CONSTRAINT promotion_targets_product_id_fkey FOREIGN KEY (product_id) REFERENCES edge.products(product_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.promotion_targets
    ADD CONSTRAINT promotion_targets_promotion_id_fkey FOREIGN KEY (promotion_id) REFERENCES edge.promotions(promotion_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.promotion_targets
    ADD CONSTRAINT promotion_targets_store_id_fkey FOREIGN KEY (store_id) REFERENCES edge.stores(store_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.promotion_tiers
    ADD CONSTRAINT promotion_tiers_free_product_id_fkey FOREIGN KEY (free_product_id) REFERENCES edge.products(product_id) ON DELETE SET NULL;

ALTER TABLE ONLY edge.promotion_tiers
    ADD CONSTRAINT promotion_tiers_promotion_id_fkey FOREIGN KEY (promotion_id) REFERENCES edge.promotions(promotion_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.promotions
    ADD CONSTRAINT promotions_benefit_product_id_fkey FOREIGN KEY (benefit_product_id) REFERENCES edge.products(product_id) ON DELETE SET NULL;

ALTER TABLE ONLY edge.promotions
    ADD CONSTRAINT promotions_company_id_fkey FOREIGN KEY (company_id) REFERENCES edge.companies(company_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.promotions
    ADD CONSTRAINT promotions_mix_category_id_fkey FOREIGN KEY (mix_category_id) REFERENCES edge.categories(category_id) ON DELETE SET NULL;

ALTER TABLE ONLY edge.promotions
    ADD CONSTRAINT promotions_trigger_product_id_fkey FOREIGN KEY (trigger_product_id) REFERENCES edge.products(product_id) ON DELETE SET NULL;

ALTER TABLE ONLY edge.refresh_tokens
    ADD CONSTRAINT refresh_tokens_client_id_fkey FOREIGN KEY (client_id) REFERENCES edge.edge_clients(client_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.refused_records
    ADD CONSTRAINT refused_records_store_id_fkey FOREIGN KEY (store_id) REFERENCES edge.stores(store_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.settings_changes
    ADD CONSTRAINT settings_changes_company_id_fkey FOREIGN KEY (company_id) REFERENCES edge.companies(company_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.store_brands
    ADD CONSTRAINT store_brands_brand_id_fkey FOREIGN KEY (brand_id) REFERENCES edge.brands(brand_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.store_brands
    ADD CONSTRAINT store_brands_store_id_fkey FOREIGN KEY (store_id) REFERENCES edge.stores(store_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.store_products
    ADD CONSTRAINT store_products_product_id_fkey FOREIGN KEY (product_id) REFERENCES edge.products(product_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.store_products
    ADD CONSTRAINT store_products_store_id_fkey FOREIGN KEY (store_id) REFERENCES edge.stores(store_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.stores
    ADD CONSTRAINT stores_company_id_fkey FOREIGN KEY (company_id) REFERENCES edge.companies(company_id) ON DELETE CASCADE;

ALTER TABLE ONLY edge.versions
    ADD CONSTRAINT versions_company_id_fkey FOREIGN KEY (company_id) REFERENCES edge.companies(company_id) ON DELETE CASCADE;

ALTER TABLE ONLY ops.alert_deliveries
    ADD CONSTRAINT alert_deliveries_alert_key_fkey FOREIGN KEY (alert_key) REFERENCES ops.alerts(alert_key) ON DELETE CASCADE;

ALTER TABLE ONLY ops.sync_events
    ADD CONSTRAINT sync_events_run_key_fkey FOREIGN KEY (run_key) REFERENCES ops.sync_runs(run_key) ON DELETE CASCADE;

ALTER TABLE ONLY ops.sync_pages
    ADD CONSTRAINT sync_pages_run_key_fkey FOREIGN KEY (run_key) REFERENCES ops.sync_runs(run_key) ON DELETE CASCADE;

ALTER TABLE ONLY ops.sync_progress
    ADD CONSTRAINT sync_progress_run_key_fkey FOREIGN KEY (run_key) REFERENCES ops.sync_runs(run_key) ON DELETE CASCADE;

ALTER TABLE ONLY ops.sync_rejects
    ADD CONSTRAINT sync_rejects_run_key_fkey FOREIGN KEY (run_key) REFERENCES ops.sync_runs(run_key) ON DELETE CASCADE;
