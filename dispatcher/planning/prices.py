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


@dataclass(frozen=True, slots=True, eq=False)
class Worth:
    """`seat[s]`: by how many equivalent minutes the whole would cost less with one seat more in slot s (0 = nothing).
    `request[r]`: what request r costs all: its own cost and the price of the seat it takes, at most its miss."""

    seat: Ints
    request: Ints


def worth(edges: Edges, assignment: Assignment) -> Worth:
    """The prices of this assignment, which must be one of least cost.

    A seat more in s lets somebody move there, somebody else take the place that leaves, and so on, until one more is
    served or everybody moved is better off: the best such chain is a shortest path in the residual graph. Each round
    lengthens all chains by one, on every edge at once.
    """
    taken, miss = assignment.taken, assignment.miss
    served = np.flatnonzero(taken >= 0)
    its_slot, its_cost = edges.slot[taken[served]], edges.cost[taken[served]]
    free_edge = np.ones(len(edges.request), bool)
    free_edge[taken[served]] = False
    request, slot, cost = edges.request[free_edge], edges.slot[free_edge], edges.cost[free_edge]
    by_slot = np.argsort(slot, kind="stable")
    request, cost = request[by_slot], cost[by_slot]
    slots, begins = np.unique(slot[by_slot], return_index=True)
    price, of_request = np.zeros(len(edges.slots), np.int64), miss.copy()
    while True:
        of_request[served] = its_cost + price[its_slot]
        if not len(slots):
            break
        gain = np.maximum.reduceat(of_request[request] - cost, begins)
        better = np.maximum(price[slots], gain)
        if np.array_equal(better, price[slots]):
            break
        price[slots] = better
    return Worth(price, of_request)


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
        key = (slot.profession, slot.place.commune, lower_second(slot.start) // 3600)
        highest[key] = max(highest[key], of_slot.get(slot.slot_id, 0))
    found = [Scarce(*key, minutes) for key, minutes in highest.items() if minutes]
    return sorted(found, key=lambda one: (-one.minutes, one.profession, one.commune, one.hour))
