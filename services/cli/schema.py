"""Is the database what this code needs, and how is it brought there before a start?"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(no_args_is_help=True)
DataDir = Annotated[Path | None, typer.Option("--data", help="Where everything rests (default: var).")]


@app.command("status")
def status(data: DataDir = None, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Which revision the databases are at, and what is pending. Exit code 1 when something must be done."""
    from services.cli.stores import WORDS, look, of_each
    from services.storage.migrate import Standing

    stores = of_each(data, look)
    if as_json:
        sys.stdout.write(json.dumps([asdict(store) for store in stores], ensure_ascii=False, indent=2) + "\n")
    else:
        out = Console(highlight=False, soft_wrap=True)
        for store in stores:
            here = store.revision or "aucune révision"
            out.print(f"{store.name} : {here} (ce Relais : {store.head}) {WORDS[store.standing]}")
            for one in store.pending:
                out.print(f"    → {one}")
    raise typer.Exit(1 if any(store.standing in (Standing.BEHIND, Standing.STRANGE) for store in stores) else 0)


@app.command("upgrade")
def upgrade(data: DataDir = None) -> None:
    """Bring the databases to the revision of this Relais, as every start does. Safe while others run."""
    from services.cli.stores import WORDS, of_each, upgraded

    for store in of_each(data, upgraded):
        Console(highlight=False, soft_wrap=True).print(f"{store.name} : {store.revision} {WORDS[store.standing]}")
