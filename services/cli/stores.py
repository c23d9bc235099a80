"""How does each store stand to this code? Asked, and brought up to date, for `relais database`."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from services.settings import Settings, SettingsError, read_settings
from services.storage.database import Database
from services.storage.migrate import DATA, KEYS, Chain, NotMigrated, Standing, migrate, revision, standing

WORDS = {
    Standing.CURRENT: "[green]✓[/green] à jour",
    Standing.BEHIND: "[yellow]![/yellow] en retard : elle sera mise à jour au prochain démarrage, ou par "
    "`relais database upgrade`",
    Standing.AHEAD: "[green]✓[/green] plus récente que ce Relais, qui peut travailler avec",
    Standing.STRANGE: "[red]✗[/red] changée au-delà de ce que ce Relais comprend : installez la version qui l'a mise à "
    "jour, ou une plus récente",
}


@dataclass(frozen=True, slots=True)
class Store:
    """One store as it was found. `pending`: the revisions that have not run, with their names."""

    name: str
    revision: str | None
    head: str
    standing: Standing
    pending: list[str]


async def look(name: str, database: Database, chain: Chain) -> Store:
    """How a store stands to this code. A SQLite file that is not there is not made."""
    file = database.url.database if database.dialect == "sqlite" else None
    here = None
    if file is None or Path(file).exists():  # noqa: ASYNC240 - a command that waits for nothing else
        async with database.read() as db:
            here = await revision(db, chain)
    files = chain.files()
    known = list(files)
    how = standing(here, known)
    behind = known[0 if here is None else known.index(here) + 1 :] if how is Standing.BEHIND else []
    return Store(name, here, known[-1], how, [files[one].stem[1:] for one in behind])


async def upgraded(name: str, database: Database, chain: Chain) -> Store:
    await migrate(database, chain)
    return await look(name, database, chain)


def of_each(data: Path | None, ask: Callable[[str, Database, Chain], Awaitable[Store]]) -> list[Store]:
    """What is answered for the data and for the keys. Says what to do, and leaves with 2, when one cannot be asked."""

    async def both(settings: Settings) -> list[Store]:
        answers = []
        for name, url, chain in (("Données", settings.database, DATA), ("Clés", settings.keyring, KEYS)):
            database = Database(url)
            try:
                answers.append(await ask(name, database, chain))
            finally:
                await database.close()
        return answers

    try:
        return asyncio.run(both(read_settings(os.environ, data_dir=data)))
    except (NotMigrated, SettingsError) as wrong:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"[red]✗[/red] {wrong}")
    except OSError as away:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            f"[red]✗[/red] La base ne répond pas ({type(away).__name__}) : vérifiez RELAIS_DATABASE_URL et le serveur."
        )
    raise typer.Exit(2)
