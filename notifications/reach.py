"""Would an alert reach this person? What the latest attempts by each channel tell, before one is needed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from notifications.audience import URGENT_WAYS

SHOWN_WITHIN = timedelta(minutes=2)
"""A browser that is on shows a push within seconds, and says so; the rest is for a phone without a network."""
REMEMBERED = timedelta(days=90)
"""What an attempt proved longer ago is not known any more: people change phones."""
TELLING = ("accepted", "delivered", "late", "undelivered", "dead")
"""States of an attempt that say something of the person; the others say something of the provider."""

Standing = Literal["proven", "sent", "untried", "none", "gone", "dead", "silent"]
"""How a channel stands: something arrived; it left, and nobody says more; never used; nothing is kept to use it with;
the browser forgot us; nobody is at that number or address; the browser shows nothing."""
State = Literal["fine", "partly", "never", "lost", "nothing"]
"""Something arrives; it does, and one channel does not; nobody knows yet; nothing arrives; nothing is kept."""
NOT_THERE = re.compile(r"dsn 5\.(?:1\.(?:1|2|3|6|10)|2\.1|4\.4)\b")
"""Reports of mail servers (RFC 3463) after which a mail address is dead: no such mailbox or domain, not an address at
all, moved, no mail taken there, disabled. Not a full mailbox, a mail or a sender that is refused, a server away."""
FAULTS: tuple[Standing, ...] = ("gone", "dead", "silent")


@dataclass(frozen=True, slots=True)
class Trace:
    """The latest attempt that told something, by one channel. `digest` = of the number or address it went to,
    `why` = the provider's word."""

    way: str
    state: str
    at: datetime
    digest: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What a channel has to reach the person with: a keyed hash of it (None = nothing to compare), and since when."""

    digest: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """How a person is reached: in all, and by each channel there is, in the order in which they are tried."""

    state: State
    ways: tuple[tuple[str, Standing], ...]

    @property
    def faults(self) -> tuple[tuple[str, Standing], ...]:
        return tuple(one for one in self.ways if one[1] in FAULTS)


def reach(there: Sequence[str], kept: Mapping[str, Kept], traces: Sequence[Trace], now: datetime) -> Reach:
    """The reach of a person of whom this is `kept`, by channel, where these channels are `there`."""
    latest = {one.way: one for one in sorted(traces, key=lambda one: one.at)}
    ways = tuple((way, _standing(kept.get(way), latest.get(way), now)) for way in URGENT_WAYS if way in there)
    found = {standing for _, standing in ways}
    bad = bool(found & set(FAULTS))
    if found <= {"none"}:
        return Reach("nothing", ways)
    if "proven" in found:
        return Reach("partly" if bad else "fine", ways)
    return Reach("lost" if bad and not found & {"sent", "untried"} else "partly" if bad else "never", ways)


def nobody_there(way: str, why: str | None) -> bool:
    """Whether what was undelivered by this channel, with this word of its provider, says that nobody is reached there:
    an SMS does, a mail when its report says so; a busy phone or a full mailbox may be another matter tomorrow."""
    return way == "sms" or (way == "email" and NOT_THERE.search(why or "") is not None)


def _standing(kept: Kept | None, trace: Trace | None, now: datetime) -> Standing:
    if trace is None or trace.at < now - REMEMBERED:
        return "untried" if kept else "none"
    if kept is None:
        return "gone" if trace.way == "push" and trace.state == "dead" else "none"
    of_another = None not in (kept.digest, trace.digest) and kept.digest != trace.digest
    if of_another or (kept.since is not None and trace.at < kept.since):
        return "untried"
    if trace.state in ("delivered", "late"):
        return "proven"
    if trace.state == "dead" or (trace.state == "undelivered" and nobody_there(trace.way, trace.why)):
        return "dead"
    return "silent" if trace.way == "push" and now - trace.at > SHOWN_WITHIN else "sent"
