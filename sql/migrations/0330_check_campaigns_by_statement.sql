-- A day's campaign is looked up once a statement, not once a row: that was a quarter of a merge.
-- What the foreign key promised stays true from both sides (docs/decisions/0070).
-- depends: 0601_find_ended_tokens
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE FUNCTION analytics.require_campaigns() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
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

CREATE FUNCTION analytics.refuse_orphaned_days() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
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
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE foreign_key_violation USING MESSAGE = 'The number of a campaign does not change.';
END
$$;

-- Its triggers, below, promise the same.
-- squawk-ignore ban-drop-constraint
ALTER TABLE analytics.campaign_metrics DROP CONSTRAINT campaign_metrics_campaign_id_fkey;

CREATE TRIGGER require_campaigns
AFTER INSERT ON analytics.campaign_metrics
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION analytics.require_campaigns();

CREATE TRIGGER refuse_other_campaign
BEFORE UPDATE OF campaign_id ON analytics.campaign_metrics
FOR EACH ROW WHEN (old.campaign_id <> new.campaign_id)
EXECUTE FUNCTION analytics.refuse_other_campaign();

CREATE TRIGGER refuse_orphaned_days
AFTER DELETE ON analytics.campaigns
REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION analytics.refuse_orphaned_days();

CREATE TRIGGER refuse_orphaned_days_of_all
AFTER TRUNCATE ON analytics.campaigns
FOR EACH STATEMENT EXECUTE FUNCTION analytics.refuse_orphaned_days();

CREATE TRIGGER refuse_other_number
BEFORE UPDATE OF campaign_id ON analytics.campaigns
FOR EACH ROW WHEN (old.campaign_id <> new.campaign_id)
EXECUTE FUNCTION analytics.refuse_other_campaign();
