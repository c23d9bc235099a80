"""What is a fact, and how does it travel? The frozen base of every event, its subject and the register."""

from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from typing import Any, ClassVar, Protocol, Self

from pydantic import AwareDatetime

from schemas.values import Actor, Value


class Cause(Protocol):
    """What a fact follows from: an order given by a person, a timer, or an earlier fact."""

    @property
    def id(self) -> str: ...
    @property
    def territory(self) -> str: ...
    @property
    def actor(self) -> Actor: ...


class Order(Value):
    """Something a person (or a timer) asks for. Its id is the idempotency key of the whole act."""

    id: str
    territory: str
    actor: Actor


class Event(Value):
    """A fact, in the past tense. Same cause and same key give the same id, so a replay says nothing new.

    `id` is 32 hex digits, `at` is aware UTC, `cause` is the id of what it followed from.
    """

    subject: ClassVar[str] = ""

    id: str
    territory: str
    at: AwareDatetime
    actor: Actor
    cause: str

    @classmethod
    def after(cls, cause: Cause, now: datetime, *, key: str = "", **said: Any) -> Self:
        """The fact of this class that follows from `cause`; `key` tells siblings of one cause apart."""
        said.setdefault("territory", cause.territory)
        said.setdefault("actor", cause.actor)
        return cls(id=derived_id(cause.id, cls.subject, key), at=now, cause=cause.id, **said)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        if cls.subject:
            if cls.subject in FACTS:
                raise TypeError(f"two facts say {cls.subject!r}: give the second a new version")
            FACTS[cls.subject] = cls

    @cached_property
    def body(self) -> bytes:
        """The fact as it travels and rests: JSON, made once."""
        return self.model_dump_json().encode()

    def topic(self) -> str:
        """The NATS subject this fact is published on: `care.<territory>.<noun>.<fact>.v<n>`."""
        return f"care.{self.territory}.{self.subject}"


FACTS: dict[str, type[Event]] = {}
"""Every fact of the house by its subject (`slot.booked.v1`). Filled by defining the class."""


MOMENT = 12
"""Hex digits at the head of an id that say when it was made (milliseconds since 1970)."""


def derived_id(parent: str, *parts: str) -> str:
    """32 hex digits that depend on the parent and the parts and on nothing else.

    An id keeps the moment of its parent: what belongs together lies together in every index, and indexes grow at one
    end, however much they hold.
    """
    digest = blake2b("\x1f".join((parent, *parts)).encode(), digest_size=16).hexdigest()
    return parent[:MOMENT] + digest[MOMENT:] if len(parent) == len(digest) else digest


def durable(room: str, fact: type[Event]) -> str:
    """The durable consumer's name, from the contract: `<room>-<noun>-<fact>-v<n>`."""
    return f"{room}-{fact.subject.replace('.', '-')}"


def fact_of(topic: str) -> type[Event] | None:
    """The class said on a NATS subject, or None when nobody in the house knows it."""
    return FACTS.get(topic.split(".", 2)[-1])
