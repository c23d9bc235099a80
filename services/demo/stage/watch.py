"""What do people read while the day goes by? The SMS with its link, and the alerts of those on call."""

import asyncio
import contextlib
from datetime import timedelta
from random import Random

from services.demo.stage.answering import answer_offer
from services.demo.stage.doors import Refusal
from services.demo.stage.shared import ALREADY, Stage, close

MESSAGES = 150  # the newest ones, at each look
LOOK_SECONDS = 1.0  # real seconds between two looks at the telephones, at least
LOOK_MINUTES = 4  # minutes of the day between two looks, at a slower speed
COUNT_SECONDS = 3.0  # real seconds between two readings of the figures

SEES_THE_ALERT = (1, 7)  # minutes of the day; some alerts are taken in hand at their second call only
PHONES_AROUND = (8, 35)  # minutes she then needs to find another answer


async def read_messages(stage: Stage, territory: str) -> None:
    """Look at the telephones of a territory again and again, for ever; answer each alert that came."""
    while True:
        with contextlib.suppress(Refusal):
            await look_at_messages(stage, territory)
        await asyncio.sleep(max(LOOK_SECONDS, LOOK_MINUTES * 60 / stage.time.speed))


async def look_at_messages(stage: Stage, territory: str) -> None:
    """Read the newest messages of a territory once. Raises Refusal."""
    newest_first = await stage.doors.get(f"reg-{territory}", "/api/messages", {"limit": MESSAGES})
    for one in newest_first:
        if one["kind"] == "offer" and one["id"] not in stage.inbox.seen:
            stage.begin(answer_offer(stage, one["id"], one["recipient_id"]))
    for request_id in stage.inbox.read(reversed(newest_first)):
        if request_id in stage.asks and request_id not in stage.in_hand:
            stage.in_hand.add(request_id)
            stage.begin(_take_in_hand(stage, request_id, territory))


async def count_requests(stage: Stage, territory: str, among: int) -> None:
    """Read the figures of a territory again and again, for ever; the less often the more there are."""
    query: dict[str, str | int] = {"since": stage.start.isoformat(), "until": stage.end.isoformat()}
    while True:
        with contextlib.suppress(Refusal):
            stage.figures[territory] = await stage.doors.get(f"reg-{territory}", "/api/figures", query)
        await asyncio.sleep(COUNT_SECONDS * (1 + among) / 2)


async def _take_in_hand(stage: Stage, request_id: str, territory: str) -> None:
    """Acknowledge; phone around; then say how it ended, unless Relais has found a place meanwhile."""
    dice, human, ask = Random(f"{request_id}:alert"), f"reg-{territory}", stage.asks[request_id]
    seen = stage.time.now() + timedelta(minutes=dice.uniform(*SEES_THE_ALERT))
    answered = seen + timedelta(minutes=dice.uniform(*PHONES_AROUND))
    if ask.otherwise == "waits":  # she lets Relais search on, until the promise is over
        answered = max(answered, ask.at + timedelta(hours=ask.hours))
    try:
        await stage.time.until(seen)
        path, door = f"/api/requests/{request_id}/acknowledge", "/api/requests/{id}/acknowledge"
        await stage.doors.post(human, path, door=door, expected=ALREADY)
        await stage.time.until(answered)
        row = await stage.doors.get(human, f"/api/requests/{request_id}", door="/api/requests/{id}")
        if row["state"] in ("seeking", "offering", "escalated"):
            outcome = "unmet" if ask.otherwise == "waits" else ask.otherwise
            await close(stage, human, request_id, outcome)
    finally:
        stage.in_hand.discard(request_id)
