-- Daily totals per workspace and platform, performance alerts and consistency issues.
-- depends: 0302_create_analytics_orders
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

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
    claimed_roas numeric GENERATED ALWAYS AS (
        round(claimed_revenue / nullif(spend, 0), 6)
    ) STORED,
    attributed_conversions numeric,
    attributed_gross numeric,
    attributed_revenue numeric,
    attributed_roas numeric GENERATED ALWAYS AS (
        round(attributed_revenue / nullif(spend, 0), 6)
    ) STORED,
    unconverted bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT workspace_daily_pkey PRIMARY KEY (workspace_id, date, platform),
    CONSTRAINT workspace_daily_workspace_id_fkey FOREIGN KEY (
        workspace_id
    ) REFERENCES analytics.workspaces (workspace_id)
);
COMMENT ON TABLE analytics.workspace_daily IS
'Claimed next to attributed, in the reporting currency (rounded to 6 decimals); platform `none` has what no ad is credited for.';
COMMENT ON COLUMN analytics.workspace_daily.date IS
'Claims: a day of the ad account''s timezone; orders: of the workspace''s.';
COMMENT ON COLUMN analytics.workspace_daily.spend IS 'NULL: nothing reported, or a rate is missing.';
COMMENT ON COLUMN analytics.workspace_daily.attributed_conversions IS
'Orders, each counted by its weight, with the workspace''s first model.';
COMMENT ON COLUMN analytics.workspace_daily.attributed_revenue IS
'Net of refunds, on the order''s day. NULL: a rate is missing.';
COMMENT ON COLUMN analytics.workspace_daily.unconverted IS
'Rows whose currency no rate of the day covers; with one, the sum over it is NULL.';

CREATE TABLE analytics.stale_days (
    workspace_id bigint NOT NULL,
    date date NOT NULL,
    CONSTRAINT stale_days_pkey PRIMARY KEY (workspace_id, date)
);
COMMENT ON TABLE analytics.stale_days IS
'Days whose totals have to be computed: written with the change, removed with the result.';

CREATE TABLE analytics.performance_alerts (
    campaign_id bigint NOT NULL,
    kind text NOT NULL,
    date date NOT NULL,
    workspace_id bigint NOT NULL,
    severity text NOT NULL,
    message text NOT NULL,
    opened_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    resolved_at timestamptz,
    notified_at timestamptz,
    CONSTRAINT performance_alerts_pkey PRIMARY KEY (campaign_id, kind, date),
    CONSTRAINT performance_alerts_campaign_id_fkey FOREIGN KEY (
        campaign_id
    ) REFERENCES analytics.campaigns (campaign_id),
    CONSTRAINT performance_alerts_kind_check CHECK (
        kind IN ('roas_drop', 'high_spend_low_conversions', 'ctr_drop')
    ),
    CONSTRAINT performance_alerts_severity_check CHECK (severity IN ('high', 'medium', 'low'))
);
COMMENT ON TABLE analytics.performance_alerts IS
'A campaign''s last complete day against the 14 days before; one row a campaign, kind and day.';
COMMENT ON COLUMN analytics.performance_alerts.resolved_at IS 'NULL: still true.';
COMMENT ON COLUMN analytics.performance_alerts.notified_at IS 'Told once. NULL: not yet.';

CREATE TABLE analytics.consistency_issues (
    kind text NOT NULL,
    subject text NOT NULL,
    date date NOT NULL,
    workspace_id bigint NOT NULL,
    detail text NOT NULL,
    opened_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    resolved_at timestamptz,
    CONSTRAINT consistency_issues_pkey PRIMARY KEY (kind, subject, date)
);
COMMENT ON TABLE analytics.consistency_issues IS
'Numbers that cannot be right, or that do not agree with each other.';
COMMENT ON COLUMN analytics.consistency_issues.subject IS 'campaign:<id>, connection:<id> or workspace:<id>.';
COMMENT ON COLUMN analytics.consistency_issues.resolved_at IS 'NULL: still so.';
