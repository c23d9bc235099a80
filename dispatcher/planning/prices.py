"""What would one seat more be worth? The exact dual prices of an assignment, by Bellman-Ford over all edges at once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dispatcher.matching.columns import Ints
from dispatcher.matching.open_slot import OpenSlot
from dispatcher.matching.pair import lower_second
from dispatcher.planning.edges import Edges
from dispatcher.planning.flow import Assignment
from dispatcher.planning.limits import NONE, Limits, no_limits


@dataclass(frozen=True, slots=True, eq=False)
class Worth:
    """`seat[s]`: by how many equivalent minutes the whole would cost less with one seat more in slot s (0 = nothing; of
    a practitioner whose limit is reached, at most so many). `toll[s]`: what taking a seat of s costs the others, the
    practitioner's limits included. `request[r]`: what request r costs all: its cost and the toll, at most its miss."""

    seat: Ints
    toll: Ints
    request: Ints


def worth(edges: Edges, assignment: Assignment, limits: Limits | None = None) -> Worth:
    """The prices of this assignment, which must be one of least cost.

    A seat more in s lets somebody move there, somebody else take the place that leaves, and so on, until one more is
    served or everybody moved is better off: the best such chain is a shortest path in the residual graph. Each round
    lengthens all chains by one, on every edge at once.
    """
    limits = limits or no_limits(edges)
    served = np.flatnonzero(assignment.taken >= 0)
    edge = assignment.taken[served]
    its_slot, its_cost = edges.slot[edge], edges.cost[edge]
    request, cost, slots, begins = _by_slot(edges, edge)
    shared = _Shared(edges, limits, np.bincount(its_slot, minlength=len(edges.slots)))
    toll, of_request = np.zeros(len(edges.slots), np.int64), assignment.miss.copy()
    while True:
        of_request[served] = its_cost + toll[its_slot]
        before = toll.copy()
        if len(slots):
            toll[slots] = np.maximum(toll[slots], np.maximum.reduceat(of_request[request] - cost, begins))
        shared.pass_on(toll)
        if np.array_equal(toll, before):
            return Worth(np.maximum(0, toll - shared.above()), toll, of_request)


def _by_slot(edges: Edges, taken: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """The edges that are not taken, by slot: their requests and costs, the slots, and where each slot's begin."""
    free = np.ones(len(edges.request), bool)
    free[taken] = False
    request, slot, cost = edges.request[free], edges.slot[free], edges.cost[free]
    order = np.argsort(slot, kind="stable")
    slots, begins = np.unique(slot[order], return_index=True)
    return request[order], cost[order], slots, begins


class _Shared:
    """The tolls of limits that slots share. Whoever leaves a seat leaves room in its groups; a group that is full asks
    for its toll whichever of its slots is taken."""

    def __init__(self, edges: Edges, limits: Limits, used: Ints) -> None:
        self.limits, self.toll = limits, np.zeros(len(limits.most), np.int64)
        self.limited = np.flatnonzero(limits.group != NONE)
        self.used, self.spare = used > 0, used < edges.seats
        given = np.zeros(len(limits.most), np.int64)
        np.add.at(given, limits.group[self.limited], used[self.limited])
        inner = np.flatnonzero(limits.outer != NONE)
        np.add.at(given, limits.outer[inner], given[inner])
        self.inner, self.group_used, self.group_spare = inner, given > 0, given < limits.most

    def pass_on(self, toll: Ints) -> None:
        """One step between slots and groups, and between groups, both ways."""
        if not len(self.limited):
            return
        limits, up = self.limits, self.limited[self.spare[self.limited]]
        np.maximum.at(self.toll, limits.group[up], toll[up])
        higher = self.inner[self.group_spare[self.inner]]
        np.maximum.at(self.toll, limits.outer[higher], self.toll[higher])
        lower = self.inner[self.group_used[self.inner]]
        self.toll[lower] = np.maximum(self.toll[lower], self.toll[limits.outer[lower]])
        down = self.limited[self.used[self.limited]]
        toll[down] = np.maximum(toll[down], self.toll[limits.group[down]])

    def above(self) -> Ints:
        """The toll of each slot's innermost group."""
        found = np.zeros(len(self.limits.group), np.int64)
        found[self.limited] = self.toll[self.limits.group[self.limited]]
        return found


@dataclass(frozen=True, slots=True)
class Scarce:
    """What one seat more of the profession in the commune and hour (epoch seconds // 3600) would be worth."""

    profession: str
    commune: str
    hour: int
    minutes: int


def scarce(edges: Edges, value: Worth, slots: Iterable[OpenSlot]) -> list[Scarce]:
    """The prices by profession, commune and hour (the highest of its slots), the highest first; zeros left out."""
    of_slot = dict(zip(edges.slots, value.seat.tolist(), strict=True))
    highest: defaultdict[tuple[str, str, int], int] = defaultdict(int)
    for slot in slots:
        key = (slot.schedule.profession, slot.schedule.place.commune, lower_second(slot.start) // 3600)
        highest[key] = max(highest[key], of_slot.get(slot.slot_id, 0))
    found = [Scarce(*key, minutes) for key, minutes in highest.items() if minutes]
    return sorted(found, key=lambda one: (-one.minutes, one.profession, one.commune, one.hour))
