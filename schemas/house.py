"""What is said of the keeping of the house itself? Alarms, and what became of messages set aside."""

from typing import ClassVar

from schemas.event import Event
from schemas.sealed import Sealed


class AlarmRaised(Event):
    """Something is wrong in the territory and `person`, a named human, must know. `about` is an id, never a name."""

    subject: ClassVar[str] = "alarm.raised.v1"
    alarm_id: str
    kind: str
    about: str
    person: str
    request_id: str | None = None


class AsideReplayed(Event):
    """A message set aside was dealt with after all, by the reader that had failed."""

    subject: ClassVar[str] = "aside.replayed.v1"
    aside_id: str
    reader: str


class AsideDropped(Event):
    """An operator decided that a message set aside is not to be dealt with. `why` is sealed: words hold anything."""

    subject: ClassVar[str] = "aside.dropped.v1"
    aside_id: str
    reader: str
    why: Sealed[str]
