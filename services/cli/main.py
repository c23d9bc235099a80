"""What can be done from a terminal? The `relais` command."""

import asyncio
import json
import os
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from services.cli import (
    aside,
    auditing,
    documents,
    errands,
    feeds,
    members,
    people,
    planning,
    schema,
    simulating,
    territories,
    traffic,
    watching,
)
from services.logs import set_up_logs
from services.settings import Settings, SettingsError, read_settings

app = typer.Typer(
    name="relais",
    help="Relais : une place pour chaque demande de soins, dans les temps.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(territories.app, name="territory", help="The territories Relais knows: list, import.")
app.add_typer(errands.request_app, name="request", help="Care requests, through the HTTP door of a running Relais.")
app.add_typer(errands.slots_app, name="slots", help="Slots, through the HTTP door of a running Relais.")
app.add_typer(feeds.app, name="feeds", help="Agendas kept elsewhere: list, add, poll, remove.")
app.add_typer(aside.app, name="aside", help="Messages set aside: list, show, replay, drop.")
app.add_typer(members.app, name="members", help="The members of a community: import a CSV, with a dry run.")
app.add_typer(people.app, name="person", help="Erase a person's data.")
app.command("republish")(aside.republish)
app.add_typer(watching.app, name="events", help="The facts as they pass.")
app.add_typer(schema.app, name="database", help="The revision of the databases: status, upgrade.")
app.add_typer(
    auditing.app, name="audit", help="The audit: the head of its chain, and the proof that nothing was changed."
)
app.add_typer(documents.app, name="docs", help="The OpenAPI and AsyncAPI documents.")
app.command()(simulating.simulate)
app.command()(planning.plan)
app.command()(traffic.messages)

ROOMS_AND_CLOCK = ("dispatcher", "availability", "notifications", "clock")

console = Console(stderr=True, highlight=False, soft_wrap=True)

DataDir = Annotated[Path | None, typer.Option("--data", help="Where everything rests (default: var).")]
Port = Annotated[int | None, typer.Option(help="Web port on 127.0.0.1 (default: 8016).")]
Host = Annotated[str | None, typer.Option(help="A loopback address; others are refused until real sign-in exists.")]


@app.command()
def up(
    data: DataDir = None,
    port: Port = None,
    host: Host = None,
    speed: Annotated[float, typer.Option(min=1, help="Demonstration clock: seconds per real second.")] = 1.0,
    start: Annotated[datetime | None, typer.Option(help="Demonstration clock: where it starts (UTC).")] = None,
    seed: Annotated[bool, typer.Option(help="Load fictional practitioners and slots.")] = True,
    verbose: Annotated[bool, typer.Option("--verbose", "-v")] = False,
) -> None:
    """Everything on this machine, kept alive: nats-server, database, rooms, clock, web.

    With a PostgreSQL RELAIS_DATABASE_URL each room, the clock and the web are processes of their own.
    """
    set_up_logs(verbose)
    begin = None if start is None else start if start.tzinfo else start.replace(tzinfo=UTC)
    settings = _settings(data_dir=data, port=port, host=host, speed=speed, start=begin, seed_demonstration=seed)
    from services.up import stay_up

    _run(stay_up(settings, console))


@app.command()
def web(port: Port = None, host: Host = None, data: DataDir = None, verbose: bool = False) -> None:
    """The web alone, for production: needs RELAIS_NATS_URL and a PostgreSQL RELAIS_DATABASE_URL."""
    set_up_logs(verbose)
    settings = _settings(data_dir=data, port=port, host=host, seed_demonstration=False)
    _need_servers(settings)
    _stay_alone(settings, "web")


@app.command()
def worker(
    room: Annotated[str, typer.Argument(help="dispatcher, availability, notifications or clock")],
    data: DataDir = None,
    verbose: bool = False,
) -> None:
    """One room alone, for production: needs RELAIS_NATS_URL and a PostgreSQL RELAIS_DATABASE_URL."""
    if room not in ROOMS_AND_CLOCK:
        raise _wrong(f"there is no room {room!r}: write one of {', '.join(ROOMS_AND_CLOCK)}")
    set_up_logs(verbose)
    settings = _settings(data_dir=data, seed_demonstration=False)
    _need_servers(settings)
    _stay_alone(settings, room)


@app.command()
def watch(data: DataDir = None, verbose: bool = False) -> None:
    """Alarm when nothing is done any more: no sweep, no database or no NATS for 90 s. `relais up` does it by itself."""
    set_up_logs(verbose)
    settings = _settings(data_dir=data, seed_demonstration=False)
    from services.up import ALARM_AFTER
    from services.watch.watchdog import stay_watching

    _run(stay_watching(settings, console, ALARM_AFTER))


@app.command(hidden=True)
def part(name: str, verbose: bool = False) -> None:
    """What `relais up` starts: one process of it, with the settings on standard input."""
    set_up_logs(verbose)
    from services.watch.part import given_settings, stay, tell_supervisor

    _run(stay(given_settings(), name, console, tell_supervisor))


@app.command()
def demo(
    community: Annotated[str, typer.Argument(help="tarn-ouest, toulouse-ouest, volvestre, var or grand-narbonne")],
    speed: Annotated[float, typer.Option(min=1, help="Seconds of the day per real second.")] = 120.0,
    seed: Annotated[int, typer.Option(help="The same seed plays the same inputs.")] = 1,
    date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="A Monday in January by default.")] = None,
    hours: Annotated[float, typer.Option(min=0.5, max=72)] = 24.0,
    port: Port = None,
    data: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON on standard output.")] = False,
) -> None:
    """Play a believable day on real communes, through the same doors as people, and say how it went."""
    from services.demo.command import play_demo

    play_demo(
        community, speed=speed, seed=seed, date=date.date() if date else None, hours=hours, port=port, data_dir=data,
        json_out=as_json,
    )  # fmt: skip


@app.command()
def doctor(data: DataDir = None, port: Port = None, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Check the set-up and say what to mend. Exit code 1 when something must be mended."""
    from services.cli.doctor import examine

    findings = asyncio.run(examine(_settings(data_dir=data, port=port)))
    if as_json:
        sys.stdout.write(json.dumps([finding.as_dict() for finding in findings], ensure_ascii=False, indent=2) + "\n")
    else:
        out = Console(highlight=False, soft_wrap=True)
        for finding in findings:
            out.print(finding.line())
        wrong = sum(finding.state == "wrong" for finding in findings)
        out.print("Tout va bien." if not wrong else f"{wrong} point(s) à corriger : suivez les flèches.")
    raise typer.Exit(1 if any(finding.state == "wrong" for finding in findings) else 0)


@app.command()
def check(
    grace: Annotated[float, typer.Option(min=0, help="Seconds after which a suspicion still there counts.")] = 10.0,
    data: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Is every promise kept, now? Reads the database and the stream of a Relais that may be running."""
    from services.cli.checking import check_promises

    raise typer.Exit(check_promises(_settings(data_dir=data), grace, as_json))


def _settings(**given: Any) -> Settings:
    try:
        return read_settings(os.environ, **given)
    except SettingsError as wrong:
        raise _wrong(str(wrong)) from None


def _need_servers(settings: Settings) -> None:
    if settings.nats_url is None:
        raise _wrong("RELAIS_NATS_URL is not set. For everything in one process, run `relais up` instead.")
    if not settings.database.startswith("postgresql"):
        raise _wrong("RELAIS_DATABASE_URL must be a PostgreSQL address: SQLite serves one process only (`relais up`).")


def _wrong(text: str) -> typer.Exit:
    console.print(f"[red]✗[/red] {text}")
    return typer.Exit(2)


def _stay_alone(settings: Settings, part: str) -> None:
    from services.watch.part import stay

    def say(kind: str, text: str) -> None:
        if kind == "ready":
            console.print(f"web : {settings.base_url}" if part == "web" else f"worker : {part}")

    _run(stay(settings, part, console, say))


def _run(work: Coroutine[Any, Any, int]) -> None:
    """Run to the end on uvloop where there is one; the exit code is what the work says."""
    factory = None
    if sys.platform != "win32":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        raise typer.Exit(runner.run(work))


if __name__ == "__main__":
    app()
