"""I6: does every row name the territory of what it belongs to?"""

from sqlalchemy import literal, select

from availability.tables import PRACTITIONER, SLOT
from dispatcher.tables import REQUEST
from notifications.tables import LINK, MESSAGE
from services.checks.look import Look, rows
from services.storage.ledger import AUDIT, OUTBOX


async def of_another_request(look: Look) -> list[str]:
    """A message, a patient's link and an entry « request … » of the audit name the territory of their request."""
    found = []
    for what, table, named, more in (
        ("le message", MESSAGE, MESSAGE.c.id, ()),
        ("le lien", LINK, LINK.c.request_id, ()),
        ("l'entrée du journal", AUDIT, AUDIT.c.event_id, (AUDIT.c.subject.like("request.%"),)),
    ):
        request = table.c.about if table is AUDIT else table.c.request_id
        joined = table.join(REQUEST, REQUEST.c.id == request)
        query = select(named.label("named"), table.c.territory, REQUEST.c.id, REQUEST.c.territory.label("own"))
        query = query.select_from(joined).where(table.c.territory != REQUEST.c.territory, *more)
        found += [
            f"{what} {row.named} est de {row.territory}, sa demande {row.id} de {row.own}"
            for row in await rows(look, query.order_by(named))
        ]
    return found


async def of_another_practitioner(look: Look) -> list[str]:
    """A slot is of its practitioner's territory."""
    joined = SLOT.join(PRACTITIONER, PRACTITIONER.c.id == SLOT.c.practitioner_id)
    query = select(SLOT.c.id, SLOT.c.territory, PRACTITIONER.c.territory.label("own")).select_from(joined)
    found = await rows(look, query.where(SLOT.c.territory != PRACTITIONER.c.territory).order_by(SLOT.c.id))
    return [f"le créneau {row.id} est de {row.territory}, son praticien de {row.own}" for row in found]


async def said_elsewhere(look: Look) -> list[str]:
    """A fact travels on the subject of the territory that its audit names."""
    subject = literal("care.") + AUDIT.c.territory + "." + AUDIT.c.subject
    joined = OUTBOX.join(AUDIT, AUDIT.c.event_id == OUTBOX.c.id)
    query = select(OUTBOX.c.id, OUTBOX.c.topic).select_from(joined).where(OUTBOX.c.topic != subject)
    found = await rows(look, query.order_by(OUTBOX.c.seq))
    return [f"le fait {row.id} part sur {row.topic}, et le journal dit un autre sujet" for row in found]
