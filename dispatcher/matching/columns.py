"""How are many slots judged at once? A table with a row of numbers for each slot, and the pairs made of its rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dispatcher.matching.eligibility import RULES, refused
from dispatcher.matching.open_slot import OpenSlot
from dispatcher.matching.pair import (
    BIT,
    SEEN_BY,
    Pair,
    Wish,
    accepts,
    age_bits,
    mode_bits,
)
from dispatcher.matching.ranking import cost
from dispatcher.matching.travel import Number, crow, point, road
from schemas.request import Need

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

(
    MODES,
    FREE,
    SEEN,
    AGES,
    STANDING,
    EXCESS,
    PRICE,
    PRACTITIONER,
    TERRITORY,
    COMMUNE,
    SPECIALTY,
    FREEZE,
    REASONS,
) = range(13)
NOWHERE, ELSEWHERE = (9.0, 9.0, 9.0), (-9.0, -9.0, -9.0)
"""Points of a slot and of a need whose position nobody knows: further from everything than any radius."""
REFUSED = 1 << 40
"""Instead of a cost: a rule refuses."""
OFTEN_ALIKE = (MODES, SEEN, AGES, STANDING, EXCESS, PRICE, TERRITORY, SPECIALTY, FREEZE)
"""Columns in which most tables hold one value: as long as no slot differs, a rule reads a number instead."""
ANY_REASON: Ints = np.ones(1, np.int64)
NO_CODES: Ints = np.zeros(0, np.int64)


class Rows(NamedTuple):
    """Some rows of the table, with the seats that are free in each."""

    table: "Table"
    at: Ints
    free: Ints

    def column(self, number: int) -> Ints:
        """One number of each row."""
        found: Ints = self.table.numbers[number].take(self.at).astype(np.int64)
        return found

    def value(self, number: int) -> Number:
        """The one value that all rows of the table share, or the column."""
        value = self.table.alike[number]
        return self.column(number) if value is None else value

    def points(self) -> tuple[Floats, ...]:
        """The three coordinates of their points."""
        return tuple(axis.take(self.at) for axis in self.table.points)


class Table:
    """A row a slot. Words become small codes; a row that is dropped is used again. Numbers are small, so they take half
    the room; only `starts` (epoch seconds) are not, and lie apart. What is known of all rows lies together, column by
    column: a search reads few columns of many rows. `alike`: the value of a column as long as all rows have one."""

    def __init__(self) -> None:
        self.numbers: NDArray[np.int32] = np.zeros((REASONS + 1, 256), np.int32)
        self.starts: Ints = np.zeros(256, np.int64)
        self.points: Floats = np.zeros((3, 256))
        self.slots: list[OpenSlot] = []
        self.accepted: dict[tuple[str, ...], int] = {(): 0}
        self.alike: dict[int, int | None] = {}
        self._codes: dict[str, int] = {}
        self._unused: list[int] = []

    def add(self, slot: OpenSlot) -> int:
        """The row of a slot that is new; `change` fills the rest."""
        if self._unused:
            row = self._unused.pop()
        else:
            row = len(self.slots)
            self.slots.append(slot)
            if row == len(self.starts):
                self.numbers = np.concatenate([self.numbers, np.zeros_like(self.numbers)], axis=1)
                self.starts = np.concatenate([self.starts, np.zeros_like(self.starts)])
                self.points = np.concatenate([self.points, np.zeros_like(self.points)], axis=1)
        of = slot.schedule
        numbers = (
            mode_bits(of.modes), 0, SEEN_BY[of.visibility], age_bits(of.ages), 0, 0, 0,
            self._code(of.practitioner_id), self._code(of.territory), self._code(of.place.commune),
            self._code(of.specialty), of.freeze * 60, self.accepted.setdefault(of.reasons, len(self.accepted)),
        )  # fmt: skip
        self.numbers[:, row] = numbers
        self.points[:, row] = point(of.place) or NOWHERE
        for column in OFTEN_ALIKE:
            self._note(column, numbers[column])
        return row

    def change(self, row: int, slot: OpenSlot, start: int, free: int, standing: int, excess: int, price: int) -> None:
        """What changes in a slot's life."""
        self.slots[row] = slot
        self.starts[row], self.numbers[FREE, row] = start, free
        for column, value in ((STANDING, standing), (EXCESS, excess), (PRICE, price)):
            if self.alike[column] != value:
                self._note(column, value)
                self.numbers[column, row] = value

    def drop(self, row: int) -> None:
        """The row may be used for another slot."""
        self._unused.append(row)

    def rows(self, rows: Ints) -> Rows:
        """These rows."""
        return Rows(self, rows, self.numbers[FREE].take(rows).astype(np.int64))

    def code(self, word: str | None) -> int:
        """The code of a word that a slot has; -1 when no slot has it."""
        return -1 if word is None else self._codes.get(word, -1)

    def _code(self, word: str) -> int:
        return self._codes.setdefault(word, len(self._codes))

    def _note(self, column: int, value: int) -> None:
        if self.alike.setdefault(column, value) != value:
            self.alike[column] = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One need in the table's numbers, or (see `together`) many: then each field is a column that broadcasts.

    `wanted` are the mode bits in the order preferred, 0 where there are no more; `excluded` practitioners' codes;
    `accepted` says for each of the table's lists of reasons whether it accepts the need's.
    """

    wish: Wish
    usual: Number
    territory: Number
    commune: Number
    specialty: Number
    here: tuple[Number, Number, Number]
    wanted: tuple[Number, ...]
    excluded: Ints
    accepted: Ints


def asked(need: Need, wish: Wish, territory: str, table: Table) -> Asked:
    """The need of a request of this territory, in the table's numbers."""
    code = table.code
    return Asked(
        wish=wish,
        usual=code(need.usual_practitioner),
        territory=code(territory),
        commune=code(need.place.commune),
        specialty=code(need.specialty),
        here=point(need.place) or ELSEWHERE,
        wanted=tuple(BIT[mode] for mode in need.modes),
        excluded=np.array([code(one) for one in need.excluded], np.int64) if need.excluded else NO_CODES,
        accepted=np.array([accepts(reasons, need) for reasons in table.accepted], np.int64)
        if len(table.accepted) > 1
        else ANY_REASON,
    )


def together(needs: list[Asked]) -> Asked:
    """Many needs as columns of shape (n, 1), to be put beside slots of shape (m,)."""

    def column(values: Iterable[Any]) -> Any:
        return np.array(list(values))[:, None]

    most = max(len(one.excluded) for one in needs)
    excluded = np.full((len(needs), most), -2, np.int64)
    for number, one in enumerate(needs):
        excluded[number, : len(one.excluded)] = one.excluded
    longest = max(len(one.wanted) for one in needs)
    return Asked(
        wish=Wish(*map(column, zip(*(one.wish for one in needs), strict=True))),
        usual=column(one.usual for one in needs),
        territory=column(one.territory for one in needs),
        commune=column(one.commune for one in needs),
        specialty=column(one.specialty for one in needs),
        here=tuple(map(column, zip(*(one.here for one in needs), strict=True))),
        wanted=tuple(map(column, zip(*((*one.wanted, 0, 0)[:longest] for one in needs), strict=True))),
        excluded=excluded,
        accepted=np.array([one.accepted for one in needs]),
    )


def kms(need: Asked, rows: Rows) -> Floats:
    """Kilometres from the need (or needs) to these slots."""
    x, y, z = rows.points()
    return np.where(rows.column(COMMUNE) == need.commune, 0.0, crow(need.here, (x, y, z)))


def pairs(need: Asked, rows: Rows) -> list[Pair]:
    """The need (or needs) beside these slots, once for each mode wanted."""
    value, km = rows.value, kms(need, rows)
    names_usual = need.wish.names_usual
    if names_usual if isinstance(names_usual, int) else names_usual.any():
        usual = (rows.column(PRACTITIONER) == need.usual).astype(np.int64)
    else:
        usual = 0
    only_reason = need.accepted.shape[-1] == 1
    first = Pair(
        *need.wish, wanted=need.wanted[0], second=0,
        start=rows.table.starts.take(rows.at), modes=value(MODES), free=rows.free, freeze=value(FREEZE),
        seen_by=value(SEEN), ages=value(AGES), standing=value(STANDING), excess=value(EXCESS), price=value(PRICE),
        km=km, way=road(km), usual=usual,
        foreign=value(TERRITORY) != need.territory, excluded=_excluded(need, rows),
        same_specialty=value(SPECIALTY) == need.specialty,
        reason_accepted=1 if only_reason else need.accepted.take(rows.column(REASONS), axis=-1),
    )  # fmt: skip
    return [first, *(first._replace(wanted=wanted, second=1) for wanted in need.wanted[1:])]


def _excluded(need: Asked, rows: Rows) -> Number:
    if not need.excluded.shape[-1]:
        return 0
    practitioner = rows.column(PRACTITIONER)
    mine = need.excluded if need.excluded.ndim == 1 else need.excluded[:, None, :]
    return (practitioner[:, None] == mine).any(-1)


def costs(need: Asked, rows: Rows) -> Ints:
    """What each of these slots costs in the first wanted mode that no rule refuses; else REFUSED."""
    best: Ints | None = None
    for pair in pairs(need, rows):
        found = np.where(refused(pair), REFUSED, cost(pair))
        best = found if best is None else np.where(best < REFUSED, best, found)
    assert best is not None  # a need wants a mode
    return best


def refusals(need: Asked, rows: Rows) -> dict[str, int]:
    """How many of these slots each rule refuses: the first rule, in the first wanted mode that the slot offers."""
    codes = list(RULES)
    why: Ints | None = None
    offered: Number = False
    for pair in pairs(need, rows):
        here = np.full(len(rows.at), len(codes), np.int64)
        for number in reversed(range(len(codes))):
            here = np.where(RULES[codes[number]](pair), number, here)
        if why is None:
            why = here
        else:
            why = np.where(here == len(codes), here, np.where(offered | (why == len(codes)), why, here))
        offered = offered | ((pair.modes & pair.wanted) != 0)
    counted = np.bincount(why, minlength=len(codes)) if why is not None else ()
    return {code: int(counted[number]) for number, code in enumerate(codes) if counted[number]}
