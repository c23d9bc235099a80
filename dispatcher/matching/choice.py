"""Which seats would serve this need best, and if none, why? Exact, soonest seats first, never a full scan."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from dispatcher.matching.columns import PRICE, REFUSED, Asked, Ints, asked, costs, kms, refusals
from dispatcher.matching.eligibility import LEFT, first_refusal
from dispatcher.matching.pair import Case, Pair, Wish, lower_second, pair_of, urgency_weight, wish_of
from dispatcher.matching.ranking import left_to_others, reasons, terms
from dispatcher.matching.seats import OpenSeats, OpenSlot
from dispatcher.matching.shelf import by_start
from dispatcher.matching.travel import distance_km, road
from dispatcher.matching.words import say_crowd, say_loss, say_soonest
from schemas.request import Need
from schemas.values import Mode


@dataclass(frozen=True, slots=True)
class Option:
    """One proposal: the slot, how, when, its cost in whole equivalent minutes (the sum of its terms), and why, in
    French. `crowd` says that its practitioner was given much already."""

    slot: OpenSlot
    mode: Mode
    start: datetime
    cost: int
    travel_minutes: float | None
    reasons: tuple[str, ...]
    terms: Mapping[str, int] = field(default_factory=dict)
    crowd: str = ""


@dataclass(frozen=True, slots=True)
class Proposals:
    """The best options, best first. `counts` (slots refused by each rule) is filled only when there is none. `soonest`
    says what of the best is sooner than all that fit, "" when nothing is."""

    options: tuple[Option, ...]
    counts: dict[str, int]
    soonest: str = ""

    def why(self) -> tuple[str, ...]:
        """Why the best is the best, in French."""
        said = (self.soonest, *self.options[0].reasons) if self.options else ()
        return tuple(words for words in said if words)

    def others(self) -> tuple[str, ...]:
        """The runners-up, by how much they lost and on what, in French."""
        if not self.options:
            return ()
        best = self.options[0]
        return tuple(
            f"{', '.join(option.reasons)} ({say_loss(best.terms, option.terms, option.crowd)})"
            for option in self.options[1:]
        )


NONE: frozenset[str] = frozenset()
NEAR_BEST = 30
"""A person may choose freely among options this many minutes, times the urgency's weight, from the best: in the trial
it cost the others 0 to 1.2 points, a free choice among three 18 to 20."""


def propose(
    need: Need,
    seats: OpenSeats,
    territory: str,
    now: datetime,
    *,
    limit: int = 3,
    without: Collection[str] = NONE,
) -> Proposals:
    """The `limit` cheapest slots for a need of this territory, ties by id. The usual practitioner's best slot is always
    among them when there is one and there is room for two: in the last place if it is not cheaper.

    `without` are slots already lost for this request. The order in which slots were heard of never matters.
    """
    seats.catch_up(now)
    wish = wish_of(need, now)
    asking = asked(need, wish, territory, seats.index.table)
    looked: list[tuple[Ints, Ints]] = []
    found = _cheapest(need, asking, seats, territory, limit, without, looked)
    own = _of_usual(need, asking, seats, without) if limit > 1 else []
    if own and own[0] not in found:
        found = [*found[: limit - 1], own[0]]
    options = tuple(_option(need, wish, seats, slot_id, territory, now) for _, slot_id in found)
    if not options:
        return Proposals((), count_refusals(need, seats, territory, now))
    return Proposals(
        options, {}, say_soonest(options[0].travel_minutes, _nearest_sooner(options[0], asking, seats, looked))
    )


def near_best(options: Collection[Option], need: Need) -> tuple[Option, ...]:
    """Those of the options (best first) that a person may choose without saying why."""
    most = NEAR_BEST * urgency_weight(need)
    return tuple(option for option in options if option.cost - next(iter(options)).cost <= most)


def consider(
    need: Need, slot: OpenSlot, seats: OpenSeats, now: datetime, *, held: bool = False, territory: str | None = None
) -> Option | None:
    """This very slot as an option, or None when a rule refuses it. `held` = one seat of it is kept for this need;
    `territory` is the request's, if it is not the slot's."""
    if slot.schedule.profession not in need.professions:
        return None
    free = seats.free(slot, now) + held
    return _first_that_fits(
        cases(need, wish_of(need, now), slot, seats, territory or slot.schedule.territory, now, free)
    )


def _first_that_fits(some: Iterable[Case]) -> Option | None:
    for case in some:
        pair = pair_of(case)
        if first_refusal(pair) is None:
            return _as_option(case, pair)
    return None


def count_refusals(need: Need, seats: OpenSeats, territory: str, now: datetime) -> dict[str, int]:
    """How many of the coming slots of the professions each rule refuses; and how many are left to others."""
    table, rows = seats.index.table, seats.index.all_of(need, territory)
    coming = rows[table.starts[rows] > lower_second(now)]
    if not len(coming):
        return {}
    asking, slots = asked(need, wish_of(need, now), territory, table), table.rows(coming)
    found, price = costs(asking, slots), slots.column(PRICE)
    left = int(((found < REFUSED) & left_to_others(found, price, need)).sum())
    return refusals(asking, slots) | ({LEFT: left} if left else {})


Ranked = tuple[int, str]
"""The cost of a slot, and its id: sorted, ties are settled by id."""


def _cheapest(
    need: Need,
    asking: Asked,
    seats: OpenSeats,
    territory: str,
    limit: int,
    without: Collection[str],
    looked: list[tuple[Ints, Ints]],
) -> list[Ranked]:
    """The cheapest slots. Rows come by their start; waiting alone makes later ones dearer than those found: stop.
    Rows looked at and their costs go to `looked`: all that begin before the cheapest are among them."""
    wish = asking.wish
    shelves, since = seats.index.near(need, territory), max(wish.now, wish.earliest)
    found: list[Ranked] = []
    for rows, later in by_start(shelves, since, wish.deadline, twice=Mode.TELE in need.modes):
        judged = _judged(rows, asking, seats, without)
        looked.append((rows, judged))
        found = sorted(found + _ranked(rows, judged, seats, limit))[:limit]
        if len(found) == limit and found[-1][0] < (later - wish.now) * wish.weight // 60:
            break
    return found


def _judged(rows: Ints, asking: Asked, seats: OpenSeats, without: Collection[str]) -> Ints:
    """What each of these rows costs, REFUSED when a rule refuses it or it was lost already."""
    found = costs(asking, seats.index.table.rows(rows))
    if without:
        lost = [seats.index.rows[slot_id] for slot_id in without if slot_id in seats.index.rows]
        found[np.isin(rows, lost)] = REFUSED
    return found


def _ranked(rows: Ints, found: Ints, seats: OpenSeats, limit: int) -> list[Ranked]:
    """The `limit` cheapest of these rows, and those as cheap as the last of them; in no order."""
    kept = np.flatnonzero(found < REFUSED)
    if limit < len(kept):
        fitting = found[kept]
        worst = fitting.min()
        if np.count_nonzero(fitting == worst) < limit:  # else there are enough of the cheapest
            worst = np.partition(fitting, limit - 1)[limit - 1]
        kept = kept[fitting <= worst]
    slots = seats.index.table.slots
    return [(cost, slots[row].slot_id) for cost, row in zip(found[kept].tolist(), rows[kept].tolist(), strict=True)]


def _nearest_sooner(best: Option, asking: Asked, seats: OpenSeats, looked: list[tuple[Ints, Ints]]) -> float | None:
    """The shortest way, in minutes, to a seat that fits and begins before the best; None when there is none."""
    table, start, nearest = seats.index.table, lower_second(best.start), []
    for rows, judged in looked:
        sooner = rows[(judged < REFUSED) & (table.starts[rows] < start)]
        if len(sooner):
            nearest.append(float(kms(asking, table.rows(sooner)).min()))
    return road(min(nearest)) if nearest else None


def _of_usual(need: Need, asking: Asked, seats: OpenSeats, without: Collection[str]) -> list[Ranked]:
    """The best slot of the usual practitioner's, if one fits."""
    if need.usual_practitioner is None:
        return []
    slots = seats.of_practitioner(need.usual_practitioner)
    rows = [seats.index.rows[slot.slot_id] for slot in slots if slot.schedule.profession in need.professions]
    if not rows:
        return []
    some = np.array(rows, np.int64)
    return sorted(_ranked(some, _judged(some, asking, seats, without), seats, 1))[:1]


def _option(need: Need, wish: Wish, seats: OpenSeats, slot_id: str, territory: str, now: datetime) -> Option:
    slot = seats.get(slot_id)
    assert slot is not None  # it is on a shelf
    some = list(cases(need, wish, slot, seats, territory, now, seats.free(slot, now)))
    if len(some) == 1:  # the rules allow one mode at least: it was judged in a column
        return _as_option(some[0], pair_of(some[0]))
    option = _first_that_fits(some)
    assert option is not None, "the rules said of a column what they do not say of one slot"
    return option


def cases(
    need: Need, wish: Wish, slot: OpenSlot, seats: OpenSeats, territory: str, now: datetime, free: int
) -> Iterator[Case]:
    """The need beside the slot, in each mode that both name, in the order the patient prefers them."""
    of, price = slot.schedule, seats.price(slot)
    km, standing = distance_km(need.place, of.place), seats.standing(of.practitioner_id)
    for mode in need.modes:
        if mode in of.modes:
            yield Case(need, wish, slot, mode, km, free, now, territory, standing, price)


def _as_option(case: Case, pair: Pair) -> Option:
    assert case.mode is not None  # a case without a mode was refused
    way = None if case.mode is Mode.TELE else pair.way
    found = terms(pair)
    return Option(
        case.slot, case.mode, case.slot.start, sum(found.values()), way, reasons(case), found, say_crowd(case)
    )
