"""What may a territory look like on any day? Strategies for needs and slots, and a slow, plain way to choose."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt

from hypothesis import strategies as st

from dispatcher.matching.choice import Option
from dispatcher.matching.seats import OpenSeats
from dispatcher.matching.standing import Standing
from schemas.request import Need
from schemas.slot import SlotOpened
from schemas.values import AgeBand, Mode, Place, Visibility
from tests.builders import GAILLAC, LAVAUR, LISLE, MONDAY, NARBONNE, SOMEWHERE, TARN, a_need, a_slot, a_state, hours

PRACTITIONERS = ("gp-1", "gp-2", "gp-3", "gp-4")
PLACES = (GAILLAC, LISLE, LAVAUR, NARBONNE, SOMEWHERE)

modes = st.lists(st.sampled_from(Mode), min_size=1, max_size=3, unique=True).map(tuple)
moments = st.integers(-6, 6 * 27).map(lambda tens: MONDAY + timedelta(minutes=10 * tens))


@st.composite
def needs(draw: st.DrawFn) -> Need:
    """Any patient: here or there, with or without a vehicle, urgent or not, with or without a usual practitioner."""
    within = draw(st.sampled_from([1, 6, 12, 24]))
    return a_need(
        within=hours(within),
        modes=draw(modes),
        place=draw(st.sampled_from(PLACES)),
        earliest=MONDAY + hours(draw(st.integers(0, within))),
        radius_km=draw(st.sampled_from([5.0, 10.0, 30.0, 200.0])),
        no_vehicle=draw(st.booleans()),
        usual_practitioner=draw(st.none() | st.sampled_from(PRACTITIONERS)),
    )


@st.composite
def days(draw: st.DrawFn, most: int = 25) -> list[SlotOpened]:
    """Any slots of one day: some full, some of another profession, some past, many at the same moment."""
    slots = []
    for number in range(draw(st.integers(0, most))):
        start = draw(moments)
        free = draw(st.sampled_from([0, 1, 1, 1, 3]))
        slots.append(
            a_slot(
                f"slot-{number:02d}",
                start,
                practitioner_id=draw(st.sampled_from(PRACTITIONERS)),
                profession=draw(st.sampled_from(["10", "10", "10", "60"])),
                place=draw(st.sampled_from(PLACES)),
                modes=draw(modes),
                capacity=3,
                state=a_state(start, free=free),
            )
        )
    return draw(st.permutations(slots))


NEIGHBOURS = "grand-narbonne"
reasons = st.sampled_from(["fever", "wound", "vaccination"])


@st.composite
def particular_needs(draw: st.DrawFn) -> Need:
    """Any patient, with all that may be asked besides: ages, reasons, specialties, several professions, exclusions."""
    return draw(needs()).model_copy(
        update={
            "age": draw(st.sampled_from(AgeBand)),
            "also": draw(st.sampled_from([(), ("60",), ("60", "21")])),
            "specialty": draw(st.sampled_from(["", "", "", "SM02"])),
            "excluded": draw(st.sampled_from([(), ("gp-1",), ("gp-2", "gp-3")])),
            "reason": draw(st.none() | reasons),
        }
    )


@st.composite
def particular_days(draw: st.DrawFn) -> list[SlotOpened]:
    """Any slots, the neighbours' too, with all that a practitioner may reserve them for."""
    return [
        slot.model_copy(
            update={
                "territory": draw(st.sampled_from([TARN, TARN, NEIGHBOURS])),
                "profession": draw(st.sampled_from(["10", "10", "60", "21"])),
                "visibility": draw(st.sampled_from(Visibility)),
                "ages": tuple(draw(st.sampled_from([[], [], [AgeBand.CHILD], [AgeBand.ADULT, AgeBand.UNKNOWN]]))),
                "reasons": tuple(draw(st.lists(reasons, max_size=1))),
                "specialty": draw(st.sampled_from(["", "", "", "SM02"])),
            }
        )
        for slot in draw(days(most=15))
    ]


@st.composite
def standings(draw: st.DrawFn) -> list[Standing]:
    """What some practitioners asked for and were given."""
    return [
        Standing(
            name,
            paused_until=draw(st.none() | moments),
            absences=tuple(sorted(draw(st.lists(st.tuples(moments, moments).map(_ordered), max_size=1)))),
            per_day=draw(st.sampled_from([None, 1, 2])),
            per_week=draw(st.sampled_from([None, 2, 20])),
            booked=tuple(draw(st.lists(moments, max_size=3))),
            excess=draw(st.sampled_from([0.0, 0.15, 0.5])),
        )
        for name in draw(st.lists(st.sampled_from(PRACTITIONERS), unique=True, max_size=3))
    ]


def _ordered(two: tuple[datetime, datetime]) -> tuple[datetime, datetime]:
    return min(two), max(two)


@dataclass(frozen=True)
class Scan:
    """Every slot looked at, one after the other, with the rules written out a second time."""

    need: Need
    slots: list[SlotOpened]
    now: datetime = MONDAY
    proposed: dict[str, int] = field(default_factory=dict)

    def fits(self, slot: SlotOpened) -> bool:
        """May this slot serve the need, in one of its modes?"""
        return any(self.fits_as(slot, mode) for mode in self.need.modes if mode in slot.modes)

    def fits_as(self, slot: SlotOpened, how: Mode) -> bool:
        """May this slot serve the need in this mode? The rules written out a second time."""
        need = self.need
        if slot.territory != TARN or slot.profession != need.profession:
            return False
        if slot.state.free - self.proposed.get(slot.slot_id, 0) < 1 or not need.earliest <= slot.start <= need.deadline:
            return False
        km = crow(need.place, slot.place)
        if how is Mode.TELE:
            return slot.start - self.now >= timedelta(minutes=10)
        if km is None or km > need.radius_km:
            return False
        if how is Mode.HOME:
            return slot.start - self.now >= timedelta(minutes=45)
        way = timedelta(minutes=road(km))
        return (not need.no_vehicle or km <= 2) and slot.start - self.now >= max(timedelta(minutes=30), way)

    def how(self, slot: SlotOpened) -> Mode | None:
        """The first of the patient's modes in which the slot may serve."""
        modes = [mode for mode in self.need.modes if mode in slot.modes]
        return next((mode for mode in modes if self.fits_as(slot, mode)), next(iter(modes), None))

    def costs(self, slot: SlotOpened) -> int:
        """Whole equivalent minutes: the wait, the way, half an hour for another mode than the first, two hours for
        another than the usual practitioner."""
        weight = {1: 4, 6: 4, 12: 2}.get(self.need.hours, 1)
        how, km = self.how(slot), crow(self.need.place, slot.place)
        way = 0.0 if how is Mode.TELE or km is None else road(km) * (1.5 if how is Mode.HOME else 2.0)
        other = 0 if how is self.need.modes[0] else 30
        stranger = 0 if self.need.usual_practitioner in (None, slot.practitioner_id) else 120
        wait = int((slot.start - self.now).total_seconds() / 60 * weight)
        return wait + int(way + 0.5) + other + stranger

    def best(self, limit: int = 99) -> list[SlotOpened]:
        """Those that fit, the cheapest first, ties by id; the usual practitioner's best last if need be."""
        usual = self.need.usual_practitioner
        fitting = [slot for slot in self.slots if self.fits(slot)]
        ranked = sorted(fitting, key=lambda slot: (self.costs(slot), slot.slot_id))
        own = [slot for slot in ranked if slot.practitioner_id == usual][:1]
        found = ranked[:limit]
        return found if limit < 2 or not own or own[0] in found else [*found[: limit - 1], *own]


def crow(here: Place, there: Place) -> float | None:
    """Kilometres as the crow flies, by the haversine formula on a sphere of 6 371 km."""
    if here.commune == there.commune:
        return 0.0
    if here.lat is None or here.lon is None or there.lat is None or there.lon is None:
        return None
    up, along = radians(there.lat - here.lat), radians(there.lon - here.lon)
    half = sin(up / 2) ** 2 + cos(radians(here.lat)) * cos(radians(there.lat)) * sin(along / 2) ** 2
    return 2 * 6371.0 * asin(sqrt(half))


def road(km: float) -> float:
    """Minutes by road."""
    return 3.84 * sqrt(km) + 0.53 * km


def heard(slots: list[SlotOpened]) -> OpenSeats:
    seats = OpenSeats()
    for slot in slots:
        seats.hear(slot)
    return seats


def ids(options: tuple[Option, ...]) -> list[str]:
    return [option.slot.slot_id for option in options]
