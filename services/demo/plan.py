"""What will be played? Territories, their people and the day's acts, drawn from the seed before any server runs."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from availability.agenda import NewPractitioner
from schemas.territory import Territory
from services.demo.demand import FIRST_HOUR, day
from services.demo.population import practitioners
from services.demo.world.acts import Act, in_order
from services.reference.communes import Communes, load_communes
from services.reference.territories import DEMONSTRATIONS, load_territories

A_MONDAY_IN_JANUARY = date(2027, 1, 4)
BEFORE_IT_ANSWERS = 6.0  # real seconds until a cold server answers
PUBLICATIONS_A_SECOND = 60  # and how fast the slots made known before the day go in


@dataclass(frozen=True, slots=True)
class Plan:
    """A day of a community: `acts` by time, `start` and `end` aware UTC, `speed` seconds of the day a second."""

    territories: tuple[Territory, ...]
    communes: Communes
    people: dict[str, list[NewPractitioner]]
    acts: list[Act]
    start: datetime
    end: datetime
    speed: float

    @property
    def known_before(self) -> list[Act]:
        """The slots that were made known before the day begins."""
        return [act for act in self.acts if act.at < self.start]

    @property
    def of_the_day(self) -> list[Act]:
        """What happens from the beginning of the day on."""
        return [act for act in self.acts if act.at >= self.start]

    @property
    def server_start(self) -> datetime:
        """When the server's clock starts, so that all is in place when the day begins."""
        ready = BEFORE_IT_ANSWERS + len(self.known_before) / PUBLICATIONS_A_SECOND
        return self.start - timedelta(seconds=ready * self.speed)


def draw(
    community: str,
    *,
    seed: int = 1,
    on: date = A_MONDAY_IN_JANUARY,
    hours: float = 24.0,
    speed: float = 120.0,
    tightness: float = 1.0,
) -> Plan:
    """The plan; same arguments, same plan. Raises ValueError, in French, for an unknown community."""
    if community not in DEMONSTRATIONS:
        raise ValueError(f"Communauté inconnue : choisissez parmi {', '.join(DEMONSTRATIONS)}.")
    communes, every = load_communes(), load_territories()
    territories = tuple(every[one] for one in DEMONSTRATIONS[community])
    people = {one.id: practitioners(one, communes, seed=seed) for one in territories}
    acts = in_order(
        act
        for one in territories
        for act in day(one, people[one.id], on, seed, communes=communes, hours=hours, tightness=tightness)
    )
    start = datetime.combine(on, time(FIRST_HOUR), tzinfo=territories[0].tz).astimezone(UTC)
    return Plan(territories, communes, people, acts, start, start + timedelta(hours=hours), speed)
