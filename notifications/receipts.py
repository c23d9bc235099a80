"""What did a provider say later? Written down first, then matched, in whatever order it comes; acknowledged after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications import attempts, rule
from notifications.attempts import Claimed
from notifications.outcome import Fate, Heard, Receipt, Reply
from notifications.reach import nobody_there
from notifications.replies import meaning
from notifications.sending import Carriers, follow, say_sent, stand
from notifications.store import MessageRow, row_of
from notifications.tables import ATTEMPT, DEAD_NUMBER, INBOUND, MESSAGE
from schemas.event import Event, Order, derived_id
from schemas.sealed import Vault

OPEN = ("claimed", "ambiguous", "lost")
"""Attempts that may wait for a first word of their provider."""
BACK = timedelta(days=3)
"""A receipt is matched by reference or number with attempts of the last days only: references come round again."""
BATCH = 200
_WRITE = insert(INBOUND).on_conflict_do_nothing().returning(INBOUND.c.id)


@dataclass(frozen=True, slots=True)
class Written:
    """What came in, as it is kept."""

    id: str
    kind: str
    provider_id: str | None
    reference: int | None
    digest: str | None
    fate: Fate | None
    code: str | None
    body: str | None
    message_id: str | None
    number: str | None = None


async def written(provider: str, heard: Sequence[Heard], vault: Vault, minute: str) -> list[Written]:
    """The rows of what came in. The same receipt twice is one row; the same words of the same person in the same
    minute, too."""
    return [
        _receipt(provider, one, vault) if isinstance(one, Receipt) else await _reply(provider, one, vault, minute)
        for one in heard
    ]


async def hear(
    order: Order, provider: str, rows: Sequence[Written], carriers: Carriers, db: AsyncConnection, now: datetime
) -> list[Event]:
    """Write down what came in, and match what can be matched already."""
    values: list[dict[str, Any]] = [
        {
            "id": row.id, "provider": provider, "kind": row.kind, "at": now, "state": "new", "fate": row.fate,
            "provider_id": row.provider_id, "reference": row.reference, "digest": row.digest, "code": row.code,
            "body": row.body, "message_id": row.message_id, "number": row.number,
        }
        for row in {row.id: row for row in rows}.values()
    ]  # fmt: skip
    fresh = {found.id for found in await db.execute(_WRITE, values)}
    said: list[Event] = []
    for row in values:
        if row["id"] not in fresh:
            continue
        if row["kind"] == "reply":
            said += await _acknowledged(row["id"], row["message_id"], db, now)
        else:
            said += await _match(order, provider, row, carriers, db, now)
    return said


async def match_waiting(
    order: Order, provider: str, carriers: Carriers, db: AsyncConnection, now: datetime
) -> list[Event]:
    """Receipts that came before the answer they belong to; those that nothing explains within days are put away."""
    mine = INBOUND.c.state == "new", INBOUND.c.provider == provider, INBOUND.c.kind == "receipt"
    waiting = [row._asdict() for row in await db.execute(select(INBOUND).where(*mine).limit(BATCH))]
    said: list[Event] = []
    for row in waiting:
        said += await _match(order, provider, row, carriers, db, now)
    old = [row["id"] for row in waiting if row["at"] < now - BACK]
    if old:
        late = INBOUND.c.id.in_(old), INBOUND.c.state == "new"
        await db.execute(update(INBOUND).where(*late).values(state="unmatched"))
    return said


def spellings(provider_id: str) -> set[str]:
    """The same id as a provider may write it: as it is, without zeros in front, hexadecimal or decimal."""
    plain = provider_id.strip().lower()
    bare = plain.lstrip("0") or "0"
    found = {provider_id, plain, bare}
    if bare.isdecimal():
        found |= {f"{int(bare):x}", f"{int(bare):08x}"}
    if all(letter in "0123456789abcdef" for letter in bare) and len(bare) <= 32:
        found.add(str(int(bare, 16)))
    return found | {one.upper() for one in found}


def _receipt(provider: str, one: Receipt, vault: Vault) -> Written:
    digest = vault.digest(one.number) if one.number else None
    same = derived_id(provider, str(one.provider_id), one.fate, one.code, str(one.reference), str(digest))
    return Written(same, "receipt", one.provider_id, one.reference, digest, one.fate, one.code[:80], None, None)


async def _reply(provider: str, one: Reply, vault: Vault, minute: str) -> Written:
    known = vault.digest(one.number) if one.number else None
    same = derived_id(provider, one.id or minute, str(known), vault.digest(one.text), str(one.acknowledges))
    if one.acknowledges:
        return Written(same, "reply", None, None, known, None, None, None, one.acknowledges)
    digest = known or vault.digest(same)
    body = await vault.seal(f"from:{digest}", f"reply:{same}", one.text)
    number = (await vault.seal(body.subject, f"number:{same}", one.number)).model_dump_json() if one.number else None
    return Written(
        same, "reply", None, None, digest, None, meaning(one.text), body.model_dump_json(), None, number
    )  # fmt: skip


async def _match(
    order: Order, provider: str, row: dict[str, Any], carriers: Carriers, db: AsyncConnection, now: datetime
) -> list[Event]:
    found = await _attempt_of(provider, row, db, now)
    if found is None:
        return []
    matched = {"state": "matched", "message_id": found.message_id}
    await db.execute(update(INBOUND).where(INBOUND.c.id == row["id"]).values(matched))
    query = select(MESSAGE).where(MESSAGE.c.id == found.message_id).with_for_update()
    message = (await db.execute(query)).one_or_none()
    one = row_of(message) if message else None
    if row["fate"] == "undelivered":
        return await _undelivered(order, one, found, row, carriers, db, now)
    await _keep(found, row, db, now)
    if one is None:
        return []
    if row["fate"] == "delivered":
        await _reached(one, db, now)
    return await _told(order, one, found, db, now)


async def _attempt_of(provider: str, row: dict[str, Any], db: AsyncConnection, now: datetime) -> Any:
    """Whose receipt this is: by the provider's id, which may be our message's own (a mail's Message-ID), else by our
    reference, else the only open attempt to that number."""
    here = ATTEMPT.c.provider == provider
    if row["provider_id"]:
        by_id = here, ATTEMPT.c.provider_id.in_(sorted(spellings(row["provider_id"])))
        found = (await db.execute(select(ATTEMPT).where(*by_id).limit(1))).first()
        if found is not None:
            return found
        unanswered = ATTEMPT.c.state.in_(OPEN) & ATTEMPT.c.provider_id.is_(None)
        by_message = here, ATTEMPT.c.message_id == row["provider_id"], unanswered
        found = (await db.execute(select(ATTEMPT).where(*by_message).limit(1))).first()
        if found is not None:
            return found
    lately = here & (ATTEMPT.c.claimed_at > now - BACK)
    if row["reference"] is not None:
        by_reference = lately & (ATTEMPT.c.reference == row["reference"])
        if row["digest"]:
            by_reference &= ATTEMPT.c.to_digest.is_(None) | (ATTEMPT.c.to_digest == row["digest"])
        matching = (await db.execute(select(ATTEMPT).where(by_reference).limit(2))).all()
        if len(matching) == 1:
            return matching[0]
    if not row["digest"]:
        return None
    to_her = lately & (ATTEMPT.c.to_digest == row["digest"])
    waiting = to_her & ATTEMPT.c.state.in_(OPEN) & ATTEMPT.c.provider_id.is_(None)
    matching = (await db.execute(select(ATTEMPT).where(waiting).limit(2))).all()
    return matching[0] if len(matching) == 1 else None


async def _keep(found: Any, row: dict[str, Any], db: AsyncConnection, now: datetime) -> None:
    """The attempt as its receipt says. One that was given up as lost, and arrived, is « late »: counted, when another
    arrived, too."""
    becomes = {"delivered": "delivered", "buffered": "accepted"}[row["fate"]]
    if found.state in ("lost", "late"):
        becomes = "late"
    elif found.state == "delivered":
        becomes = "delivered"
    values: dict[str, Any] = {"state": becomes, "provider_id": found.provider_id or row["provider_id"]}
    if found.receipt_at is None:
        values["receipt_at"] = now
    await db.execute(update(ATTEMPT).where(ATTEMPT.c.id == found.id).values(values))


async def _reached(message: MessageRow, db: AsyncConnection, now: datetime) -> None:
    """It is on the phone: the number is alive."""
    mine = MESSAGE.c.id == message.message_id, MESSAGE.c.delivered_at.is_(None)
    await db.execute(update(MESSAGE).where(*mine).values(delivered_at=now))
    if message.to_digest is not None:
        await db.execute(delete(DEAD_NUMBER).where(DEAD_NUMBER.c.digest == message.to_digest))


async def _told(order: Order, message: MessageRow, found: Any, db: AsyncConnection, now: datetime) -> list[Event]:
    """The message is sent, whatever was thought of it; an urgent one that goes on to another channel goes on."""
    onward = message.state == "due" and message.channel != found.channel
    if message.state not in ("claimed", "ambiguous", "due", "failed") or (
        message.state == "claimed" and found.state == "lost"
    ):
        return []
    values: dict[str, Any] = {"sent_at": func.coalesce(MESSAGE.c.sent_at, now), "wait_until": None}
    values |= {} if onward else {"state": "sent", "channel": found.channel, "then": ""}
    await db.execute(update(MESSAGE).where(MESSAGE.c.id == message.message_id).values(values))
    return say_sent(order, [message], now) if message.sent_at is None else []


async def _undelivered(
    order: Order, message: MessageRow | None, found: Any, row: dict[str, Any], carriers: Carriers,
    db: AsyncConnection, now: datetime,
) -> list[Event]:  # fmt: skip
    """It never arrived: the next channel, or it is seen as failed."""
    if found.state in ("delivered", "undelivered"):
        return []
    word = f"undelivered {row['code'] or ''}".strip()
    gone = {"state": "undelivered", "why": word, "receipt_at": now}
    await db.execute(update(ATTEMPT).where(ATTEMPT.c.id == found.id).values(gone))
    if message is None or message.channel != found.channel:
        return []
    if nobody_there(found.channel, word):
        await attempts.mark_dead(db, message, word, now)
    one = Claimed(message, found.id, found.provider, found.reference, found.claimed_at)
    step = rule.refused(word, stand(one, carriers), now)
    return await follow(order, message, step, db, now, from_=("claimed", "ambiguous", "sent"))


async def _acknowledged(inbound_id: str, message_id: str | None, db: AsyncConnection, now: datetime) -> list[Event]:
    """A human has seen it, when the channel knows which message: nothing more is tried."""
    if message_id is None:
        return []
    await db.execute(update(INBOUND).where(INBOUND.c.id == inbound_id).values(state="matched"))
    mine = MESSAGE.c.id == message_id
    seen = {"acknowledged_at": func.coalesce(MESSAGE.c.acknowledged_at, now)}
    await db.execute(update(MESSAGE).where(mine).values(seen))
    onward = mine & MESSAGE.c.state.in_(("due", "ambiguous")) & MESSAGE.c.sent_at.is_not(None)
    await db.execute(update(MESSAGE).where(onward).values(state="sent", then=""))
    return []
