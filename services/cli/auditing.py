"""How does somebody prove that the audit was not changed? The head to keep outside, and the proof."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from services.settings import Settings, read_settings

if TYPE_CHECKING:
    from services.audit.verify import Head

app = typer.Typer(no_args_is_help=True)
out = Console(highlight=False, soft_wrap=True)
problems = Console(stderr=True, highlight=False, soft_wrap=True)

DataDir = Annotated[Path | None, typer.Option("--data", help="Where everything rests (default: var).")]
One = Annotated[str | None, typer.Option("--territory", help="This one alone (default: all).")]


@app.callback()
def audit() -> None:
    """The audit: the head of its chain, and the proof that nothing was changed."""


@app.command("head")
def head(
    file: Annotated[Path | None, typer.Option("--out", help="Where to write it (default: standard output).")] = None,
    territory: One = None,
    data: DataDir = None,
) -> None:
    """The last seal of each territory, signed, as JSON: keep it where the people of this machine cannot change it."""
    text = asyncio.run(_heads(_settings(data), territory))
    if file is None:
        typer.echo(text, nl=False)
    else:
        file.write_text(text, "utf-8")
        out.print(f"✓ {file}")


@app.command("verify")
def verify(
    head: Annotated[Path | None, typer.Option("--head", help="An exported head: shows a cut end, too.")] = None,
    territory: One = None,
    data: DataDir = None,
) -> None:
    """Compute every seal again. Exit code 1 when an entry or a seal was changed, removed, put in or cut off."""
    from services.audit.heads import HeadUnread, read_heads

    try:
        heads = read_heads(head) if head else []
    except HeadUnread as unread:
        problems.print(f"[red]✗[/red] {unread}")
        raise typer.Exit(2) from None
    found = asyncio.run(_verify(_settings(data), heads, territory))
    out.print(f"✗ {found} anomalie(s)." if found else "✓ Le journal est intact.")
    raise typer.Exit(1 if found else 0)


async def _heads(settings: Settings, territory: str | None) -> str:
    from services.audit.entries import last_seals
    from services.audit.heads import exported
    from services.storage.database import Database

    database = Database(settings.database)
    try:
        async with database.read() as db:
            return exported(await last_seals(db, territory))
    finally:
        await database.close()


async def _verify(settings: Settings, heads: "list[Head]", territory: str | None) -> int:
    """Say what is wrong as it is found; how many times."""
    from services.audit.chain import audit_key, public_key
    from services.audit.verify import faults
    from services.storage.database import Database
    from services.storage.keyring import master_key

    ours = public_key(audit_key(master_key(settings.data_dir, settings.master_key)))
    database, found = Database(settings.database), 0
    try:
        async with database.read() as db:
            async for fault in faults(db, database.dialect, [ours], heads, territory):
                found += 1
                out.print(f"  · {fault}")
    finally:
        await database.close()
    return found


def _settings(data: Path | None) -> Settings:
    """The settings of an installation that exists: proving nothing about an empty folder would say that all is well."""
    settings = read_settings(os.environ, data_dir=data)
    made = settings.database_url is not None or (settings.data_dir / "relais.db").exists()
    if not made or not (settings.master_key or (settings.data_dir / "master.key").exists()):
        problems.print(
            f"[red]✗[/red] Rien à vérifier dans {settings.data_dir} : donnez --data, ou l'environnement de Relais."
        )
        raise typer.Exit(2)
    return settings
