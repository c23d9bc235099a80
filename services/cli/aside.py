"""What was set aside or lost on the way, and what is to become of it? Through the HTTP door of a running Relais."""

import json
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.cli.doors import URL, answered, signed_in

app = typer.Typer(no_args_is_help=True)
out = Console(highlight=False, soft_wrap=True)
warn = Console(stderr=True, highlight=False, soft_wrap=True)

Url = Annotated[str, typer.Option(help="Where Relais answers.")]
Account = Annotated[str, typer.Option(help="Who does it: an operator.")]
FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"]

AsideId = Annotated[str, typer.Argument(metavar="ID")]


@app.callback()
def aside() -> None:
    """Messages set aside."""


@app.command("list")
def list_aside(
    as_json: Annotated[bool, typer.Option("--json")] = False, account: Account = "ops", url: Url = URL
) -> None:
    """The messages set aside, the latest first: their reader, their subject, why, after how many tries."""
    with signed_in(account, url) as client:
        rows = answered(client.get("/api/aside"))
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return
    if not rows:
        out.print("Aucun message mis de côté.")
        return
    table = Table("Id", "Quand", "Lecteur", "Sujet", "Demande", "Essais", "Erreur")
    for row in rows:
        table.add_row(
            row["id"], row["at"][:19], row["reader"], row["topic"], row["about"] or "", str(row["tries"]), row["error"]
        )
    out.print(table)


@app.command("show")
def show(aside_id: AsideId, account: Account = "ops", url: Url = URL) -> None:
    """One of them as JSON, with its body opened."""
    with signed_in(account, url) as client:
        row = answered(client.get(f"/api/aside/{aside_id}"))
    warn.print("[yellow]![/yellow] Le contenu peut être personnel : ne le copiez ni dans un ticket ni dans un message.")
    sys.stdout.write(json.dumps(row, ensure_ascii=False, indent=2) + "\n")


@app.command("replay")
def replay(aside_id: AsideId, account: Account = "ops", url: Url = URL) -> None:
    """Let its reader deal with it now. When that fails again it stays aside, with the new reason."""
    with signed_in(account, url) as client:
        answered(client.post(f"/api/aside/{aside_id}/replay"))
    out.print("✓ Message traité : il n'est plus de côté.")


@app.command("drop")
def drop(
    aside_id: AsideId,
    why: Annotated[str, typer.Option(help="Why it is not to be dealt with; kept sealed.")],
    account: Account = "ops",
    url: Url = URL,
) -> None:
    """Decide that it is not to be dealt with. The audit keeps who did."""
    with signed_in(account, url) as client:
        answered(client.post(f"/api/aside/{aside_id}/drop", json={"why": why}))
    out.print("✓ Message écarté.")


def republish(
    since: Annotated[
        datetime | None, typer.Option(formats=FORMATS, help="From when on (UTC unless it says otherwise).")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that the outbox has: 30 days.")] = False,
    account: Account = "ops",
    url: Url = URL,
) -> None:
    """Publish recorded facts again, after the stream was lost. Harmless: who has dealt with one does nothing."""
    if (since is None) != everything:
        warn.print("[red]✗[/red] Dites depuis quand (--since 2026-11-01T00:00Z), ou --all pour tout.")
        raise typer.Exit(2)
    moment = since if since is None or since.tzinfo else since.replace(tzinfo=UTC)
    body = {} if moment is None else {"since": moment.isoformat()}
    with signed_in(account, url) as client:
        said = answered(client.post("/api/republish", json=body))
    out.print(f"✓ {said['facts']} fait(s) seront publiés de nouveau.")
