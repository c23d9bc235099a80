"""How is a person forgotten who asks for it? Through the HTTP door of a running Relais."""

from typing import Annotated

import typer
from rich.console import Console

from services.cli.doors import URL, answered, signed_in

app = typer.Typer(no_args_is_help=True)
out = Console(highlight=False, soft_wrap=True)


@app.callback()
def person() -> None:
    """Persons, as far as they ask to be forgotten."""


@app.command("erase")
def erase(
    request: Annotated[str | None, typer.Option(help="The request's id.")] = None,
    phone: Annotated[str | None, typer.Option(help="All requests entered with this number.")] = None,
    territory: Annotated[str, typer.Option(help="Where the coordinator works.")] = "tarn-ouest",
    force: Annotated[bool, typer.Option("--force", help="Withdraw what is still open, then erase.")] = False,
    url: Annotated[str, typer.Option(help="Where Relais answers.")] = URL,
) -> None:
    """Drop the keys of a person's data: nobody can read it any more, in no copy and no backup. Cannot be undone."""
    whom = {"request_id": request, "phone": phone, "withdraw": force}
    with signed_in(f"coord-{territory}", url) as client:
        said = answered(client.post("/api/people/erase", json={name: one for name, one in whom.items() if one}))
    out.print(f"✓ Données effacées, sans retour possible : {', '.join(said['erased']) or 'SMS sans demande'}.")
