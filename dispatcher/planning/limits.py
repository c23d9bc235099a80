"""How many more visits may a practitioner be given, a day and a week? Limits that several slots share."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from dispatcher.matching.columns import Ints
from dispatcher.matching.seats import OpenSeats
from dispatcher.planning.edges import Edges

NONE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Groups of slots: `group[s]` is the innermost of slot s; of group g, `most[g]` are the visits that may be given
    and `outer[g]` is the group it lies in (days lie in weeks). NONE where there is none. Only groups whose free seats
    are more than may be given: the others limit nothing."""

    group: Ints
    outer: Ints
    most: Ints

    def top(self) -> Ints:
        """The outermost group of each slot."""
        outermost = np.where(self.outer == NONE, np.arange(len(self.outer)), self.outer)
        return np.where(self.group == NONE, NONE, outermost[self.group]) if len(outermost) else self.group


def no_limits(edges: Edges) -> Limits:
    """Every practitioner takes whoever finds a seat."""
    nothing = np.zeros(0, np.int64)
    return Limits(np.full(len(edges.slots), NONE), nothing, nothing)


def limits(edges: Edges, seats: OpenSeats, given_back: Mapping[str, int]) -> Limits:
    """The limits of the practitioners of these slots. `given_back` are seats by slot that are held for one of the
    requests: their visits are among those booked, and may be given again."""
    slots = [seats.get(slot_id) for slot_id in edges.slots]
    free, left = Counter[tuple[str, object]](), dict[tuple[str, object], int]()
    of_slot: defaultdict[int, list[tuple[str, object]]] = defaultdict(list)
    for number, slot in enumerate(slots):
        standing = None if slot is None else seats.standing(slot.schedule.practitioner_id)
        if slot is None or standing is None:
            continue
        day = slot.start.astimezone(ZoneInfo(standing.zone)).date()
        for most, span, given in (
            (standing.per_day, day, standing.of_day),
            (standing.per_week, day.isocalendar()[:2], standing.of_week),
        ):
            if most is not None:
                key = (slot.schedule.practitioner_id, span)
                of_slot[number].append(key)
                free[key] += int(edges.seats[number])
                left.setdefault(key, most - given(slot.start))
                left[key] += given_back.get(slot.slot_id, 0)
    return _grouped(len(slots), of_slot, [key for key in left if left[key] < free[key]], left)


def _grouped(
    slots: int,
    of_slot: Mapping[int, list[tuple[str, object]]],
    binding: list[tuple[str, object]],
    left: Mapping[tuple[str, object], int],
) -> Limits:
    at = {key: number for number, key in enumerate(binding)}
    group, outer = np.full(slots, NONE), np.full(len(binding), NONE)
    for number, keys in of_slot.items():
        numbers = [at[key] for key in keys if key in at]
        if numbers:
            group[number] = numbers[0]
            if len(numbers) > 1:
                outer[numbers[0]] = numbers[1]
    return Limits(group, outer, np.array([max(0, left[key]) for key in binding], np.int64))
