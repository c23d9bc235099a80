"""What is said of a message to a person? Never its text, never its number."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from schemas.event import Event

Recipient = Literal["patient", "practitioner", "human"]


class MessageDue(Event):
    """A message was written down and will leave at `send_after` by `channel`."""

    subject: ClassVar[str] = "message.due.v1"
    message_id: str
    request_id: str
    kind: str
    recipient: Recipient
    channel: str
    lane: int
    send_after: AwareDatetime


class MessageSent(Event):
    """A channel took the message over."""

    subject: ClassVar[str] = "message.sent.v1"
    message_id: str
    request_id: str
    kind: str
    channel: str


class MessageFailed(Event):
    """The message ended without being handed over, or nobody can say (`ambiguous`): a person can see it."""

    subject: ClassVar[str] = "message.failed.v1"
    message_id: str
    request_id: str
    kind: str
    channel: str
    why: Literal["refused", "not_sent", "ambiguous", "expired"]
