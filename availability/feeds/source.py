"""What does a source of slots promise? Times read from elsewhere, whatever the producer's habits, or why not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from schemas.feed import FeedMeans
from schemas.values import Mode

MOST_TIMES = 2_000
"""Times in three months beyond which something is wrong: a full week of ten-minute visits has half as many."""

Fault = Literal[
    "unreachable", "forbidden_address", "not_secure", "timed_out", "too_large", "too_many_redirects", "status",
    "not_a_calendar", "not_fhir", "too_many", "elsewhere", "forgotten", "fault",
]  # fmt: skip
"""Why a feed could not be read. What to do is said where people see it."""

LeftOut = Literal[
    "all_day", "too_short", "too_long", "unreadable", "rule", "busy", "booked", "overlap", "moved", "taken_back",
    "not_theirs", "specialty", "profession", "walk_in",
]  # fmt: skip
"""Why an event was not used, while the rest was."""


class Unreadable(Exception):
    """The feed could not be read. Its text is the code (and an HTTP status): never an address, never what came."""

    def __init__(self, fault: Fault, status: int | None = None) -> None:
        super().__init__(fault if status is None else f"{fault}:{status}")


@dataclass(frozen=True, slots=True)
class Time:
    """A time of the feed, [start, ends) in aware UTC. `uid` tells it from all others of the feed, and stays the same
    from one reading to the next. `modes` empty = the feed's own."""

    uid: str
    start: datetime
    ends: datetime
    modes: tuple[Mode, ...] = ()

    @property
    def minutes(self) -> int:
        return int((self.ends - self.start).total_seconds() // 60)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a feed says now: its times, by start; how many events were left out, by reason. `unchanged`: nothing is new
    since the etag, the date or the digest it was asked with."""

    times: tuple[Time, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    etag: str | None = None
    modified: str | None = None
    digest: str | None = None
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a feed: its times that begin in [since, until), or, when they are busy ones, that touch it.
    `zone` is that of the practitioner's place; `national_id` (system IDNPS, such as 810002909371) is whose slots are
    asked for where a server has those of several. `etag`, `modified` and `digest` (of what matters in it) are those of
    the last reading."""

    url: str
    means: FeedMeans
    zone: ZoneInfo
    since: datetime
    until: datetime
    profession: str = ""
    national_id: str | None = None
    etag: str | None = None
    modified: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the outside answered. Header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Outside(Protocol):
    """The way out, with its limits of size, time and address. Owned by `services`."""

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """The answer, 2xx or 304. Raises `Unreadable` for everything else."""
        ...


class Source(Protocol):
    """One kind of source."""

    name: str

    async def read(self, ask: Ask, outside: Outside) -> Reading:
        """What the feed says. Raises `Unreadable`, and nothing else, when it cannot be known."""
        ...
