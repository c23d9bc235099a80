"""What goes wrong? Refusals, no-shows and cancellations, drawn before the month so that every policy meets the same."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dispatcher.matching.seats import OpenSlot
from tests.bench.month.demand import Request

REFUSES = 0.05
"""Of the seats, those whose practitioner says no to whoever is sent first (our guess; the seat is then gone)."""
REFUSES_AFTER = (2, 20)
"""Minutes between being told and saying no."""
NO_SHOW = 0.10
"""The thesis that counted them says one in ten."""
WITHDRAWS = 0.06
WITHDRAWS_WITHIN = 12.0
"""Hours after the call in which a patient who needs it no longer says so."""
FALLS_ILL = 0.015
"""Of a practitioner's days, those cancelled from some moment of the morning on."""
SHORTEST_NOTICE = timedelta(minutes=30)
"""Nobody cancels a visit that begins in less: the patient is on the way."""


@dataclass(frozen=True, slots=True)
class Troubles:
    """`refuses`: slot → after how long. `withdraws`: request → when. `no_shows`: requests. `ill`: (when, slots)."""

    refuses: dict[str, timedelta] = field(default_factory=dict)
    withdraws: dict[str, datetime] = field(default_factory=dict)
    no_shows: frozenset[str] = frozenset()
    ill: tuple[tuple[datetime, tuple[str, ...]], ...] = ()


NO_TROUBLES = Troubles()


def troubles_of_month(slots: Sequence[OpenSlot], requests: Iterable[Request], seed: int) -> Troubles:
    """The fate of each seat, each request and each practitioner's day."""
    chance = random.Random(f"troubles-{seed}")
    refuses = {
        slot.slot_id: timedelta(minutes=chance.uniform(*REFUSES_AFTER)) for slot in slots if chance.random() < REFUSES
    }
    withdraws, no_shows = {}, set()
    for request in requests:
        if chance.random() < WITHDRAWS:
            withdraws[request.id] = request.entered + timedelta(hours=chance.uniform(0, WITHDRAWS_WITHIN))
        if chance.random() < NO_SHOW:
            no_shows.add(request.id)
    return Troubles(refuses, withdraws, frozenset(no_shows), tuple(_illnesses(slots, chance)))


def _illnesses(slots: Sequence[OpenSlot], chance: random.Random) -> Iterable[tuple[datetime, tuple[str, ...]]]:
    """When a practitioner cancels the rest of a day, and the seats of it."""
    days: dict[tuple[str, str], list[OpenSlot]] = {}
    for slot in slots:
        days.setdefault((slot.schedule.practitioner_id, slot.slot_id.rsplit("-", 1)[0]), []).append(slot)
    for day in days.values():
        if chance.random() < FALLS_ILL:
            midnight = day[0].start.replace(hour=0, minute=0)
            moment = midnight + timedelta(hours=chance.uniform(5, 11))
            gone = tuple(slot.slot_id for slot in day if slot.start >= moment + SHORTEST_NOTICE)
            if gone:
                yield moment, gone
