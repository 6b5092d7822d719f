-- Who changed what a company sends to its stores, and when: by the page, by a command or by SQL.
-- depends: 0114_name_what_is_sent
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

CREATE TABLE edge.settings_changes (
    change_id bigint GENERATED ALWAYS AS IDENTITY,
    company_id uuid NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by text NOT NULL,
    settings_before jsonb NOT NULL,
    settings_after jsonb NOT NULL,
    CONSTRAINT settings_changes_pkey PRIMARY KEY (change_id),
    CONSTRAINT settings_changes_company_id_fkey FOREIGN KEY (company_id)
    REFERENCES edge.companies (company_id) ON DELETE CASCADE
);
COMMENT ON TABLE edge.settings_changes IS 'Changes of promotion_sync_settings; only what differs is kept of each.';
CREATE INDEX settings_changes_company_id_idx ON edge.settings_changes (company_id, change_id DESC);

CREATE FUNCTION edge.keep_settings_change() RETURNS trigger LANGUAGE plpgsql AS $$
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
COMMENT ON FUNCTION edge.keep_settings_change IS
'Who it was: the transaction''s edge.changed_by where an application knows the person, else the database''s user.';

CREATE TRIGGER keep_change AFTER UPDATE ON edge.promotion_sync_settings
FOR EACH ROW WHEN (old.* IS DISTINCT FROM new.*) EXECUTE FUNCTION edge.keep_settings_change();
