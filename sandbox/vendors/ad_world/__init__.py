"""One seeded world behind the ad platforms, the stores and the exchange rates of the sandbox.

`World(seed, Settings(...))` is the whole world: the same for the same arguments in any process, and
standard library only, so that a test may build a copy of its own next to the one in the server.
`World.now` is its clock (aware, UTC); nothing moves it but `set_now` and `advance`. What has not
happened at `now` does not exist yet, in everything below.

Places
    `world.workspaces` -> `Workspace` (timezone, reporting currency), `world.accounts` -> `Account`
    (platform, currency, timezone, campaigns), `world.stores` -> `Store` (kind, currency, timezone,
    `snippet`: whether our click log runs on it). `world.accounts_by_id`, `world.campaigns_by_id`.

Advertising (`delivery.py`)
    `world.delivery(campaign, day)` -> `Delivery` or None where the platform has no row: what the
    platform says *at `now`* about a day of the account's timezone. A day in progress is a share of
    itself, a day of the last 28 is still restated, one in 400 is taken back when it is 5 days old.
    Money is in minor units of the account's currency, `claims` are the purchases that the platform
    takes credit for (own last click of 7 days, and modelled ones), on the day it dates them.

Shopping (`journeys.py`)
    `world.orders(store, first, last)` -> `Order`s created on those UTC days and not after `now`,
    with their `touches` (visits that really came before them) and their `events` (edits, refunds,
    a cancellation) up to `now`: `order.gross`, `refunded`, `net`, `cancelled_at`, `updated_at`.
    `world.visits(store, first, last)` -> all touches of those days with the order that they led to:
    what the click log of a store with `snippet` holds, the ones that led to nothing included.
    A `Touch` knows its landing URL (utm and click id, spelt as badly as in life), its referrer, the
    campaign that really was clicked, and `match_in(store)`: what a correct reader may conclude.

Rates (`fx.py`)
    `world.rates`: reference rates by publication day, `PEGS`, what an operator would load by hand
    (`MANUAL`, units per dollar, constant), and `rate(day, source, target, now)` as a fraction.

The right answers (`truth.py`), which share no code with the product
    `campaign_metrics`, `order_values`, `attribution`, `workspace_daily`: see there.

Over the control API the pseudo-vendor `ad_world` has the settings (`reset(7, ad_world={...})`), the
changes `set_now` and `advance`, and the views `places`, `metrics`, `orders`, `visits`.
"""
