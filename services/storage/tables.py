"""Which tables exist? All rooms' tables, named in one place, so that no clever import order loses one."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

from availability import tables as availability
from dispatcher import tables as dispatcher
from notifications import tables as notifications
from services.storage import ledger
from services.web import session

MODELS: tuple[type[SQLModel], ...] = (
    ledger.Inbox,
    ledger.Outbox,
    ledger.Receipt,
    ledger.Audit,
    ledger.AuditSeal,
    ledger.Aside,
    ledger.Alarm,
    ledger.Beat,
    dispatcher.CareRequestTable,
    dispatcher.TimerTable,
    dispatcher.KnownSlotTable,
    dispatcher.RosterTable,
    dispatcher.KnownPractitionerTable,
    dispatcher.OfferTable,
    dispatcher.ScarcityTable,
    dispatcher.CalledTable,
    availability.PractitionerTable,
    availability.PracticeTable,
    availability.DelegationTable,
    availability.SlotTable,
    availability.PatternTable,
    availability.BookingTable,
    availability.FeedTable,
    availability.BusyTable,
    notifications.MessageTable,
    notifications.LinkTable,
    notifications.AttemptTable,
    notifications.InboundTable,
    notifications.DeadNumberTable,
    notifications.PushTable,
    notifications.OwnTextTable,
    session.WebSession,
)

METADATA = MetaData()
"""The tables as the code sees them. The revisions in migrations/ make them; a test compares the two."""

for _model in MODELS:
    _model.__table__.to_metadata(METADATA)  # type: ignore[attr-defined]  # SQLModel does not type it

GUARDS = {dialect: (*availability.GUARDS[dialect], *ledger.GUARDS[dialect]) for dialect in ("sqlite", "postgresql")}
"""What the database refuses by itself, in its own words."""
