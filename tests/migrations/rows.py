"""Which rows did the code of the first revision write? One for each table, with the columns it knew. Frozen."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

AT = datetime(2026, 1, 5, 8, tzinfo=UTC)
TYPES: dict[type, sa.types.TypeEngine[Any]] = {
    str: sa.String(),
    bool: sa.Boolean(),
    int: sa.Integer(),
    float: sa.Float(),
    bytes: sa.LargeBinary(),
    datetime: sa.DateTime(timezone=True),
}


def rows(key: str, day: int) -> dict[str, dict[str, Any]]:
    """By table; two calls with other arguments collide nowhere."""
    at = AT.replace(day=day)
    return {
        "inbox": {"reader": "dispatcher", "event_id": key, "at": at},
        "outbox": {"id": key, "topic": "care.x.y", "body": b"{}", "recorded_at": at, "published_at": at},
        "receipt": {"order_id": key, "fingerprint": "f", "facts": b"[]"},
        "audit": {
            "event_id": key, "subject": "slot.booked.v1", "territory": "tarn-ouest", "about": key, "slot_id": "s",
            "actor": "{}", "at": at,
        },
        "aside": {
            "id": key, "reader": "web", "topic": "care.x.y", "event_id": key, "body": "{}", "error": "E", "tries": 3,
            "at": at,
        },
        "care_request": {
            "id": key, "territory": "tarn-ouest", "state": "booked", "profession": "gp", "need": "{}", "patient": "{}",
            "deadline": at, "entered_at": at, "entered_by": "reg", "interactive": True, "choice": 1, "pending": "s",
            "unmatched": False, "lost": "[]", "slot_id": "s", "practitioner_id": "gp-1", "start": at, "minutes": 15,
            "mode": "office", "place": "{}", "reasons": "[]", "others": "[]", "counts": "{}", "moved": False,
            "escalated_to": "anne", "rank": 0, "acknowledged_at": at, "closed_at": at,
        },
        "request_timer": {"request_id": key, "wake": "seek", "due": at},
        "known_slot": {"slot_id": key, "version": 1, "state": "open", "details": "{}", "start": at},
        "roster": {"territory": key, "rank": 0, "person": "anne", "name": "Anne", "channel": "console"},
        "practitioner": {
            "id": key, "territory": "tarn-ouest", "name": "N", "profession": "gp", "specialty": "s", "commune": "81038",
            "lat": 43.5, "lon": 1.5, "address": "",
        },
        "delegation": {"delegate_id": key, "practitioner_id": "gp-1"},
        "slot": {
            "id": key, "territory": "tarn-ouest", "practitioner_id": "gp-1", "profession": "gp", "commune": "81038",
            "lat": 43.5, "lon": 1.5, "start": at, "ends": at.replace(hour=9), "minutes": 15, "capacity": 4,
            "modes": "[]", "status": "open", "version": 1,
        },
        "booking": {
            "slot_id": key, "seat": 0, "request_id": key, "kind": "booking", "state": "active", "start": at,
            "minutes": 15, "mode": "office", "expires_at": at, "made_at": at,
        },
        "message": {
            "id": key, "territory": "tarn-ouest", "request_id": key, "kind": "booked", "recipient": "patient",
            "recipient_id": key, "channel": "console", "lane": 1, "state": "due", "body": "{}", "to": "{}",
            "actor": "{}", "due_at": at, "send_after": at, "valid_until": at, "claimed_at": at, "sent_at": at,
            "provider_id": "p", "why": "w",
        },
        "patient_link": {
            "request_id": key, "digest": key, "territory": "tarn-ouest", "slot_id": "s", "told": at, "expires_at": at,
            "ended": False,
        },
        "web_session": {
            "id": key, "account": "ops", "name": "N", "territory": "*", "role": "operator", "created": at,
        },
    }  # fmt: skip


async def write(db: AsyncConnection, key: str, day: int) -> None:
    """What the code of that time would write: it names the columns it knows, and no other."""
    for table, row in rows(key, day).items():
        await db.execute(sa.insert(_table(table, row)), [row])


async def read(db: AsyncConnection) -> dict[str, list[dict[str, Any]]]:
    """What the code of that time would read."""
    found = {}
    for table, row in rows("", 1).items():
        there = _table(table, row)
        order = sa.text(", ".join(f'"{name}"' for name in row))
        found[table] = [dict(one._mapping) for one in await db.execute(sa.select(there).order_by(order))]
    return found


def _table(name: str, row: dict[str, Any]) -> sa.TableClause:
    return sa.table(name, *(sa.column(column, TYPES[type(value)]) for column, value in row.items()))
