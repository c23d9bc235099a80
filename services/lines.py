"""Which provider sends next, and how much? Each one's pace, what is under way, its troubles and its connection."""

import asyncio
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta

from notifications.outcome import Ambiguous, Channel, NotSent, Outcome, Rejected, terms_of
from notifications.routing import CALM, Trouble, health, turn
from notifications.sending import Carrier, Carriers
from services.pace import Pace

KEEP_TROUBLES = CALM * 12


class Line:
    """One provider at work: its pace, how many are under way, its troubles."""

    def __init__(self, channel: Channel) -> None:
        self.terms = terms_of(channel)
        self.pace = Pace(self.terms.rate, seconds())
        self.under_way = 0
        self.served = 0.0
        self.troubles: deque[tuple[datetime, Trouble]] = deque(maxlen=100)

    def tokens(self, most: int) -> tuple[int, int]:
        """How many it may take now: for lane 0, and of these for any lane. A place in the window stays free for lane 0,
        whatever is under way."""
        kept, open_ = self.pace.tokens(seconds())
        room = max(0, min(most, self.terms.window - self.under_way))
        return min(kept + open_, room), min(open_, room if self.terms.window == 1 else room - 1)

    def note(self, outcome: Outcome, now: datetime) -> None:
        if isinstance(outcome, Ambiguous):
            self.troubles.append((now, "ambiguous"))
        elif isinstance(outcome, NotSent) and outcome.link:
            self.troubles.append((now, "link"))
        elif isinstance(outcome, Rejected) and outcome.transient:
            self.troubles.append((now, "error"))
        while self.troubles and self.troubles[0][0] < now - KEEP_TROUBLES:
            self.troubles.popleft()


class Lines:
    """All providers of this process."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._channels = channels
        self._lines: dict[str, Line] = {}

    def of(self, name: str) -> Line:
        if name not in self._lines:
            self._lines[name] = Line(self._channels[name])
        return self._lines[name]

    def carriers(self) -> Carriers:
        """The providers as the rule sees them."""
        return {name: Carrier(one.way, terms_of(one).receipts) for name, one in self._channels.items()}

    def listening(self, long_enough: timedelta) -> set[str]:
        """The providers whose receipts could be heard for so long."""
        return {name for name, one in self._channels.items() if _heard_for(one) >= long_enough}

    def ready(self, name: str) -> bool:
        """Whether it is connected, where that is a question."""
        return _heard_for(self._channels[name]) > timedelta()

    def turn(self, way: str, now: datetime) -> list[str]:
        """The providers of a channel, the one whose turn it is first. One that is not connected, or whose breaker is
        open, carries nothing, unless that is so of all."""
        mine = {name: self.of(name) for name, channel in self._channels.items() if channel.way == way}
        found = {name: health(line.terms.weight, line.troubles, now) for name, line in mine.items()}
        open_ = {name: one.weight for name, one in found.items() if one.open(now) and self.ready(name)}
        return turn({name: line.served for name, line in mine.items()}, open_ or dict.fromkeys(mine, 1))

    def waits(self, way: str) -> list[float]:
        """Seconds until a token comes back, for each provider of the channel that has none."""
        mine = [self.of(name) for name, channel in self._channels.items() if channel.way == way]
        return [wait for line in mine if (wait := line.pace.wait()) > 0]


def seconds() -> float:
    """Real ones: a provider's rate does not follow a demonstration's clock."""
    return asyncio.get_running_loop().time()


def _heard_for(channel: Channel) -> timedelta:
    """How long receipts could be heard; a provider that is called each time is always there."""
    asked = getattr(channel, "heard_for", None)
    return timedelta.max if asked is None else asked()
