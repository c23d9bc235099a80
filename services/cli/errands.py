"""How is a request entered, or a slot published, from a terminal?"""

import json
import sys
from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.console import Console

from services.cli.doors import URL, answered, signed_in

request_app = typer.Typer(no_args_is_help=True)
slots_app = typer.Typer(no_args_is_help=True)
out = Console(highlight=False, soft_wrap=True)

Url = Annotated[str, typer.Option(help="Where Relais answers.")]
AsJson = Annotated[bool, typer.Option("--json", help="The answer as JSON on standard output.")]
Key = Annotated[str | None, typer.Option(help="Idempotency key: the same key never enters it twice.")]
Modes = Annotated[list[str], typer.Option("--mode", help="office, home or teleconsultation; may be repeated.")]


@request_app.callback()
def requests() -> None:
    """Care requests."""


@slots_app.callback()
def slots() -> None:
    """Slots."""


@request_app.command("add")
def add_request(
    phone: Annotated[str, typer.Option(prompt="Téléphone")],
    last_name: Annotated[str, typer.Option(prompt="Nom")],
    commune: Annotated[str, typer.Option(prompt="Commune (nom, code postal ou INSEE)")],
    territory: Annotated[str, typer.Option(help="Where the regulator works.")] = "tarn-ouest",
    profession: Annotated[str, typer.Option(help="TRE_G15 code: 10 doctor, 60 nurse, 70 physiotherapist…")] = "10",
    hours: Annotated[int, typer.Option(help="Within how many hours.")] = 24,
    mode: Modes = ["office"],  # noqa: B006 - typer reads it, nobody changes it
    no_vehicle: bool = False,
    key: Key = None,
    as_json: AsJson = False,
    url: Url = URL,
) -> None:
    """Enter a care request and let the dispatcher find a place."""
    body = {
        "phone": phone, "last_name": last_name, "commune": commune, "profession": profession, "hours": hours,
        "modes": mode, "no_vehicle": no_vehicle,
    }  # fmt: skip
    with signed_in(f"reg-{territory}", url) as client:
        said = answered(client.post("/api/requests", json=body, headers=_key(key)))
    _print(said, as_json, f"✓ Demande {said['id']} enregistrée, à placer avant le {said['deadline']}.")


@request_app.command("show")
def show_request(
    request_id: str,
    territory: Annotated[str, typer.Option()] = "tarn-ouest",
    url: Url = URL,
) -> None:
    """A request as it is now, as JSON."""
    with signed_in(f"reg-{territory}", url) as client:
        _print(answered(client.get(f"/api/requests/{request_id}")), True, "")


@slots_app.command("add")
def add_slots(
    practitioner: Annotated[str, typer.Option(help="The practitioner's id, such as p-tarn-ouest-0001.")],
    start: Annotated[list[str], typer.Option(help="ISO time or French words: « demain 14h »; may be repeated.")],
    minutes: int = 15,
    capacity: int = 1,
    mode: Modes = ["office"],  # noqa: B006 - typer reads it, nobody changes it
    key: Key = None,
    as_json: AsJson = False,
    url: Url = URL,
) -> None:
    """Publish one or several slots of a practitioner."""
    slots = [{"start": one, "minutes": minutes, "capacity": capacity, "modes": mode} for one in start]
    with signed_in(practitioner, url) as client:
        said = answered(client.post("/api/slots", json={"slots": slots}, headers=_key(key)))
    _print(said, as_json, "\n".join(f"✓ Créneau {slot['id']} : {slot['start']}" for slot in said["slots"]))


def _key(given: str | None) -> dict[str, str]:
    return {"Idempotency-Key": given or uuid4().hex}


def _print(said: Any, as_json: bool, words: str) -> None:
    if as_json:
        sys.stdout.write(json.dumps(said, ensure_ascii=False, indent=2) + "\n")
    else:
        out.print(words)
