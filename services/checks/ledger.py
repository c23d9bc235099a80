"""I5: has every fact exactly one entry in the audit, and does the chain of the audit hold?"""

from typing import Any

from sqlalchemy import exists, func, select

from services.audit.entries import sealed_upto
from services.audit.verify import faults
from services.checks.look import AT_MOST, LATE, Look, rows
from services.storage.ledger import AUDIT, OUTBOX


async def said_and_not_audited(look: Look) -> list[str]:
    """Every fact of the outbox is in the audit, with its own subject."""
    entry = exists().where(AUDIT.c.event_id == OUTBOX.c.id)
    found = await rows(look, select(OUTBOX.c.id, OUTBOX.c.topic).where(~entry).order_by(OUTBOX.c.seq))
    return [f"le fait {row.id} ({row.topic}) n'est pas dans le journal" for row in found]


async def audited_twice(look: Look) -> list[str]:
    """No fact is in the audit twice."""
    twice: Any = select(AUDIT.c.event_id, func.count().label("n")).group_by(AUDIT.c.event_id)
    found = await rows(look, twice.having(func.count() > 1))
    return [f"le fait {row.event_id} est {row.n} fois dans le journal" for row in found]


async def audited_and_never_said(look: Look) -> list[str]:
    """Every entry of the audit is a fact of the outbox, as far back as the outbox is kept."""
    kept = select(OUTBOX.c.recorded_at).where(OUTBOX.c.published_at.is_not(None)).order_by(OUTBOX.c.seq).limit(1)
    oldest = (await look.db.execute(kept)).scalar_one_or_none()
    if oldest is None:
        return []
    # Those recorded within the same moment as the oldest leave the outbox in no order of theirs.
    said = exists().where(OUTBOX.c.id == AUDIT.c.event_id)
    query = select(AUDIT.c.seq, AUDIT.c.event_id).where(AUDIT.c.at > oldest + LATE, ~said)
    found = await rows(look, query.order_by(AUDIT.c.seq))
    return [f"l'entrée {row.seq} du journal ({row.event_id}) n'est celle d'aucun fait" for row in found]


async def chain_broken(look: Look) -> list[str]:
    """The chain of seals verifies: no entry was changed, removed or put in."""
    found: list[str] = []
    async for fault in faults(look.db, look.dialect, look.keys):
        found.append(f"journal : {fault}")
        if len(found) == AT_MOST:
            break
    return found


async def sealed_late(look: Look) -> list[str]:
    """Every entry is sealed within a minute (the sweep does it within five seconds)."""
    waiting = select(AUDIT.c.seq).where(AUDIT.c.seq > await sealed_upto(look.db), AUDIT.c.at < look.now - LATE)
    row = (await look.db.execute(waiting.order_by(AUDIT.c.seq).limit(1))).one_or_none()
    return [] if row is None else [f"le journal attend son sceau depuis plus d'une minute, dès l'entrée {row.seq}"]
