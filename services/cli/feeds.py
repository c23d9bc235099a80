"""Which agendas kept elsewhere are linked, from a terminal? Through the HTTP doors of a running Relais."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from services.cli.doors import URL, answered, signed_in

app = typer.Typer(no_args_is_help=True)
out = Console(highlight=False, soft_wrap=True)

Url = Annotated[str, typer.Option("--relais", help="Where Relais answers.")]
As = Annotated[str, typer.Option("--as", help="The account: a practitioner's, a delegate's, or coord-TERRITORY.")]
AsJson = Annotated[bool, typer.Option("--json", help="The answer as JSON on standard output.")]
Modes = Annotated[list[str], typer.Option("--mode", help="office, home or teleconsultation; may be repeated.")]
READ_WITHIN = 30.0
"""Seconds to wait for a feed to be read: the clock looks every few seconds."""


@app.callback()
def feeds() -> None:
    """Agendas kept elsewhere."""


@app.command("list")
def list_(account: As, as_json: AsJson = False, url: Url = URL) -> None:
    """The linked agendas, the last time each was read, and what to do about those that were not."""
    with signed_in(account, url) as client:
        rows = answered(client.get("/api/feeds"))
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return
    for row in rows:
        _show(row)
    if not rows:
        out.print("Aucun agenda n'est relié.")


@app.command("add")
def add(
    account: As,
    address: Annotated[str | None, typer.Option("--url", help="An https (or webcal) address.")] = None,
    file: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="An .ics file instead.")] = None,
    kind: Annotated[str, typer.Option(help="ical or fhir")] = "ical",
    means: Annotated[str, typer.Option(help="What an event is: open (a slot) or busy.")] = "open",
    practitioner: Annotated[str | None, typer.Option(help="For whom, when a delegate serves several.")] = None,
    visit_minutes: Annotated[int | None, typer.Option(help="Length of a visit; none: one patient an event.")] = None,
    mode: Modes = ["office"],  # noqa: B006 - typer reads it, nobody changes it
    national_id: Annotated[str | None, typer.Option(help="RPPS or ADELI, for a FHIR server.")] = None,
    url: Url = URL,
) -> None:
    """Link an agenda, or send a file, and wait until it is read."""
    if (address is None) == (file is None):
        out.print("[red]✗[/red] Donnez soit --url, soit --file.")
        raise typer.Exit(2)
    about = {"practitioner_id": practitioner, "means": means, "visit_minutes": visit_minutes}
    with signed_in(account, url) as client:
        if file is not None:
            query = {name: one for name, one in (about | {"modes": ",".join(mode)}).items() if one is not None}
            _show(answered(client.post("/api/feeds/file", params=query, content=file.read_bytes())))
            return
        body = about | {"url": address, "kind": kind, "modes": mode, "national_id": national_id}
        said = answered(client.post("/api/feeds", json={name: one for name, one in body.items() if one is not None}))
        _wait(client, said["id"], None)


@app.command("poll")
def poll(feed: str, account: As, url: Url = URL) -> None:
    """Have a linked agenda read now, whole, and wait until it is."""
    with signed_in(account, url) as client:
        before = answered(client.post(f"/api/feeds/{feed}/poll"))["tried_at"]
        _wait(client, feed, before)


@app.command("remove")
def remove(feed: str, account: As, url: Url = URL) -> None:
    """Unlink an agenda: its free slots are closed, booked patients keep their seats."""
    with signed_in(account, url) as client:
        answered(client.post(f"/api/feeds/{feed}/remove"))
    out.print("✓ Agenda délié : ses créneaux libres sont fermés, les rendez-vous pris restent.")


def _wait(client: httpx.Client, feed: str, before: str | None) -> None:
    """Show the feed once it was tried again. Exit code 1 when it could not be read."""
    until = time.monotonic() + READ_WITHIN
    while time.monotonic() < until:
        row = next((one for one in answered(client.get("/api/feeds")) if one["id"] == feed), None)
        if row is None or row["tried_at"] != before:
            break
        time.sleep(0.5)
    else:
        out.print(
            "! L'agenda est relié, mais n'a pas encore été lu : l'horloge (`relais worker clock`) tourne-t-elle ?"
        )
        raise typer.Exit(1)
    if row is not None:
        _show(row)
        if row["error"]:
            raise typer.Exit(1)


def _show(row: dict[str, Any]) -> None:
    mark = "[red]✗[/red]" if row["error"] else "[green]✓[/green]" if row["succeeded_at"] else "[yellow]…[/yellow]"
    what = f"{row['kind']} {row['host'] or 'fichier'}, {row['means']}"
    out.print(f"{mark} {row['id']}  {row['practitioner_id']}  {what}  lu : {row['succeeded_at'] or 'jamais'}")
    out.print(f"    {row['times']} horaires ; écartés : {row['left_out'] or 'aucun'}")
    if row["error"]:
        out.print(f"    → {row['what_to_do']}")
