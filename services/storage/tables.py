"""Which tables exist? All rooms' tables, named in one place, so that no clever import order loses one."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

from availability import tables as availability
from dispatcher import tables as dispatcher
from notifications import tables as notifications
from services.storage import ledger
from services.storage.database import Database
from services.web import session

MODELS: tuple[type[SQLModel], ...] = (
    ledger.Inbox,
    ledger.Outbox,
    ledger.Receipt,
    ledger.Audit,
    ledger.Aside,
    dispatcher.CareRequestTable,
    dispatcher.TimerTable,
    dispatcher.KnownSlotTable,
    dispatcher.RosterTable,
    availability.PractitionerTable,
    availability.DelegationTable,
    availability.SlotTable,
    availability.BookingTable,
    notifications.MessageTable,
    notifications.LinkTable,
    session.WebSession,
)


async def create_tables(database: Database) -> None:
    """Make what is not there yet; safe at every start and from several processes at once."""
    metadata = MetaData()
    for model in MODELS:
        model.__table__.to_metadata(metadata)  # type: ignore[attr-defined]  # SQLModel does not type it
    await database.create(metadata, availability.GUARDS)
