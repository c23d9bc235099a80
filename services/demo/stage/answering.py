"""What do practitioners do who are asked to take a patient? Some say yes, some no, many nothing, when they can."""

from datetime import timedelta
from itertools import pairwise
from random import Random

from dispatcher.offers.curve import PUBLISHED, SLOWER
from services.demo.stage.shared import Stage

SAYS_YES, SAYS_NO = 0.3, 0.3
"""Of those asked; the others say nothing (ours: nobody has published it)."""
GONE = (
    *("unknown_offer", "offer_accepted", "time_taken", "time_past", "after_deadline", "before_window"),
    *("paused", "absent", "day_full", "week_full", "refused", "busy"),
)
"""What one hears when something came in between."""


async def answer_offer(stage: Stage, message_id: str, practitioner_id: str) -> None:
    """Between two patients: a look at one's page, and an answer to the first offer there."""
    dice = Random(f"{message_id}:answer")
    draw = dice.random()
    if draw > SAYS_YES + SAYS_NO:
        return
    await stage.time.until(stage.time.now() + timedelta(minutes=SLOWER * _delay(dice.random())))
    offers = await stage.doors.get(practitioner_id, "/api/offers")
    if not offers:
        return
    verb, body = ("accept", dict[str, str]()) if draw < SAYS_YES else ("decline", None)
    path, door = f"/api/offers/{offers[0]['id']}/{verb}", f"/api/offers/{{id}}/{verb}"
    said = await stage.doors.post(practitioner_id, path, body, door=door, expected=GONE)
    stage.counted[f"offers {said['outcome']}"] += 1


def _delay(share: float) -> float:
    """The minutes by which that share of all answers has come, by the published curve."""
    for (before, low), (after, high) in pairwise(PUBLISHED):
        if share <= high:
            return before + (after - before) * (share - low) / (high - low)
    return PUBLISHED[-1][0]
