"""What came of the day? Figures from the end of each request, in groups that add up."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

PLACED = ("promised", "booked", "confirmed", "fulfilled", "no_show")
NOT_PLACED = ("redirected", "advised", "unmet")
WAITING = ("seeking", "offering", "escalated")
DAY, MINUTE = timedelta(hours=24), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Fate:
    """How one request stood when the day ended, as `GET /api/requests/{id}` tells it. Nothing personal.

    `start` is that of the visit, None without a place. `usual` = with the usual practitioner who was named,
    None when none was. `counts` = slots refused by each rule, for those without a place.
    """

    request_id: str
    territory: str
    profession: str
    commune: str
    asked_at: datetime
    deadline: datetime
    state: str
    start: datetime | None = None
    usual: bool | None = None
    escalated: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def wait(self) -> timedelta | None:
        """From the call to the visit, for those who have (or had) their place."""
        return self.start - self.asked_at if self.start is not None and self.state in PLACED else None


@dataclass(frozen=True, slots=True)
class Line:
    """One profession or commune: asked = `placed` + `withdrawn` + `not_placed` + `waiting`."""

    name: str
    asked: int
    placed: int
    withdrawn: int
    not_placed: int
    waiting: int
    within_24h: int
    in_promise: int
    median_wait_minutes: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The day in figures. `total` adds up: asked = placed + withdrawn + not placed + waiting.

    `states` counts the requests by state; `reasons` = for those without a place, how many requests each rule
    stood in the way of most; the rest is what was seen at the doors while playing.
    """

    total: Line
    states: dict[str, int]
    overdue: int
    escalated: int
    usual: tuple[int, int]
    by_profession: list[Line]
    by_commune: list[Line]
    reasons: dict[str, int]
    messages: dict[str, int]
    seats_opened: int = 0
    slots_cancelled: int = 0
    patients_cancelled: int = 0
    confirmed_by_link: int = 0

    @property
    def share_24h(self) -> float | None:
        """Share with a visit within 24 h of the call, among those who did not give up themselves; 0 to 1."""
        return _share(self.total.within_24h, self.total.asked - self.total.withdrawn)

    @property
    def share_promise(self) -> float | None:
        """Share with a visit within the promised time, among those who did not give up themselves; 0 to 1."""
        return _share(self.total.in_promise, self.total.asked - self.total.withdrawn)


def summarise(
    fates: Iterable[Fate],
    now: datetime,
    *,
    messages: Mapping[str, int] | None = None,
    seats_opened: int = 0,
    slots_cancelled: int = 0,
    patients_cancelled: int = 0,
    confirmed_by_link: int = 0,
) -> Summary:
    """The figures of these requests as of `now`; `messages` counts those sent, by kind."""
    fates = list(fates)
    named = [fate for fate in fates if fate.usual is not None and fate.state in PLACED]
    missing = [fate for fate in fates if fate.state in NOT_PLACED + WAITING]
    return Summary(
        total=_line("", fates),
        states=dict(Counter(fate.state for fate in fates).most_common()),
        overdue=sum(fate.state in WAITING and fate.deadline <= now for fate in fates),
        escalated=sum(fate.escalated for fate in fates),
        usual=(sum(fate.usual is True for fate in named), len(named)),
        by_profession=_lines(fates, lambda fate: fate.profession),
        by_commune=_lines(fates, lambda fate: fate.commune),
        reasons=dict(Counter(map(_main_reason, missing)).most_common()),
        messages=dict(messages or {}),
        seats_opened=seats_opened,
        slots_cancelled=slots_cancelled,
        patients_cancelled=patients_cancelled,
        confirmed_by_link=confirmed_by_link,
    )


def _line(name: str, fates: list[Fate]) -> Line:
    waits = [fate.wait for fate in fates if fate.wait is not None]
    return Line(
        name=name,
        asked=len(fates),
        placed=sum(fate.state in PLACED for fate in fates),
        withdrawn=sum(fate.state == "withdrawn" for fate in fates),
        not_placed=sum(fate.state in NOT_PLACED for fate in fates),
        waiting=sum(fate.state in WAITING for fate in fates),
        within_24h=sum(wait <= DAY for wait in waits),
        in_promise=sum(fate.wait is not None and fate.asked_at + fate.wait <= fate.deadline for fate in fates),
        median_wait_minutes=round(median(wait / MINUTE for wait in waits), 1) if waits else None,
    )


def _lines(fates: list[Fate], key: Callable[[Fate], str]) -> list[Line]:
    """One line for each key, the most asked first."""
    groups: defaultdict[str, list[Fate]] = defaultdict(list)
    for fate in fates:
        groups[key(fate)].append(fate)
    lines = [_line(name, group) for name, group in groups.items()]
    return sorted(lines, key=lambda line: (-line.asked, line.name))


def _main_reason(fate: Fate) -> str:
    """The rule that refused most slots of the profession; "none" when there was no slot at all."""
    return max(fate.counts, key=lambda code: (fate.counts[code], code), default="none")


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
