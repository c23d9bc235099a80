"""Who is asked next, how many, and how long do they have? Planned backwards from the moment a human must know."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dispatcher.offers.curve import Curve
from dispatcher.offers.person import Ask, Person, why_not
from schemas.offer import Circle
from schemas.request import Need

HEAD_START = 1 / 8
LEAST_HEAD_START, MOST_HEAD_START = timedelta(minutes=5), timedelta(hours=2)
"""The usual practitioner alone has this share of the time left. Others give fixed hours, whatever the deadline."""
RING = 1 / 8
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(minutes=30)
"""A ring lasts this share of the time left: rings get shorter, and so larger, as the end comes near (ours)."""
SETTLED_WITHIN = timedelta(hours=2)
"""Somebody should have said yes within this time, or when a human must know, if that is sooner (ours)."""
SURE = 0.95
"""With this probability, by the curve."""
HURRY = timedelta(hours=1)
"""With less time left the circles are asked together."""
NEAR_KM = 10.0
URGENT_HOURS = 6
NIGHT_BEGINS, NIGHT_ENDS = 21, 8
"""Nobody is asked at night about somebody who can wait (territories' usual quiet hours)."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Who is asked together, and when the next ones are."""

    circle: Circle
    begins: datetime
    lasts: timedelta
    people: tuple[str, ...]


def rings(need: Need, people: Sequence[Person], now: datetime, human_at: datetime, curve: Curve) -> tuple[Ring, ...]:
    """All rings until everybody who may be asked has been, or the deadline. `human_at` = when a human must know. The
    order of `people` does not matter."""
    planned: list[Ring] = []
    begins, left = _waking(need, people, now), {one.practitioner_id: one for one in people}
    while left and begins < need.deadline:
        ring = _next(need, list(left.values()), begins, human_at, curve)
        if ring is None:
            break
        planned.append(ring)
        for one in ring.people:
            del left[one]
        begins += ring.lasts
    return tuple(planned)


def _next(need: Need, people: Sequence[Person], now: datetime, human_at: datetime, curve: Curve) -> Ring | None:
    left = (human_at if human_at > now else need.deadline) - now
    lasts = min(max(left * RING, SHORTEST), LONGEST)
    willing = [one for one in people if why_not(Ask(need, one, now, lasts)) is None]
    if not willing:
        return None
    usual = next((one for one in willing if one.practitioner_id == need.usual_practitioner), None)
    if usual is not None and left >= 2 * LEAST_HEAD_START:
        return Ring(Circle.USUAL, now, head_start(left), (usual.practitioner_id,))
    willing.sort(key=lambda one: _order(need, one))
    nearest = circle_of(need, willing[0])
    if left >= HURRY:
        willing = [one for one in willing if circle_of(need, one) is nearest]
    asked = willing[: size(left, lasts, curve)]
    return Ring(circle_of(need, asked[-1]), now, lasts, tuple(one.practitioner_id for one in asked))


def head_start(left: timedelta) -> timedelta:
    """How long the usual practitioner alone is asked."""
    return min(max(left * HEAD_START, LEAST_HEAD_START), MOST_HEAD_START)


def size(left: timedelta, lasts: timedelta, curve: Curve) -> int:
    """How many are asked together, so that all rings until then leave hardly anybody without a yes."""
    to_come = max(1.0, min(left, SETTLED_WITHIN) / lasts)
    return curve.people(lasts, 1 - (1 - SURE) ** (1 / to_come))


_CIRCLES = tuple(Circle)


def circle_of(need: Need, person: Person) -> Circle:
    """Where somebody stands to the patient."""
    if person.practitioner_id == need.usual_practitioner:
        return Circle.USUAL
    if not person.own:
        return Circle.NEIGHBOURS
    return Circle.NEAR if person.km is not None and person.km <= NEAR_KM else Circle.TERRITORY


def _order(need: Need, person: Person) -> tuple[int, float, float, str]:
    """The nearest circle first; in it whoever was asked least recently, then the nearest, then by id."""
    last = person.asked.last.timestamp() if person.asked.last else float("-inf")
    km = float("inf") if person.km is None else person.km
    return _CIRCLES.index(circle_of(need, person)), last, km, person.practitioner_id


def _waking(need: Need, people: Sequence[Person], now: datetime) -> datetime:
    """`now`, or the morning for a patient who can wait. The night is that of most of those who would be woken."""
    zones = [one.zone for one in people if one.own] or [one.zone for one in people]
    if need.hours <= URGENT_HOURS or not zones:
        return now
    return morning(now, max(set(zones), key=lambda zone: (zones.count(zone), zone.key)))


def morning(now: datetime, zone: ZoneInfo) -> datetime:
    """`now` by day, else the end of the night."""
    local = now.astimezone(zone)
    if NIGHT_ENDS <= local.hour < NIGHT_BEGINS:
        return now
    day = local.date() + timedelta(days=local.hour >= NIGHT_BEGINS)
    return datetime(day.year, day.month, day.day, NIGHT_ENDS, tzinfo=zone).astimezone(UTC)
