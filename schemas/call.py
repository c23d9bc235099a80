"""What is said of a gentle call for seats? Who was called, for what, and for how many."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from schemas.event import Event

Peak = Literal["holiday", "monday", "busy"]
"""Why many are expected: a public holiday is near · it is the eve of a Monday, or Monday · more than the seats hold."""


class CallMade(Event):
    """A practitioner who agreed to be asked hears that `short` seats of the profession will be missing until then."""

    subject: ClassVar[str] = "call.made.v1"
    practitioner_id: str
    profession: str
    short: int
    peak: Peak
    until: AwareDatetime
