"""What do all players share? The doors, the hour, what was seen, and what is counted."""

import asyncio
import contextlib
import re
from collections import Counter, defaultdict
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.demo.stage.doors import Doors, Refusal, ServerTime
from services.demo.world.acts import Ask

LINK = re.compile(r"/p/([0-9A-Za-z]{8,40})")

ALREADY = ("already_closed", "unknown_request", "not_booked", "not_escalated", "not_begun", "refused")
"""What one hears when somebody else ended the request first."""


class Inbox:
    """Every SMS that left, and the newest link of each patient."""

    def __init__(self) -> None:
        self.seen: dict[str, tuple[str, str, str]] = {}
        self.told: set[str] = set()  # practitioners who were told of a booking or a change
        self._links: dict[str, str] = {}
        self._waiting: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def read(self, messages: Iterable[dict[str, Any]]) -> list[str]:
        """Take in messages as `GET /api/messages` shows them, oldest first; the requests of which an alert is new."""
        alerts = []
        for message in messages:
            if message["recipient"] == "human" and message["id"] not in self.seen and message["request_id"]:
                alerts.append(message["request_id"])
            self.seen[message["id"]] = (message["kind"], message["recipient"], message["state"])
            if message["recipient"] == "practitioner":
                self.told.add(message["recipient_id"])
            link = LINK.search(message["body"] or "")
            if link and message["recipient"] == "patient" and message["request_id"]:
                self._links[message["request_id"]] = link[1]
                self._waiting[message["request_id"]].set()
        return alerts

    async def link(self, request_id: str) -> str:
        """The token of the patient's newest link; waits for the first one."""
        await self._waiting[request_id].wait()
        return self._links[request_id]

    def sent(self) -> dict[str, int]:
        """How many messages left, by recipient and kind ("patient booked")."""
        return dict(Counter(f"{to} {kind}" for kind, to, state in self.seen.values() if state == "sent").most_common())


@dataclass(slots=True)
class Stage:
    """What all players share: the doors, the hour, what they have seen, and what is counted while playing."""

    doors: Doors
    time: ServerTime
    start: datetime
    end: datetime
    asks: dict[str, Ask]
    absent: frozenset[str]
    inbox: Inbox = field(default_factory=Inbox)
    opened: dict[tuple[str, datetime], str] = field(default_factory=dict)
    entered: set[str] = field(default_factory=set)
    counted: Counter[str] = field(default_factory=Counter)
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    in_hand: set[str] = field(default_factory=set)
    lag: timedelta = timedelta()
    most_lag: timedelta = timedelta()
    crowd: set[asyncio.Task[None]] = field(default_factory=set)
    broken: asyncio.Future[None] | None = None

    def begin(self, scene: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let a scene go on beside the others. A refusal at a door ends it (and is counted there)."""
        task = asyncio.create_task(_until_refused(scene))
        self.crowd.add(task)
        task.add_done_callback(self._leave)
        return task

    def seconds_left(self) -> float:
        """Real seconds until the day begins."""
        return max(0.0, (self.start - self.time.now()).total_seconds() / self.time.speed)

    def note_lag(self, planned: datetime) -> None:
        """How late something was done that was to be done at `planned`: what a busy machine costs."""
        self.lag = max(timedelta(), self.time.now() - planned)
        self.most_lag = max(self.lag, self.most_lag)

    def _leave(self, task: asyncio.Task[None]) -> None:
        self.crowd.discard(task)
        if not task.cancelled() and (error := task.exception()) and self.broken and not self.broken.done():
            self.broken.set_exception(error)


async def leave(stage: Stage) -> None:
    """The day is over: whoever still waits goes home."""
    tasks = list(stage.crowd)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def close(stage: Stage, account: str, request_id: str, outcome: str) -> None:
    """End a request in somebody's name. When it had ended otherwise nothing is done, and nothing counted."""
    path, door = f"/api/requests/{request_id}/close", "/api/requests/{id}/close"
    with contextlib.suppress(Refusal):
        await stage.doors.post(account, path, {"outcome": outcome}, door=door, expected=ALREADY)
        stage.counted[f"closed {outcome}"] += 1


async def _until_refused(scene: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(Refusal):
        await scene
