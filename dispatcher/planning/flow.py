"""Who takes which seat, so that the whole costs least? A minimum-cost flow, one for each part that is connected."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dispatcher.matching.columns import Ints
from dispatcher.planning.edges import Edges
from dispatcher.planning.limits import NONE, Limits, no_limits

TOGETHER = 4096
"""Connected parts are solved together up to about this many edges: starting the solver costs more than they do."""


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """`taken[r]` is the number of the edge that request r takes, -1 when it is not served. `cost` of all in whole
    equivalent minutes, misses included. `miss` is that of the edges, raised where all of a part can be served."""

    taken: Ints
    miss: Ints
    cost: int


def assign(edges: Edges, limits: Limits | None = None) -> Assignment:
    """The least cost there is. When all of a connected part can be served, all are, whatever waiting that costs.

    Ties are settled by the order of the edges, which is by id: what was heard first never matters.
    """
    limits = limits or no_limits(edges)
    taken, miss = np.full(len(edges.requests), -1, np.int64), edges.miss.copy()
    for part in _parts(edges, limits):
        found = _solved(edges, part, miss, limits)
        requests = np.unique(edges.request[part])
        if len(found) < len(requests) <= int(edges.seats[np.unique(edges.slot[part])].sum()):
            raised = miss.copy()
            raised[requests] += int(edges.cost[part].max()) * len(requests)
            all_served = _solved(edges, part, raised, limits)
            if len(all_served) == len(requests):
                found, miss = all_served, raised
        taken[edges.request[found]] = found
    served = taken[taken >= 0]
    return Assignment(taken, miss, int(edges.cost[served].sum() + miss[taken < 0].sum()))


def _solved(edges: Edges, part: Ints, miss: Ints, limits: Limits) -> Ints:
    """The numbers of the edges that are taken in this part: flow from requests by slots, days and weeks to the sink."""
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow  # 16 MB that only a round needs

    requests, request = np.unique(edges.request[part], return_inverse=True)
    slots, slot = np.unique(edges.slot[part], return_inverse=True)
    n, m, k = len(requests), len(slots), len(limits.most)
    sink, ones = n + m + k, np.ones

    def above(group: Ints) -> Ints:
        return np.where(group == NONE, sink, n + m + group)

    solver = SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(
        np.concatenate([request, n + np.arange(m + k), np.arange(n)]),
        np.concatenate([n + slot, above(limits.group[slots]), above(limits.outer), np.full(n, sink)]),
        np.concatenate([ones(len(part), np.int64), edges.seats[slots], limits.most, ones(n, np.int64)]),
        np.concatenate([edges.cost[part], np.zeros(m + k, np.int64), miss[requests]]),
    )
    supplies = np.concatenate([ones(n, np.int64), np.zeros(m + k, np.int64), [-n]])
    solver.set_nodes_supplies(np.arange(sink + 1), supplies)
    status = solver.solve()
    assert status == solver.OPTIMAL, status  # nobody served is always possible
    taken: Ints = part[solver.flows(arcs[: len(part)]) > 0]
    return taken


def _parts(edges: Edges, limits: Limits) -> Iterator[Ints]:
    """The numbers of the edges of each connected part, small parts together."""
    if not len(edges.request):
        return
    label = labels(edges, limits)[edges.request]
    order = np.argsort(label, kind="stable")
    ends = np.flatnonzero(np.diff(label[order])) + 1
    begin = 0
    for end in [*ends, len(order)]:
        if end - begin >= TOGETHER or end == len(order):
            yield np.sort(order[begin:end])
            begin = end


def labels(edges: Edges, limits: Limits) -> Ints:
    """For each request the lowest request it is connected with, by way of slots that both could take, or of slots of
    one practitioner whose limit they share."""
    label, top = np.arange(len(edges.requests)), limits.top()
    limited = np.flatnonzero(top != NONE)
    while True:
        of_slot = np.full(len(edges.slots), len(label))
        np.minimum.at(of_slot, edges.slot, label[edges.request])
        if len(limited):
            of_group = np.full(len(limits.most), len(label))
            np.minimum.at(of_group, top[limited], of_slot[limited])
            of_slot[limited] = of_group[top[limited]]
        lower = label.copy()
        np.minimum.at(lower, edges.request, of_slot[edges.slot])
        lower = lower[lower]
        if np.array_equal(lower, label):
            return label
        label = lower


def with_more(edges: Edges, more: Edges) -> Edges:
    """These edges and more of some of their requests; no edge is in both."""
    requests = {request_id: at for at, request_id in enumerate(edges.requests)}
    whose = np.array([requests[request_id] for request_id in more.requests], np.int64)
    slots = tuple(sorted({*edges.slots, *more.slots}))
    number = {slot_id: at for at, slot_id in enumerate(slots)}
    here = np.array([number[slot_id] for slot_id in edges.slots], np.int64)
    there = np.array([number[slot_id] for slot_id in more.slots], np.int64)
    request = np.concatenate([edges.request, whose[more.request]])
    slot = np.concatenate([here[edges.slot], there[more.slot]])
    order = np.lexsort((slot, request))
    seats = np.zeros(len(slots), np.int64)
    seats[here], seats[there] = edges.seats, more.seats
    return replace(
        edges, slots=slots, request=request[order], slot=slot[order],
        cost=np.concatenate([edges.cost, more.cost])[order], seats=seats,
    )  # fmt: skip
