"""How are the parts of a process made? Database, keys, reference data, channels: made once, nothing runs yet."""

from dispatcher.matching.seats import OpenSeats
from schemas.territory import Territory
from services.audit.chain import audit_key
from services.bus.facts import Facts
from services.clock import Clock
from services.house import House
from services.mailbox import Mailbox
from services.providers import known_channels
from services.reference.territories import load_territories
from services.settings import Settings
from services.storage.away import until_it_answers
from services.storage.database import Database
from services.storage.keyring import Keyring, master_key
from services.storage.migrate import migrate


async def build_house(settings: Settings) -> House:
    """The parts, with their tables up to date and the reference data read. Nothing runs yet."""
    clock = Clock(settings.speed, settings.start)
    database = Database(settings.database)
    await until_it_answers(database)
    await migrate(database)
    master = master_key(settings.data_dir, settings.master_key)
    vault = Keyring(Database(settings.keyring), clock, master)
    await vault.create()
    return House(
        settings,
        clock,
        database,
        Mailbox(database, clock),
        vault,
        OpenSeats(),
        known_territories(settings),
        Facts(clock),
        known_channels(settings),
        audit_key(master),
    )


def known_territories(settings: Settings) -> dict[str, Territory]:
    """The demonstration territories, and those imported into `data_dir`/territories (one JSON each)."""
    territories = load_territories()
    for file in sorted((settings.data_dir / "territories").glob("*.json")):
        territory = Territory.model_validate_json(file.read_text())
        territories[territory.id] = territory
    return territories
