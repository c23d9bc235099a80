"""How well did a month go? The figures of one policy, each patient counted once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import fmean

from dispatcher.matching.pair import urgency_weight
from dispatcher.matching.ranking import miss_cost
from dispatcher.matching.seats import OpenSlot
from dispatcher.matching.travel import distance_km
from tests.bench.month.demand import Request, urgency

SIX_HOURS = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one month: `cost` in equivalent minutes a request, misses included; shares of 1; `weighted_wait` in minutes ×
    urgency of those seen; `km` as the crow flies of those who travel or are visited; `usual` of those who named one."""

    cost: float
    within_24: float
    urgent_24: float
    urgent_6: float
    weighted_wait: float
    km: float
    usual: float
    gini: float


def measure(
    requests: Sequence[Request],
    chosen: Mapping[str, str],
    slots: Mapping[str, OpenSlot],
    cost: Mapping[tuple[str, str], int],
) -> Figures:
    """The figures of an assignment (slot by request); `cost` of each pair as judged at the moment of the call."""
    seen = [(request, slots[chosen[request.id]]) for request in requests if request.id in chosen]
    total = sum(
        cost[request.id, chosen[request.id]] if request.id in chosen else miss_cost(request.need)
        for request in requests
    )
    urgent = [request for request in requests if urgency(request) == 1]
    waits = {request.id: slot.start - request.entered for request, slot in seen}
    named = [request for request in requests if request.need.usual_practitioner]
    own = [request for request, slot in seen if request.need.usual_practitioner == slot.schedule.practitioner_id]
    return Figures(
        cost=total / len(requests),
        within_24=len(seen) / len(requests),
        urgent_24=_share(request.id in chosen for request in urgent),
        urgent_6=_share(request.id in waits and waits[request.id] <= SIX_HOURS for request in urgent),
        weighted_wait=fmean(
            urgency_weight(request.need) * (waits[request.id] / timedelta(minutes=1)) for request, _ in seen
        ),
        km=fmean(distance_km(request.need.place, slot.schedule.place) or 0.0 for request, slot in seen),
        usual=len(own) / len(named),
        gini=gini(_loads(seen, slots)),
    )


def gini(values: Sequence[float]) -> float:
    """0 = all have the same, near 1 = one has everything."""
    ordered, total = sorted(values), sum(values)
    if not total:
        return 0.0
    ranked = sum(rank * value for rank, value in enumerate(ordered, 1))
    return 2 * ranked / (len(ordered) * total) - (len(ordered) + 1) / len(ordered)


def _loads(seen: Sequence[tuple[Request, OpenSlot]], slots: Mapping[str, OpenSlot]) -> list[float]:
    """Of each GP, the share of the open seats that was given: GPs open very different numbers."""
    opened: dict[str, int] = {}
    given: dict[str, int] = {}
    for slot in slots.values():
        if slot.schedule.profession == "10":
            opened[slot.schedule.practitioner_id] = opened.get(slot.schedule.practitioner_id, 0) + 1
    for _, slot in seen:
        given[slot.schedule.practitioner_id] = given.get(slot.schedule.practitioner_id, 0) + 1
    return [given.get(gp, 0) / count for gp, count in opened.items()]


def _share(said: Iterable[bool]) -> float:
    return fmean(map(float, said))
