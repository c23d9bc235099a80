"""What does one process hold? Everything made once and passed as parameters: no container, no globals."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dispatcher.matching.seats import OpenSeats
from notifications.outcome import Channel
from notifications.writing import Desk
from schemas.territory import Territory
from services.bus.facts import Facts
from services.clock import Clock
from services.mailbox import Mailbox
from services.providers import ways
from services.reference.communes import Communes, load_communes
from services.settings import Settings
from services.storage.database import Database
from services.storage.keyring import Keyring
from services.watch.pulse import Lag


@dataclass(slots=True)
class House:
    """The parts a process is made of; which of them run is up to services/run.py."""

    settings: Settings
    clock: Clock
    database: Database
    mailbox: Mailbox
    vault: Keyring
    seats: OpenSeats
    territories: dict[str, Territory]
    facts: Facts
    channels: dict[str, Channel]
    audit_key: Ed25519PrivateKey = field(repr=False)
    lag: Lag = field(default_factory=Lag)

    @property
    def communes(self) -> Communes:
        """The communes of France. Only who shows names to people needs them: reading them takes half a second."""
        return load_communes()

    def desk(self) -> Desk:
        """What the notifications need to write a message."""
        return Desk(self.vault, self.territories, self.settings.base_url, ways(self.channels))
