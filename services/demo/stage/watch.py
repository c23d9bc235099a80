"""What do people read while the day goes by? The SMS with its link, and the alerts of those on call."""

import asyncio
import contextlib
from datetime import datetime, timedelta
from random import Random

from services.demo.stage.doors import Refusal
from services.demo.stage.shared import ALREADY, Stage, close

MESSAGES = 200  # the newest ones, at each look
LOOK_SECONDS = 0.7  # real seconds between two looks at the telephones, and at the board
MANY = 200  # rows of the board

SEES_THE_ALERT = (
    1,
    7,
)  # minutes of the day until the human on call takes it in hand (some only at the second alert)
PHONES_AROUND = (8, 35)  # minutes she then needs to find another answer


async def read_messages(stage: Stage, territory: str) -> None:
    """Look at the telephones of a territory again and again, for ever."""
    while True:
        with contextlib.suppress(Refusal):
            await look_at_messages(stage, territory)
        await asyncio.sleep(LOOK_SECONDS)


async def look_at_messages(stage: Stage, territory: str) -> None:
    """Read the newest messages of a territory once. Raises Refusal."""
    newest_first = await stage.doors.get(f"reg-{territory}", "/api/messages", {"limit": MESSAGES})
    stage.inbox.read(reversed(newest_first))


async def count_requests(stage: Stage, territory: str, among: int) -> None:
    """Read the figures of a territory again and again, for ever; the less often the more there are."""
    query: dict[str, str | int] = {"since": stage.start.isoformat(), "until": stage.end.isoformat()}
    while True:
        with contextlib.suppress(Refusal):
            stage.figures[territory] = await stage.doors.get(f"reg-{territory}", "/api/figures", query)
        await asyncio.sleep(LOOK_SECONDS * (1 + among))


async def answer_alerts(stage: Stage, territory: str) -> None:
    """Who is on call looks at the board again and again, and takes each alert in hand once."""
    handled: set[str] = set()
    while True:
        with contextlib.suppress(Refusal):
            board = await stage.doors.get(f"reg-{territory}", "/api/requests", {"limit": MANY})
            for row in board["requests"]:
                if row["state"] == "escalated" and row["id"] not in handled and row["id"] in stage.asks:
                    handled.add(row["id"])
                    stage.begin(_take_in_hand(stage, row["id"], territory, datetime.fromisoformat(row["deadline"])))
        await asyncio.sleep(LOOK_SECONDS)


async def _take_in_hand(stage: Stage, request_id: str, territory: str, deadline: datetime) -> None:
    """Acknowledge; phone around; then say how it ended, unless Relais has found a place meanwhile."""
    dice, human = Random(f"{request_id}:alert"), f"reg-{territory}"
    seen = stage.time.now() + timedelta(minutes=dice.uniform(*SEES_THE_ALERT))
    await stage.time.until(seen)
    path, door = f"/api/requests/{request_id}/acknowledge", "/api/requests/{id}/acknowledge"
    await stage.doors.post(human, path, door=door, expected=ALREADY)
    answered = seen + timedelta(minutes=dice.uniform(*PHONES_AROUND))
    otherwise = stage.asks[request_id].otherwise
    await stage.time.until(max(answered, deadline) if otherwise == "waits" else answered)
    row = await stage.doors.get(human, f"/api/requests/{request_id}", door="/api/requests/{id}")
    if row["state"] in ("seeking", "escalated"):
        await close(stage, human, request_id, "unmet" if otherwise == "waits" else otherwise)
