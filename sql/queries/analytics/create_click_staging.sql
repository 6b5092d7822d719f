-- Staging tables of one connection for our click log.
CREATE TEMPORARY TABLE IF NOT EXISTS staged_clicks (
    LIKE analytics.click_events
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE IF NOT EXISTS staged_links (
    workspace_id bigint NOT NULL,
    store text NOT NULL,
    external_id text NOT NULL,
    visitor_id text NOT NULL,
    occurred_at timestamptz NOT NULL
) ON COMMIT DELETE ROWS;
