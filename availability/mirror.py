"""What must change so that the open slots are those of the agenda kept elsewhere? Never a seat that somebody has."""

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from availability.agenda import ANYBODY, Audience, NewSlot, Practice, SlotRow, is_at, slot_ends
from schemas.values import Mode

MOST_PATIENTS = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """A time of the feed as the slot it should be."""

    uid: str
    slot: NewSlot


@dataclass(slots=True)
class Changes:
    """Slots to open (with the uid they come from) and to close; those that are `gone` from the feed while patients have
    a seat in them, and those that are `back`; how many times were left out, by reason."""

    open: list[Wanted] = field(default_factory=list)
    close: list[SlotRow] = field(default_factory=list)
    gone: list[SlotRow] = field(default_factory=list)
    back: list[SlotRow] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def as_slot(
    start: datetime,
    minutes: int,
    modes: tuple[Mode, ...],
    visit_minutes: int | None,
    audience: Audience = ANYBODY,
    place: Practice | None = None,
) -> NewSlot:
    """A time of a feed as a slot: for one patient, or for as many as find room where a visit takes so long."""
    patients = 1 if visit_minutes is None else max(1, min(MOST_PATIENTS, minutes // visit_minutes))
    return NewSlot(start=start, minutes=minutes, capacity=patients, modes=modes, audience=audience, place=place)


def changes(known: Mapping[str, SlotRow], wanted: Iterable[Wanted], others: Iterable[SlotRow]) -> Changes:
    """From the feed's slots that are open and to come, by uid, to the wanted ones. `others`: the practitioner's open
    slots of other origin, which stay in the way."""
    found = Changes()
    asked = {one.uid: one for one in wanted}
    staying = list(others)
    fresh: list[Wanted] = []
    for uid, slot in known.items():
        target = asked.get(uid)
        if target is not None and _same(slot, target.slot):
            staying.append(slot)
            found.back += [slot] if slot.gone else []
        elif not slot.seats:
            found.close.append(slot)
            fresh += [target] if target is not None else []
        else:
            staying.append(slot)
            found.left_out["moved"] += target is not None
            # A hold lasts seconds, and may end without a patient: the next reading decides.
            found.gone += [slot] if not slot.gone and any(seat.kind != "hold" for seat in slot.seats) else []
    fresh += [one for uid, one in asked.items() if uid not in known]
    _open(found, fresh, staying)
    return found


def _open(found: Changes, fresh: Iterable[Wanted], staying: Iterable[SlotRow]) -> None:
    """Those that are in nobody's way, the earlier one first where two overlap."""
    spans = sorted((slot.start, slot_ends(slot)) for slot in staying)
    for one in sorted(fresh, key=lambda one: (one.slot.start, one.uid)):
        span = one.slot.start, slot_ends(one.slot)
        at = bisect(spans, span)
        # Open slots never overlap one another: only the two neighbours may be in the way.
        if (at and spans[at - 1][1] > span[0]) or (at < len(spans) and spans[at][0] < span[1]):
            found.left_out["overlap"] += 1
        else:
            spans.insert(at, span)
            found.open.append(one)


def _same(slot: SlotRow, wanted: NewSlot) -> bool:
    """Whether nothing need change. Once somebody has a seat only the time matters."""
    if (slot.start, slot.minutes) != (wanted.start, wanted.minutes):
        return False
    asked = (wanted.capacity, set(wanted.modes), wanted.audience)
    known = (slot.capacity, set(slot.modes), slot.audience)
    return bool(slot.seats) or (known == asked and is_at(slot, wanted.place))
