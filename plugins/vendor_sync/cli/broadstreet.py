"""Commands of Broadstreet: import, export, and a word on what an export has stopped for."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from vendor_sync.broadstreet import export_flow, import_flow, resolving
from vendor_sync.broadstreet.export_settings import ExportParams
from vendor_sync.broadstreet.import_settings import ImportParams
from vendor_sync.cli.output import (
    AsJson,
    RunId,
    end_with,
    errors_shown,
    new_run_id,
    progress_bars,
)
from vendor_sync.connections import connection_from_environment
from vendor_sync.errors import LockedError

_EntityTypes = Annotated[
    str, typer.Option(help="Comma-separated, e.g. zones,campaigns; none means all.")
]
_LockWait = Annotated[
    float, typer.Option(min=0, help="Seconds to wait while an import or export is at work.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("broadstreet-import")(broadstreet_import)
    app.command("broadstreet-export")(broadstreet_export)
    app.command("broadstreet-resolve")(broadstreet_resolve)


def broadstreet_import(  # noqa: PLR0913, PLR0917 - one option each
    entity_types: _EntityTypes = "",
    network_ids: Annotated[str, typer.Option(help="Only these networks, comma-separated.")] = "",
    advertiser_ids: Annotated[str, typer.Option(help="Only these advertisers.")] = "",
    campaign_ids: Annotated[str, typer.Option(help="Only these campaigns' placements.")] = "",
    mode: Annotated[
        str, typer.Option(help="incremental writes what has changed, fresh replaces everything.")
    ] = "incremental",
    run_id: RunId = None,
    lock_wait: _LockWait = import_flow.LOCK_WAIT_SECONDS,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read everything, print what would change.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring Broadstreet's networks, advertisers, zones, ads and campaigns into MongoDB."""
    name = run_id or new_run_id()
    values = {
        "entity_types": entity_types,
        "network_ids": network_ids,
        "advertiser_ids": advertiser_ids,
        "campaign_ids": campaign_ids,
        "mode": mode,
        "dry_run": dry_run,
    }
    with errors_shown(name), progress_bars() as watch:
        asked = import_flow.ImportRun(
            source=connection_from_environment,
            run_id=name,
            params=ImportParams.parse(values),
            trigger="cli",
            lock_wait_seconds=lock_wait,
            watch=watch,
        )
        try:
            result = import_flow.run_import(asked)
        except LockedError:
            result = import_flow.skip(asked)
    end_with(result, as_json=as_json)


def broadstreet_export(  # noqa: PLR0913 - one option each
    entity_types: _EntityTypes = "",
    local_ids: Annotated[
        str, typer.Option(help="Only these local entities, by their _id, comma-separated.")
    ] = "",
    run_id: RunId = None,
    lock_wait: _LockWait = export_flow.LOCK_WAIT_SECONDS,
    *,
    retry_refused: Annotated[
        bool, typer.Option("--retry-refused", help="Also send again what Broadstreet has refused.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print order, names and payloads; send nothing."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Take local entities to Broadstreet, each exactly once."""
    name = run_id or new_run_id()
    values = {
        "entity_types": entity_types,
        "local_ids": local_ids,
        "retry_refused": retry_refused,
        "dry_run": dry_run,
    }
    with errors_shown(name), progress_bars() as watch:
        asked = export_flow.ExportRun(
            source=connection_from_environment,
            run_id=name,
            params=ExportParams.parse(values),
            trigger="cli",
            lock_wait_seconds=lock_wait,
            watch=watch,
        )
        try:
            result = export_flow.run_export(asked)
        except LockedError as error:
            result = export_flow.skip(asked, str(error))
    if result.get("plan") is not None and not as_json:
        _show_plan(result["plan"])
    else:
        end_with(result, as_json=as_json)


def broadstreet_resolve(
    local_id: Annotated[str, typer.Argument(help="The _id of the local entity that waits.")],
    adopt: Annotated[int | None, typer.Option(help="This Broadstreet id is the entity.")] = None,
    *,
    create_again: Annotated[
        bool, typer.Option("--create-again", help="None of them is: the next export creates it.")
    ] = False,
) -> None:
    """Say which of several new entities in Broadstreet is ours; an export has stopped for it."""
    with errors_shown():
        typer.echo(
            resolving.resolve(
                connection_from_environment, local_id, adopt=adopt, create_again=create_again
            )
        )


def _show_plan(plan: list[dict[str, Any]]) -> None:
    """Print a line an entity: order, what happens to it, and what would be sent."""
    for line in plan:
        what = f"{line['order']:>4}  {line['action']:<7} {line['entity_type']:<15}"
        typer.echo(f"{what} {line['local_id']}  {line['name'] or ''}".rstrip())
        if line["action"] != "create":
            typer.echo(f"      because: {line['reason']}")
            continue
        if line["renamed"]:
            typer.echo(f"      name is taken, sent as: {line['sent_name']}")
        typer.echo(f"      {json.dumps({**line['query'], **line['body']}, ensure_ascii=False)}")
    typer.echo(f"{len(plan)} local entities; nothing was sent.")
