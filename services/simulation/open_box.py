"""Who seals in a simulation? A vault that hides nothing, so that the same seed writes the same bytes."""

from collections.abc import Iterable
from hashlib import blake2b

from schemas.sealed import Sealed


class OpenBox:
    """The keyring's methods without its keys: sealing is tested elsewhere, and its random bytes would be noise here."""

    async def open(self, sealed: Sealed[str]) -> str:
        return sealed.box

    async def seal(self, subject: str, field: str, text: str) -> Sealed[str]:
        return Sealed(subject=subject, field=field, key_version=1, box=text)

    async def ensure(self, subjects: Iterable[str]) -> None:
        """There are no keys."""

    def token(self, purpose: str, about: str) -> str:
        return blake2b(f"{purpose}\x1f{about}".encode(), digest_size=6).hexdigest()

    def digest(self, text: str) -> str:
        return blake2b(text.encode(), digest_size=16).hexdigest()
