-- Staging tables of one session for the campaigns and days of many connections.
CREATE TEMPORARY TABLE IF NOT EXISTS staged_campaigns (
    connection_id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    platform text NOT NULL,
    seen_at timestamptz NOT NULL,
    known_at timestamptz,
    ordinal bigint NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    status text NOT NULL,
    raw_status text NOT NULL,
    objective text,
    created_on_platform_at timestamptz,
    starts_at timestamptz,
    ends_at timestamptz
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE IF NOT EXISTS staged_pulls (
    pull bigint NOT NULL,
    connection_id bigint NOT NULL,
    workspace_id bigint NOT NULL,
    platform text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    complete boolean NOT NULL,
    pulled_at timestamptz NOT NULL
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE IF NOT EXISTS staged_days (
    pull bigint NOT NULL,
    ordinal bigint NOT NULL,
    external_id text NOT NULL,
    date date NOT NULL,
    impressions bigint,
    clicks bigint,
    spend numeric,
    conversions numeric,
    conversion_value numeric,
    conversion_type text,
    reach bigint,
    frequency numeric,
    video_plays bigint,
    video_views_2s bigint,
    video_views_6s bigint,
    video_quartile_1 bigint,
    video_quartile_2 bigint,
    video_quartile_3 bigint,
    video_completions bigint,
    currency text NOT NULL,
    attribution_window text NOT NULL,
    provisional boolean NOT NULL
) ON COMMIT DELETE ROWS;

-- What days call campaigns that no list beside them has.
CREATE TEMPORARY TABLE IF NOT EXISTS staged_unlisted (
    pull bigint NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE IF NOT EXISTS staged_account_days (
    connection_id bigint NOT NULL,
    ordinal bigint NOT NULL,
    date date NOT NULL,
    currency text NOT NULL,
    spend numeric
) ON COMMIT DELETE ROWS;
