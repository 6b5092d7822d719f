-- Staging tables of one connection: pages pass through them on their way to the merge.
CREATE TEMPORARY TABLE staged_brands (
    ordinal integer NOT NULL,
    external_id text NOT NULL,
    display_id text,
    name text NOT NULL,
    logo_url text,
    status text NOT NULL,
    is_active boolean NOT NULL,
    checksum text NOT NULL
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE staged_offers (
    ordinal integer NOT NULL,
    external_id text NOT NULL,
    display_id text,
    advertiser_id text NOT NULL,
    name text NOT NULL,
    category text,
    commission_pct numeric,
    payout_amount numeric,
    payout_currency text,
    payout_model text,
    status text NOT NULL,
    is_active boolean NOT NULL,
    checksum text NOT NULL
) ON COMMIT DELETE ROWS;

CREATE TEMPORARY TABLE staged_publishers (
    external_id text NOT NULL,
    display_id text NOT NULL,
    email text,
    external_ref text
) ON COMMIT PRESERVE ROWS;
