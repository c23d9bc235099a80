"""What was decided for all who wait? The parts that were solved apart, as one plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dispatcher.matching.columns import Ints
from dispatcher.planning.edges import Edges
from dispatcher.planning.flow import Assignment
from dispatcher.planning.prices import Worth


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """One part: no request of it could take a seat of another part."""

    edges: Edges
    assignment: Assignment
    worth: Worth


@dataclass(frozen=True, eq=False)
class Plan:
    """`chosen` slot id by request id (those served); `missed` the others, by id; `cost` of all in whole equivalent
    minutes, misses included. The edges, the assignment and the prices are what it was made of."""

    chosen: dict[str, str]
    missed: tuple[str, ...]
    cost: int
    edges: Edges
    assignment: Assignment
    worth: Worth

    @cached_property
    def number(self) -> dict[str, int]:
        """The number of each request in the edges."""
        return {request_id: at for at, request_id in enumerate(self.edges.requests)}


def joined(parts: Sequence[Solved]) -> Plan:
    """All parts as one: requests and slots by id, edges by request, then by slot."""
    requests, request_at = _merged([part.edges.requests for part in parts])
    slots, slot_at = _merged([part.edges.slots for part in parts])
    request = _all([at[part.edges.request] for at, part in zip(request_at, parts, strict=True)])
    slot = _all([at[part.edges.slot] for at, part in zip(slot_at, parts, strict=True)])
    order = np.lexsort((slot, request))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    begins = np.cumsum([0, *(len(part.edges.request) for part in parts)])
    taken, miss, last, of_request = (np.full(len(requests), -1, np.int64) for _ in range(4))
    seats, of_seat, toll = (np.zeros(len(slots), np.int64) for _ in range(3))
    for begin, here, there, part in zip(begins.tolist(), request_at, slot_at, parts, strict=False):
        served = part.assignment.taken >= 0
        taken[here[served]] = place[begin + part.assignment.taken[served]]
        miss[here], last[here], of_request[here] = part.assignment.miss, part.edges.last, part.worth.request
        seats[there], of_seat[there], toll[there] = part.edges.seats, part.worth.seat, part.worth.toll
    cost = _all([part.edges.cost for part in parts])[order]
    edges = Edges(requests, slots, request[order], slot[order], cost, seats, miss, last)
    assignment = Assignment(taken, miss, sum(part.assignment.cost for part in parts))
    chosen = {
        request_id: slots[edges.slot[edge]]
        for request_id, edge in zip(requests, taken.tolist(), strict=True)
        if edge >= 0
    }
    missed = tuple(one for one in requests if one not in chosen)
    return Plan(chosen, missed, assignment.cost, edges, assignment, Worth(of_seat, toll, of_request))


def _merged(parts: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], list[Ints]]:
    """All ids in order, and where those of each part are among them."""
    ids = [one for part in parts for one in part]
    order = sorted(range(len(ids)), key=ids.__getitem__)
    at = np.empty(len(ids), np.int64)
    at[order] = np.arange(len(ids))
    ends = np.cumsum([len(part) for part in parts])
    return tuple(ids[number] for number in order), np.split(at, ends[:-1]) if parts else []


def _all(arrays: Sequence[Ints]) -> Ints:
    return np.concatenate(arrays) if arrays else np.zeros(0, np.int64)
