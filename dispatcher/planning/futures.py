"""What may come in the next hours, call by call and seat by seat? A future, drawn by chance from the last weeks."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from dispatcher.matching.open_slot import OpenSlot
from dispatcher.planning.demand import AHEAD, WATCHED, Demand, Past
from dispatcher.planning.edges import Ask
from dispatcher.planning.forecast import Where
from schemas.request import Need
from schemas.values import Place, SlotState

A_WEEK = timedelta(days=7)
LAST_SEAT = AHEAD + timedelta(hours=24)
"""Who calls at the end still has a day to be seen."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that is made at a moment of its own."""

    ask: Ask
    at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """A slot as it was opened, and the moment when its practitioner did."""

    at: datetime
    slot: OpenSlot


@dataclass(frozen=True, slots=True)
class Weeks:
    """What the last weeks say of a territory: the requests that were entered, those of them that still wait, and the
    slots that were opened."""

    past: Sequence[Past] = ()
    waiting: Sequence[Call] = ()
    opened: Sequence[Opened] = ()


def calls(expected: Demand, past: Iterable[Past], now: datetime, territory: str, seed: int) -> list[Call]:
    """The calls of a future, by the moment they come. Same arguments, same calls.

    How many come from each commune in each hour is Poisson; who calls is like somebody of the profession who called
    before, from that commune if anybody did: as urgent, in the same modes, with the same practitioner.
    """
    dice = np.random.default_rng(seed)
    alike: defaultdict[Where, list[Past]] = defaultdict(list)
    places: dict[str, Place] = {}
    for one in past:
        places[one.need.place.commune] = one.need.place
        for where in (one.need.place.commune, ""):
            alike[one.need.profession, where].append(one)
    drawn = []
    for (profession, commune), hourly in sorted(expected.expected.items()):
        models = alike.get((profession, commune)) or alike[profession, ""]
        for hour, count in enumerate(dice.poisson(hourly).tolist(), expected.first):
            for part in dice.random(count).tolist():
                model = models[int(dice.integers(len(models)))]
                at = _moment(hour, part, now)
                drawn.append((at, _again(model, places[commune], at)))
    drawn.sort(key=lambda one: one[0])
    return [Call(Ask(f"call-{number:06d}", need, territory), at) for number, (at, need) in enumerate(drawn)]


def still_to_open(opened: Iterable[Opened], now: datetime, seed: int) -> list[OpenSlot]:
    """The slots of a future that nobody has opened yet: many are, on the very day.

    They are those of one of the last weeks, drawn by chance, which began in the same hours and had not been opened
    either at the same moment. None while nothing is known of a whole week.
    """
    known = list(opened)
    first = min((one.at for one in known), default=now)
    weeks = [ago for ago in range(1, WATCHED // A_WEEK + 1) if first <= now - ago * A_WEEK]
    if not weeks:
        return []
    later = weeks[int(np.random.default_rng(seed).integers(len(weeks)))] * A_WEEK
    then = now - later
    return [_moved(one.slot, later) for one in known if one.at > then and then < one.slot.start <= then + LAST_SEAT]


def _moved(slot: OpenSlot, later: timedelta) -> OpenSlot:
    """The same slot that much later, all its seats free."""
    start = slot.start + later
    state = SlotState(version=0, free=slot.schedule.capacity, next_start=int(start.timestamp()))
    return slot._replace(slot_id=f"later-{slot.slot_id}", start=start, state=state)


def _moment(hour: int, part: float, now: datetime) -> datetime:
    """Somewhere in what lies ahead of the hour."""
    begin = max(now, datetime.fromtimestamp(hour * 3600, UTC))
    end = min(now + AHEAD, datetime.fromtimestamp((hour + 1) * 3600, UTC))
    return begin + (end - begin) * part


def _again(model: Past, place: Place, at: datetime) -> Need:
    """The same need, from this place, at that moment."""
    later, need = at - model.entered_at, model.need
    earliest = max(at, need.earliest + later)
    deadline = max(earliest + timedelta(minutes=1), need.deadline + later)
    return need.model_copy(update={"place": place, "earliest": earliest, "deadline": deadline})
