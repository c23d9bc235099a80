"""How does a community bring its members from a terminal? Through the HTTP door of a running Relais."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.cli.doors import URL, answered, signed_in

app = typer.Typer(no_args_is_help=True)
out = Console(highlight=False, soft_wrap=True)


@app.callback()
def members() -> None:
    """The members of a community."""


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV, as a spreadsheet saves it.")],
    territory: Annotated[str, typer.Option(help="The community they join.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say, line by line, what it would do.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The answer as JSON on standard output.")] = False,
    url: Annotated[str, typer.Option(help="Where Relais answers.")] = URL,
) -> None:
    """Take in the professionals of a CSV: all, or, when a line must be mended first, none. Exit code 2 then."""
    with signed_in(f"coord-{territory}", url) as client:
        door = f"/api/members/import?dry_run={str(dry_run).lower()}"
        said = answered(client.post(door, content=file.read_bytes(), timeout=120))
    stopped = any(one["stops"] for one in said["problems"])
    if as_json:
        sys.stdout.write(json.dumps(said, ensure_ascii=False, indent=2) + "\n")
    else:
        for one in said["problems"]:
            out.print(f"{'[red]✗[/red]' if one['stops'] else '[yellow]![/yellow]'} ligne {one['line']} : {one['says']}")
        figures = f"{said['new']} nouveau(x), {said['changed']} mis à jour, {said['same']} inchangé(s)"
        if stopped:
            out.print("Rien n'a été importé : corrigez les lignes marquées ✗, puis recommencez.")
        else:
            out.print(f"{'Ce que ferait l’import' if dry_run else '✓ Importé'} : {figures}.")
    if stopped:
        raise typer.Exit(2)
