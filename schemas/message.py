"""What is said of a message to a person? Never its text, never its number."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from schemas.event import Event
from schemas.sealed import Sealed
from schemas.values import Value

Recipient = Literal["patient", "practitioner", "human"]


class Due(Value):
    """One message that was written down and will leave at `send_after` by `channel`."""

    message_id: str
    kind: str
    recipient: Recipient
    channel: str
    lane: int
    send_after: AwareDatetime


class MessageDue(Event):
    """Messages about a request were written down: all that one fact led to."""

    subject: ClassVar[str] = "message.due.v2"
    request_id: str
    messages: tuple[Due, ...]


class Sent(Value):
    """One message a channel took over."""

    message_id: str
    kind: str
    channel: str


class MessageSent(Event):
    """Channels took messages about a request over: those that left together."""

    subject: ClassVar[str] = "message.sent.v2"
    request_id: str
    messages: tuple[Sent, ...]


class MessageFailed(Event):
    """The message ended without being handed over, or nobody can say (`ambiguous`): a person can see it."""

    subject: ClassVar[str] = "message.failed.v1"
    message_id: str
    request_id: str
    kind: str
    channel: str
    why: Literal["refused", "not_sent", "ambiguous", "expired"]


Meaning = Literal["yes", "no", "cancel", "stop", "no_vehicle", "alarm", "other"]
"""What a patient's words mean; `other` = a human must read them."""


class PatientWrote(Event):
    """A patient answered by SMS, with words that mean this. The words themselves are in `reply_id`, sealed."""

    subject: ClassVar[str] = "patient.wrote.v1"
    request_id: str
    reply_id: str
    meaning: Meaning


class StrangerWrote(Event):
    """Somebody wrote from a number to which nothing was sent, or long ago: `person` must read it. The words are in
    `reply_id`, sealed; `phone` is None where the number was hidden; `alarm`: there is a word of danger."""

    subject: ClassVar[str] = "stranger.wrote.v1"
    reply_id: str
    person: str
    alarm: bool
    phone: Sealed[str] | None


class StrangerAnswered(Event):
    """A human has dealt with what a stranger wrote."""

    subject: ClassVar[str] = "stranger.answered.v1"
    reply_id: str


class TextReworded(Event):
    """From now on the territory says this kind of message in this language in its own words (`own`), or again as
    delivered. The words themselves are in the table."""

    subject: ClassVar[str] = "text.reworded.v1"
    kind: str
    language: str
    own: bool
