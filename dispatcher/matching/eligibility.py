"""May this slot serve this need? One rule, one function, with the words a regulator would use."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatcher.matching.seats import OpenSlot
from dispatcher.matching.travel import WALK_KM, travel_minutes
from schemas.request import Need
from schemas.values import Mode

NOTICE = {
    Mode.OFFICE: timedelta(minutes=30),
    Mode.HOME: timedelta(minutes=45),
    Mode.TELE: timedelta(minutes=10),
}
"""Least time between now and the visit: our own first guess, until practitioners say otherwise."""


@dataclass(frozen=True, slots=True)
class Case:
    """One need beside one slot: what the rules look at. `km` is None when a position is unknown."""

    need: Need
    slot: OpenSlot
    mode: Mode | None
    km: float | None
    free: int
    now: datetime


def wrong_mode(case: Case) -> bool:
    """The slot offers no mode the patient can use."""
    return case.mode is None


def too_soon(case: Case) -> bool:
    """It begins before the window, or before anybody could be there."""
    slot, now = case.slot, case.now
    if case.mode is None:
        return slot.start < max(now, case.need.earliest)
    ready = now + NOTICE[case.mode]
    if case.mode is Mode.OFFICE and (way := travel_minutes(case.km)) is not None:
        ready = max(ready, now + timedelta(minutes=way))
    return slot.start < max(ready, case.need.earliest)


def too_late(case: Case) -> bool:
    """It begins after the deadline."""
    return case.slot.start > case.need.deadline


def too_far(case: Case) -> bool:
    """Beyond the radius, or too far on foot for a patient without a vehicle. Distance means nothing on a screen."""
    if case.mode is Mode.TELE:
        return False
    if case.km is None:
        return True
    on_foot = case.need.no_vehicle and case.mode is Mode.OFFICE
    return case.km > (WALK_KM if on_foot else case.need.radius_km)


def full(case: Case) -> bool:
    """Every seat is taken or held."""
    return case.free < 1


Rule = Callable[[Case], bool]

RULES: tuple[tuple[str, Rule], ...] = (
    ("wrong_mode", wrong_mode),
    ("too_late", too_late),
    ("too_soon", too_soon),
    ("too_far", too_far),
    ("full", full),
)
"""In the order in which a regulator would say them: the first that refuses is the one counted."""

WORDS = {
    "wrong_mode": ("créneau d'un autre mode", "créneaux d'un autre mode"),
    "too_late": ("créneau hors délai", "créneaux hors délai"),
    "too_soon": ("créneau trop proche dans le temps", "créneaux trop proches dans le temps"),
    "too_far": ("créneau trop loin", "créneaux trop loin"),
    "full": ("créneau complet", "créneaux complets"),
}


def refusal(case: Case) -> str | None:
    """The code of the first rule that refuses, or None: the slot may serve."""
    return next((code for code, refuses in RULES if refuses(case)), None)


def judge(need: Need, slot: OpenSlot, km: float | None, free: int, now: datetime) -> tuple[Case, str | None]:
    """The slot in the first of the patient's modes that no rule refuses; else in the first it offers, and why not."""
    offered = [mode for mode in need.modes if mode in slot.modes]
    judged: list[tuple[Case, str | None]] = []
    modes: list[Mode | None] = [*offered] or [None]
    for mode in modes:
        case = Case(need, slot, mode, km, free, now)
        why_not = refusal(case)
        if why_not is None:
            return case, None
        judged.append((case, why_not))
    return judged[0]


def say_counts(counts: dict[str, int]) -> list[str]:
    """The counted reasons as a regulator would say them: « 12 créneaux hors délai »."""
    said = [
        f"{count} {WORDS[code][count > 1]}"
        for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if code in WORDS and count
    ]
    return said or ["aucun créneau de cette profession n'est publié dans le territoire"]
