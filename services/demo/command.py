"""How is a day played from the command line? `relais demo`: a Relais of its own, the day, the figures."""

import asyncio
import json
import sys
from dataclasses import asdict
from datetime import date as Date
from pathlib import Path

from rich.console import Console

from services.demo.plan import A_MONDAY_IN_JANUARY, Plan, draw
from services.demo.stage.conduct import bring_in, collect, play_day
from services.demo.stage.doors import Doors, ServerTime
from services.demo.stage.server import NotStarted, OwnServer, empty_folder
from services.demo.stage.shared import Stage
from services.demo.stage.show import introduce, report_trouble, say_hour, sheet
from services.demo.summary import Summary
from services.demo.world.acts import Ask, NoShow
from services.ports import free_port

LOG_WIDTH = 120  # where nobody says how wide the paper is


def play_demo(
    community: str,
    *,
    speed: float = 120.0,
    seed: int = 1,
    date: Date | None = None,
    hours: float = 24.0,
    port: int | None = None,
    data_dir: Path | None = None,
    json_out: bool = False,
) -> None:
    """Play a day of a community and print how it went; `json_out`: the figures as JSON on standard output.

    The data go to `data_dir` (`var/demo-<community>`), which is emptied first. Ctrl-C ends the day early and
    still prints what was played. Exits with 1, after saying what to do, when the day cannot be played.
    """
    console = Console(stderr=json_out, highlight=False)
    if not console.is_terminal:
        console = Console(stderr=json_out, highlight=False, width=LOG_WIDTH)
    folder = data_dir or Path("var") / f"demo-{community}"
    try:
        plan = draw(community, seed=seed, on=date or A_MONDAY_IN_JANUARY, hours=hours, speed=speed)
        if empty_folder(folder):
            console.print(f"Le dossier {folder} de la démonstration précédente a été vidé.", style="dim")
        server = OwnServer(folder, port or free_port(), speed, plan.server_start)
        summary, _ = asyncio.run(play_plan(plan, server, console))
    except (NotStarted, ValueError) as why:
        console.print(f"[red]✗[/red] {why}")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        console.print("Arrêté. Rien n'a été joué, ou les chiffres n'ont pas été attendus.")
        raise SystemExit(130) from None
    if json_out:
        sys.stdout.write(_as_json(summary, plan, community=community, seed=seed) + "\n")


async def play_plan(plan: Plan, server: OwnServer, console: Console) -> tuple[Summary, Stage]:
    """Start the server, bring the people in, play the day, print its figures, stop the server."""
    console.print(introduce(plan.territories, {key: len(people) for key, people in plan.people.items()}))
    console.print(f"\nRelais démarre pour la démonstration : {server.url} (journal : {server.log})")
    async with server, Doors(server.url) as doors:
        stage = stage_of(plan, doors)
        await server.answer(stage.time)
        doors.errors.clear()  # nobody answered while it was starting
        with console.status("Les professionnels s'inscrivent et ouvrent leurs premiers créneaux…"):
            await bring_in(stage, plan)
        console.print(f"{stage.counted['seats opened']} places déjà annoncées. À regarder en direct : {server.url}/")
        console.print(
            f"La journée commence {say_hour(plan.start, plan.territories[0])}, dans {stage.seconds_left():.0f} s. "
            "Ctrl-C arrête et donne les chiffres.\n"
        )
        await stage.time.until(plan.start)
        await play_day(stage, plan, server.died(), console)
        with console.status("Relevé des demandes…"):
            summary = await collect(stage, plan)
    console.print(sheet(summary))
    report_trouble(console, stage)
    return summary, stage


def stage_of(plan: Plan, doors: Doors) -> Stage:
    """The stage of this plan, before anybody acts."""
    return Stage(
        doors=doors,
        time=ServerTime(doors),
        start=plan.start,
        end=plan.end,
        asks={act.request_id: act for act in plan.acts if isinstance(act, Ask)},
        absent=frozenset(act.request_id for act in plan.acts if isinstance(act, NoShow)),
    )


def _as_json(summary: Summary, plan: Plan, **given: object) -> str:
    said = {
        **given,
        "date": plan.start.astimezone(plan.territories[0].tz).date().isoformat(),
        "start": plan.start.isoformat(),
        "end": plan.end.isoformat(),
        "speed": plan.speed,
        "territories": [
            {"id": one.id, "name": one.name, "evidence": one.evidence, "professionals": len(plan.people[one.id])}
            for one in plan.territories
        ],
        "share_within_24h": summary.share_24h,
        "share_in_promise": summary.share_promise,
        "summary": asdict(summary),
    }
    return json.dumps(said, ensure_ascii=False, indent=2)
