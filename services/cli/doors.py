"""How does the command line reach a running Relais? Through the same HTTP doors as people."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import typer
from rich.console import Console

from services.settings import Settings

URL = os.environ.get("RELAIS_URL") or f"http://127.0.0.1:{os.environ.get('RELAIS_PORT') or Settings.port}"
problems = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def signed_in(account: str, url: str = URL) -> Iterator[httpx.Client]:
    """A client signed in as a demonstration account. Ends the command with words of action when nobody answers."""
    with httpx.Client(base_url=url, timeout=15, headers={"Accept-Language": "fr"}) as client:
        try:
            answered(client.post("/api/session", json={"account": account}))
            yield client
        except httpx.TransportError:
            problems.print(f"[red]✗[/red] Personne ne répond à {url}. Démarrez Relais (`make run`), ou donnez --url.")
            raise typer.Exit(1) from None


def answered(response: httpx.Response) -> Any:
    """The JSON of a good answer. Ends the command with the problem's own words otherwise."""
    if response.is_success:
        return response.json() if response.content else None
    try:
        problem = response.json()
    except ValueError:
        problem = {"title": f"réponse {response.status_code}"}
    problems.print(f"[red]✗[/red] {problem.get('title', '')} {problem.get('detail', '')}".rstrip())
    for mistake in problem.get("errors", []):
        problems.print(f"    {mistake['field']} : {mistake['detail']}")
    raise typer.Exit(2)
