"""How are many slots judged at once? A table with a row of numbers for each slot, and the pairs made of its rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatcher.matching.eligibility import RULES, refused
from dispatcher.matching.open_slot import OpenSlot
from dispatcher.matching.pair import (
    AGE_BIT,
    BIT,
    SEEN_BY,
    Pair,
    age_bits,
    lower_second,
    mode_bits,
    upper_second,
    urgency_weight,
)
from dispatcher.matching.ranking import cost
from dispatcher.matching.travel import Number, crow, point, road
from schemas.request import Need

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

(
    START,
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
    REASONS,
) = range(13)
NOWHERE, ELSEWHERE = (9.0, 9.0, 9.0), (-9.0, -9.0, -9.0)
"""Points of a slot and of a need whose position nobody knows: further from everything than any radius."""
REFUSED = 1 << 40
"""Instead of a cost: a rule refuses."""
MODES_AT_MOST = 3


class Table:
    """A row a slot. Words become small codes; a row that is dropped is used again."""

    def __init__(self) -> None:
        self.numbers: Ints = np.zeros((256, REASONS + 1), np.int64)
        self.points: Floats = np.zeros((256, 3))
        self.slot_ids: list[str] = []
        self.accepted: dict[tuple[str, ...], int] = {(): 0}
        self._codes: dict[str, int] = {}
        self._unused: list[int] = []

    def add(self, slot: OpenSlot) -> int:
        """The row of a slot that is new; `set_*` fill what changes."""
        if self._unused:
            row = self._unused.pop()
            self.slot_ids[row] = slot.slot_id
        else:
            row = len(self.slot_ids)
            self.slot_ids.append(slot.slot_id)
            if row == len(self.numbers):
                self.numbers = np.concatenate([self.numbers, np.zeros_like(self.numbers)])
                self.points = np.concatenate([self.points, np.zeros_like(self.points)])
        self.numbers[row] = (
            lower_second(slot.start), mode_bits(slot), 0, SEEN_BY[slot.visibility], age_bits(slot), 0, 0, 0,
            self._code(slot.practitioner_id), self._code(slot.territory), self._code(slot.place.commune),
            self._code(slot.specialty), self.accepted.setdefault(slot.reasons, len(self.accepted)),
        )  # fmt: skip
        self.points[row] = point(slot.place) or NOWHERE
        return row

    def drop(self, row: int) -> None:
        """The row may be used for another slot."""
        self._unused.append(row)

    def code(self, word: str | None) -> int:
        """The code of a word that a slot has; -1 when no slot has it."""
        return -1 if word is None else self._codes.get(word, -1)

    def _code(self, word: str) -> int:
        return self._codes.setdefault(word, len(self._codes))


@dataclass(frozen=True, slots=True)
class Asked:
    """One need in the table's numbers, or (see `together`) many: then each field is a column that broadcasts.

    `wanted` are the mode bits in the order preferred, 0 where there are no more; `excluded` practitioners' codes;
    `accepted` says for each of the table's lists of reasons whether it accepts the need's.
    """

    now: Number
    earliest: Number
    deadline: Number
    weight: Number
    radius_km: Number
    on_foot: Number
    age: Number
    names_usual: Number
    usual: Number
    territory: Number
    commune: Number
    specialty: Number
    here: tuple[Number, Number, Number]
    wanted: tuple[Number, ...]
    excluded: Ints
    accepted: Ints


def asked(need: Need, territory: str, table: Table, now: datetime) -> Asked:
    """The need of a request of this territory, in the table's numbers."""
    code = table.code
    # A commune that no slot is in must not be equal to a slot's; two unknown words are not compared: slots have codes.
    return Asked(
        now=upper_second(now),
        earliest=upper_second(need.earliest),
        deadline=lower_second(need.deadline),
        weight=urgency_weight(need),
        radius_km=need.radius_km,
        on_foot=int(need.no_vehicle),
        age=AGE_BIT[need.age],
        names_usual=int(need.usual_practitioner is not None),
        usual=code(need.usual_practitioner),
        territory=code(territory),
        commune=code(need.place.commune),
        specialty=code(need.specialty),
        here=point(need.place) or ELSEWHERE,
        wanted=tuple(BIT[mode] for mode in need.modes),
        excluded=np.array([code(one) for one in need.excluded], np.int64),
        accepted=np.array([not reasons or need.reason in reasons for reasons in table.accepted], np.int64),
    )


def together(needs: list[Asked]) -> Asked:
    """Many needs as columns of shape (n, 1), to be put beside slots of shape (m,)."""

    def column(name: str) -> Any:
        return np.array([getattr(one, name) for one in needs])[:, None]

    most = max(len(one.excluded) for one in needs)
    excluded = np.full((len(needs), most), -2, np.int64)
    for number, one in enumerate(needs):
        excluded[number, : len(one.excluded)] = one.excluded
    longest = max(len(one.wanted) for one in needs)
    wanted = np.array([(*one.wanted, 0, 0, 0)[:longest] for one in needs])
    here = np.array([one.here for one in needs])
    columns = {name: column(name) for name in Asked.__slots__ if name not in ("here", "wanted", "excluded", "accepted")}
    return Asked(
        **columns,
        here=(here[:, 0:1], here[:, 1:2], here[:, 2:3]),
        wanted=tuple(wanted[:, number : number + 1] for number in range(longest)),
        excluded=excluded,
        accepted=np.array([one.accepted for one in needs]),
    )


def pairs(need: Asked, numbers: Ints, points: Floats) -> list[Pair]:
    """The need (or needs) beside the slots of these rows, once for each mode wanted."""
    slot = numbers.T
    distance = crow(need.here, (points[:, 0], points[:, 1], points[:, 2]))
    km = np.where(slot[COMMUNE] == need.commune, 0.0, distance)
    both = {
        "now": need.now, "earliest": need.earliest, "deadline": need.deadline, "weight": need.weight,
        "radius_km": need.radius_km, "on_foot": need.on_foot, "age": need.age, "names_usual": need.names_usual,
        "start": slot[START], "modes": slot[MODES], "free": slot[FREE], "seen_by": slot[SEEN], "ages": slot[AGES],
        "standing": slot[STANDING], "excess": slot[EXCESS], "price": slot[PRICE], "km": km, "way": road(km),
        "usual": slot[PRACTITIONER] == need.usual, "foreign": slot[TERRITORY] != need.territory,
        "excluded": _excluded(need, slot[PRACTITIONER]), "same_specialty": slot[SPECIALTY] == need.specialty,
        "reason_accepted": need.accepted.take(slot[REASONS], axis=-1) if need.accepted.shape[-1] > 1 else 1,
    }  # fmt: skip
    both["usual"] = both["usual"].astype(np.int64)
    return [Pair(wanted=wanted, second=int(number > 0), **both) for number, wanted in enumerate(need.wanted)]


def _excluded(need: Asked, practitioner: Ints) -> Number:
    if not need.excluded.shape[-1]:
        return 0
    mine = need.excluded if need.excluded.ndim == 1 else need.excluded[:, None, :]
    return (practitioner[:, None] == mine).any(-1)


def costs(need: Asked, numbers: Ints, points: Floats) -> Ints:
    """What each of these slots costs in the first wanted mode that no rule refuses; else REFUSED."""
    best: Ints | None = None
    for pair in pairs(need, numbers, points):
        found = np.where(refused(pair), REFUSED, cost(pair))
        best = found if best is None else np.where(best < REFUSED, best, found)
    assert best is not None  # a need wants a mode
    return best


def refusals(need: Asked, numbers: Ints, points: Floats) -> dict[str, int]:
    """How many of these slots each rule refuses: the first rule, in the first wanted mode that the slot offers."""
    codes = list(RULES)
    why: Ints | None = None
    offered: Number = False
    for pair in pairs(need, numbers, points):
        here = np.full(len(numbers), len(codes), np.int64)
        for number in reversed(range(len(codes))):
            here = np.where(RULES[codes[number]](pair), number, here)
        if why is None:
            why = here
        else:
            why = np.where(here == len(codes), here, np.where(offered | (why == len(codes)), why, here))
        offered = offered | ((pair.modes & pair.wanted) != 0)
    counted = np.bincount(why, minlength=len(codes)) if why is not None else ()
    return {code: int(counted[number]) for number, code in enumerate(codes) if counted[number]}
