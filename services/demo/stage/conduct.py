"""In which order is the day played? People come in, the day goes by, everybody goes home, figures are collected."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine, Iterator
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.live import Live

from availability.agenda import NewPractitioner
from schemas.territory import Territory
from services.demo.plan import Plan
from services.demo.play import perform, set_up
from services.demo.population import number_of
from services.demo.stage.doors import Refusal
from services.demo.stage.server import NotStarted
from services.demo.stage.shared import Stage, leave
from services.demo.stage.show import View
from services.demo.stage.watch import count_requests, look_at_messages, read_messages
from services.demo.summary import Fate, Summary, summarise

MEMBERS_AT_ONCE = 300  # a body of the API holds at most 256 kB
REDRAWN = 4  # times a second


async def bring_in(stage: Stage, plan: Plan) -> None:
    """The practitioners become members, and open what was made known before the day. Raises NotStarted."""
    try:
        for territory in plan.territories:
            await _register(stage, territory, plan.people[territory.id])
    except Refusal as refused:
        raise NotStarted(f"Les professionnels n'ont pas pu être inscrits ({refused}).") from refused
    await set_up(stage, plan.known_before)


async def play_day(stage: Stage, plan: Plan, others: Coroutine[Any, Any, None], console: Console) -> None:
    """Play until the day is over, or Ctrl-C. Raises what went wrong: a mistake of ours, or of `others` (which may
    only end by raising: the server that stopped).
    """
    stage.broken = asyncio.get_running_loop().create_future()
    running = [asyncio.create_task(work) for work in _watchers(stage, plan)]
    running += [asyncio.create_task(perform(stage, plan.of_the_day)), asyncio.create_task(others)]
    over = asyncio.create_task(stage.time.until(stage.end))
    view = View(stage, plan.territories[0])
    showing = asyncio.create_task(_show(view, console))
    try:
        with _ctrl_c_ends(over):
            await _first_of(over, stage.broken, running)
    finally:
        for task in (over, showing, *running):
            task.cancel()
        await asyncio.gather(over, showing, *running, return_exceptions=True)
        await leave(stage)


async def collect(stage: Stage, plan: Plan) -> Summary:
    """Read how each request stands, as a regulator would, and make the figures of it."""
    for territory in plan.territories:
        with contextlib.suppress(Refusal):
            await look_at_messages(stage, territory.id)
    fates = await asyncio.gather(*(_fate(stage, plan, request_id) for request_id in sorted(stage.entered)))
    counted = stage.counted
    return summarise(
        [fate for fate in fates if fate is not None],
        stage.time.now(),
        messages=stage.inbox.sent(),
        seats_opened=counted["seats opened"],
        slots_cancelled=counted["slots cancelled"],
        patients_cancelled=counted["patients cancelled"],
        confirmed_by_link=counted["confirmed by link"],
    )


async def _register(stage: Stage, territory: Territory, people: list[NewPractitioner]) -> None:
    for first in range(0, len(people), MEMBERS_AT_ONCE):
        members = [
            one.model_dump(mode="json") | ({"phone": number_of(one.id)} if one.terms and one.terms.extra else {})
            for one in people[first : first + MEMBERS_AT_ONCE]
        ]
        await stage.doors.post(f"coord-{territory.id}", "/api/practitioners", {"practitioners": members})


def _watchers(stage: Stage, plan: Plan) -> Iterator[Coroutine[Any, Any, None]]:
    for territory in plan.territories:
        yield read_messages(stage, territory.id)
        yield count_requests(stage, territory.id, among=len(plan.territories))
    yield stage.time.keep()


async def _first_of(over: asyncio.Task[None], broken: asyncio.Future[None], running: list[asyncio.Task[None]]) -> None:
    """Wait for the end of the day; what fails before is raised."""
    waiting: set[asyncio.Future[None]] = {over, broken, *running}
    while not over.done():
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            if not one.cancelled() and (error := one.exception()):
                raise error


async def _fate(stage: Stage, plan: Plan, request_id: str) -> Fate | None:
    ask = stage.asks[request_id]
    try:
        row = await stage.doors.get(f"reg-{ask.territory}", f"/api/requests/{request_id}", door="/api/requests/{id}")
    except Refusal:
        return None
    commune = plan.communes.get(ask.commune)
    placed = row["start"] is not None and ask.usual_practitioner is not None
    return Fate(
        request_id=request_id,
        territory=ask.territory,
        profession=ask.profession,
        commune=commune.name if commune else ask.commune,
        asked_at=datetime.fromisoformat(row["entered_at"]),
        deadline=datetime.fromisoformat(row["deadline"]),
        state=row["state"],
        start=datetime.fromisoformat(row["start"]) if row["start"] else None,
        usual=row["practitioner_id"] == ask.usual_practitioner if placed else None,
        escalated=row["rank"] >= 0,
        counts=row["counts"],
    )


async def _show(view: View, console: Console) -> None:
    """Redraw the panel on a terminal; elsewhere say a line for each hour of the day."""
    if console.is_terminal:
        with Live(view, console=console, refresh_per_second=REDRAWN):
            await asyncio.Event().wait()
    while True:
        await view.next_hour()
        console.print(view.line())


@contextlib.contextmanager
def _ctrl_c_ends(over: asyncio.Task[None]) -> Iterator[None]:
    """The first Ctrl-C ends the day early, and its figures are still printed; a second one stops at once."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        over.cancel()

    loop.add_signal_handler(signal.SIGINT, end)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
