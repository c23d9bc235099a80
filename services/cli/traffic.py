"""How do messages stand? Queues, providers, doubts and cost, through the HTTP door of a running Relais."""

import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.cli.doors import URL, answered, signed_in

out = Console(highlight=False, soft_wrap=True)


def messages(
    as_json: Annotated[bool, typer.Option("--json")] = False,
    account: Annotated[str, typer.Option(help="Who asks: an operator.")] = "ops",
    url: Annotated[str, typer.Option(help="Where Relais answers.")] = URL,
) -> None:
    """Messages: queues by lane, providers and their health, what nobody answered, segments and cost of each day."""
    with signed_in(account, url) as client:
        found = answered(client.get("/api/traffic"))
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
        return
    _providers(found["providers"])
    _queues(found["queues"])
    _doubts(found["ambiguous"])
    _days(found)


def _providers(rows: list[dict[str, Any]]) -> None:
    table = Table("Fournisseur", "Voie", "Santé", "Aujourd'hui")
    for one in rows:
        state = f"{one['weight']}/{one['of']}" if one["open"] else "à l'arrêt"
        today = ", ".join(f"{number} {name}" for name, number in sorted(one["today"].items()))
        table.add_row(one["name"], one["channel"], state, today or "rien")
    out.print(table)


def _queues(rows: list[dict[str, Any]]) -> None:
    if not rows:
        out.print("Aucun message n'attend.")
        return
    table = Table("File", "Voie", "État", "Messages", "Le plus ancien")
    for one in rows:
        table.add_row(str(one["lane"]), one["channel"], one["state"], str(one["messages"]), one["oldest"][:19])
    out.print(table)


def _doubts(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    table = Table("Sans réponse", "Demande", "Sorte", "File", "Depuis", "Réputé perdu à")
    for one in rows:
        until = one["until"][:19] if one["until"] else "jamais (sans accusé)"
        table.add_row(one["message_id"], one["request_id"], one["kind"], str(one["lane"]), one["since"][:19], until)
    out.print(table)


def _days(found: dict[str, Any]) -> None:
    table = Table("Jour", "Segments SMS", "Euros")
    for one in found["days"]:
        table.add_row(one["day"], str(one["segments"]), f"{one['euros']:.2f}")
    out.print(table)
    dead = sum(found["dead_numbers"].values())
    out.print(f"Reçus en double sur {len(found['days'])} jours : {found['told_twice']}. Numéros injoignables : {dead}.")
    if found["budget"]:
        out.print(f"Budget du jour : {found['days'][0]['segments']} / {found['budget']} segments.")
