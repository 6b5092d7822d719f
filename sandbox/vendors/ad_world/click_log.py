"""What the click log of the world's stores would hold: lines as `docs/click-log.md` wants them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sandbox.vendors.ad_world.journeys import Touch
from sandbox.vendors.ad_world.places import Store
from sandbox.vendors.ad_world.world import World

Line = dict[str, Any]


def click_log_lines(  # noqa: PLR0913 - of which store, by which names, from when to when
    world: World, store: Store, *, workspace_id: int, external_id: str, first: date, last: date
) -> Iterator[Line]:
    """Yield the lines of a store with our snippet, for UTC days, up to the world's clock.

    `workspace_id` and `external_id` are what the product calls the store's workspace and the store.
    A store without the snippet has no lines.
    """
    if not store.snippet:
        return
    for touch in world.visits(store, first, last):
        yield _click(touch, workspace_id)
    for order in world.orders(store, first, last):
        if order.touches:
            yield {
                "type": "order",
                "workspace_id": workspace_id,
                "store": external_id,
                "order_id": order.order_id,
                "visitor_id": order.touches[0].visitor_id,
                "occurred_at": _zulu(order.created_at),
            }


def click_log_files(lines: Iterator[Line], name: str) -> dict[str, list[Line]]:
    """Spread lines over files, one an hour: `2026/06/22/10-<name>.jsonl`."""
    files: dict[str, list[Line]] = {}
    for line in lines:
        hour = datetime.fromisoformat(line["occurred_at"])
        files.setdefault(f"{hour:%Y/%m/%d/%H}-{name}.jsonl", []).append(line)
    return files


def write_click_log(
    client: Any,  # noqa: ANN401 - boto3 has no types
    bucket: str,
    files: Mapping[str, Sequence[Line]],
    *,
    prefix: str = "clicks",
) -> None:
    """Put the files where a collector would; again makes no difference."""
    for name, lines in files.items():
        body = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        client.put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=body)


def _click(touch: Touch, workspace_id: int) -> Line:
    """Return a click; a redirect of ours knew at once whose ad and which campaign it was."""
    line: Line = {
        "type": "click",
        "click_id": touch.touch_id,
        "workspace_id": workspace_id,
        "visitor_id": touch.visitor_id,
        "occurred_at": _zulu(touch.occurred_at),
        "landing_url": touch.landing_url,
        "referrer": touch.referrer,
    }
    if touch.evidence == "redirect" and touch.campaign is not None:
        line |= {"platform": touch.campaign.platform, "campaign_id": touch.campaign.campaign_id}
    return line


def _zulu(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
