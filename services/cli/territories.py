"""Which territories are there, and how does a CPTS bring its own?"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from services.settings import read_settings

app = typer.Typer(no_args_is_help=True)
DataDir = Annotated[Path | None, typer.Option("--data", help="Where everything rests (default: var).")]


@app.command("list")
def list_territories(data: DataDir = None, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """The territories, with the state of the evidence for their perimeter."""
    from services.build import known_territories

    territories = known_territories(read_settings(data_dir=data))
    if as_json:
        rows = [
            {"id": one.id, "name": one.name, "communes": len(one.communes), "evidence": one.evidence}
            for one in territories.values()
        ]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return
    table = Table("Territoire", "Nom", "Dép.", "Communes", "Périmètre")
    for one in territories.values():
        table.add_row(one.id, one.name, one.departement, str(len(one.communes)), one.evidence)
    Console().print(table)


@app.command("import")
def import_(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], data: DataDir = None) -> None:
    """Bring a CPTS's own perimeter: a CSV with the columns territory,name,departement,insee_code."""
    from services.reference.territories import import_territory

    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        territory = import_territory(file)
    except ValueError as wrong:
        errors.print(f"[red]✗[/red] {file.name} n'a pas été importé, rien n'a changé :\n{wrong}")
        raise typer.Exit(2) from None
    folder = read_settings(data_dir=data).data_dir / "territories"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{territory.id}.json").write_text(territory.model_dump_json(indent=1))
    errors.print(f"✓ {territory.name} : {len(territory.communes)} communes. Relancez `relais up` pour l'utiliser.")
