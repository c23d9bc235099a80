"""What do the rules and the cost look at? One need beside one slot as numbers, or columns of both at once."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from dispatcher.matching.open_slot import OpenSlot
from dispatcher.matching.standing import Standing, excess_minutes, refusal
from dispatcher.matching.travel import UNKNOWN_KM, Number, road
from schemas.request import Need
from schemas.values import AgeBand, Mode, Visibility

BIT = {Mode.OFFICE: 1, Mode.HOME: 2, Mode.TELE: 4}
OFFICE, HOME, TELE = BIT[Mode.OFFICE], BIT[Mode.HOME], BIT[Mode.TELE]
AGE_BIT = {age: 1 << number for number, age in enumerate(AgeBand)}
ALL_AGES = (1 << len(AgeBand)) - 1
SEEN_BY = {
    Visibility.OWN: 0, Visibility.CPTS: 1, Visibility.SNP: 2, Visibility.PRO: 2, Visibility.PUBLIC: 2,
}  # fmt: skip
"""0 = own patients only, 1 = the territory, 2 = the neighbours too."""


class Wish(NamedTuple):
    """What a need asks, in numbers, whatever the slot. Moments are whole seconds (epoch, UTC); ages are bits."""

    now: Number
    earliest: Number
    deadline: Number
    weight: Number
    radius_km: Number
    on_foot: Number
    age: Number
    names_usual: Number


class Pair(NamedTuple):
    """Numbers, or numpy arrays of numbers that broadcast: a rule and a term are written once and read both.

    The first eight are the `Wish`. `wanted` is the mode of the visit (a bit; 0 = none is left), `second` whether it is
    not the first choice; `modes` and `ages` are bits, `way` the road in minutes, `freeze` seconds before the start;
    `usual`, `foreign`… are 0 or 1.
    """

    now: Number
    earliest: Number
    deadline: Number
    weight: Number
    radius_km: Number
    on_foot: Number
    age: Number
    names_usual: Number
    wanted: Number
    second: Number
    start: Number
    modes: Number
    free: Number
    freeze: Number
    seen_by: Number
    ages: Number
    standing: Number
    excess: Number
    price: Number
    km: Number
    way: Number
    usual: Number
    foreign: Number
    excluded: Number
    same_specialty: Number
    reason_accepted: Number


@dataclass(frozen=True, slots=True)
class Case:
    """One need beside one slot, as people look at it. `km` is None when a position is unknown; `territory` is the
    request's; `price` is what the seat is worth to others, in minutes."""

    need: Need
    wish: Wish
    slot: OpenSlot
    mode: Mode | None
    km: float | None
    free: int
    now: datetime
    territory: str
    standing: Standing | None = None
    price: int = 0


def wish_of(need: Need, now: datetime) -> Wish:
    """What the need asks, in numbers."""
    return Wish(
        now=upper_second(now),
        earliest=upper_second(need.earliest),
        deadline=lower_second(need.deadline),
        weight=urgency_weight(need),
        radius_km=need.radius_km,
        on_foot=int(need.no_vehicle),
        age=AGE_BIT[need.age],
        names_usual=int(need.usual_practitioner is not None),
    )


def pair_of(case: Case) -> Pair:
    """The case in numbers."""
    need, slot, of = case.need, case.slot, case.slot.schedule
    km = UNKNOWN_KM if case.km is None else case.km
    return Pair(
        *case.wish,
        wanted=0 if case.mode is None else BIT[case.mode],
        second=int(case.mode is not need.modes[0]),
        start=lower_second(slot.start),
        modes=mode_bits(of.modes),
        free=case.free,
        freeze=of.freeze * 60,
        seen_by=SEEN_BY[of.visibility],
        ages=age_bits(of.ages),
        standing=refusal(case.standing, slot.start),
        excess=excess_minutes(case.standing),
        price=case.price,
        km=km,
        way=road(km),
        usual=int(need.usual_practitioner == of.practitioner_id),
        foreign=int(of.territory != case.territory),
        excluded=int(of.practitioner_id in need.excluded),
        same_specialty=int(of.specialty == need.specialty),
        reason_accepted=int(accepts(of.reasons, need)),
    )


def urgency_weight(need: Need) -> int:
    """Equivalent minutes a minute waited: 4 within 6 h, 2 within 12 h, else 1 (ours; a setting one day)."""
    return 4 if need.hours <= 6 else 2 if need.hours <= 12 else 1


def accepts(reasons: tuple[str, ...], need: Need) -> bool:
    """Whether a slot that accepts these reasons (none = all) accepts the need's."""
    return not reasons or need.reason in reasons


@lru_cache(maxsize=1000)
def mode_bits(modes: tuple[Mode, ...]) -> int:
    """The modes of a slot."""
    return sum(BIT[mode] for mode in set(modes))


@lru_cache(maxsize=1000)
def age_bits(ages: tuple[AgeBand, ...]) -> int:
    """The ages a slot is for; none said = all."""
    return sum(AGE_BIT[age] for age in set(ages)) if ages else ALL_AGES


def lower_second(moment: datetime) -> int:
    """Whole seconds since the epoch, the fraction dropped."""
    return int(moment.timestamp() // 1)


def upper_second(moment: datetime) -> int:
    """Whole seconds since the epoch, a fraction counted as one: nothing begins before it."""
    return -int(-moment.timestamp() // 1)
