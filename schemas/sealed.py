"""How does personal data travel and rest? Only as `Sealed`: readable with its subject's key, and no other way."""

from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from schemas.values import Value

T = TypeVar("T")


class Sealed(Value, Generic[T]):
    """AES-256-GCM under the key of `subject`; AAD = subject + field + key version.

    `box` is base64url(nonce ‖ ciphertext). Dropping the subject's key makes every copy unreadable.
    """

    subject: str
    field: str
    key_version: int
    box: str

    def __repr__(self) -> str:
        return f"Sealed({self.subject}/{self.field})"

    __str__ = __repr__


def unreadable(subject: str, field: str) -> Sealed[str]:
    """What stands where a text was that is forgotten: nobody opens it, whatever keys there are."""
    return Sealed[str](subject=subject, field=field, key_version=0, box="")


class Vault(Protocol):
    """Who can open a sealed value. The keyring behind it belongs to `services`."""

    async def open(self, sealed: Sealed[str]) -> str:
        """The text. Raises `Erased` when the subject's key was dropped."""
        ...

    async def seal(self, subject: str, field: str, text: str) -> Sealed[str]:
        """The text sealed under the subject's key, which is made, and committed, when there is none.

        Raises `Erased` when the key was dropped: it is never made anew.
        """
        ...

    async def ensure(self, subjects: Iterable[str]) -> None:
        """Have the keys of these subjects at hand, made and committed where there are none: one question for all."""
        ...

    def token(self, purpose: str, about: str) -> str:
        """12 characters of a 31-symbol alphabet (59 bits) that only this house can derive."""
        ...

    def digest(self, text: str) -> str:
        """A keyed hash, to find a text again without storing it."""
        ...


class Erased(Exception):
    """The key was dropped: the person asked to be forgotten, or the retention time is over."""
