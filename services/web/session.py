"""Who is at the other end of this connection? Demonstration accounts and their sessions."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, SQLModel
from starlette.requests import Request
from starlette.responses import Response

from availability import store as agendas
from schemas.event import Event, Order
from schemas.territory import Territory
from schemas.values import Actor, Role
from services.house import House
from services.web.problems import Problem

COOKIE = "relais"
LASTS = timedelta(hours=4)
"""OWASP ASVS 5.0, 7.3: a session ends whatever happens. Real hours, whatever a demonstration's speed."""

RECENT = 5.0
"""Seconds for which a session once read is believed without asking the database again: one that another process
ended lives at most that much longer."""

KNOWN_AT_MOST = 10_000

EVERYWHERE = "*"
"""The territory of the operator, who runs the machines of all."""


class WebSession(SQLModel, table=True):
    """Who has signed in. `id` is the hash of what the cookie holds: the table gives nobody a way in."""

    __tablename__ = "web_session"
    id: str = Field(primary_key=True)
    account: str
    name: str
    territory: str
    role: str
    created: datetime = Field(index=True)


_SESSIONS: Any = getattr(WebSession, "__table__")  # noqa: B009 - SQLModel does not type it


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody one may sign in as. All but the practitioners are fictional people of the demonstration."""

    account: str
    name: str
    role: Role
    territory: str

    def actor(self, on_behalf_of: str | None = None) -> Actor:
        """Who acts, for the order and the audit."""
        return Actor(person=self.account, role=self.role, territory=self.territory, on_behalf_of=on_behalf_of)


Recent = dict[str, tuple[Account, datetime, float]]
"""Sessions read a moment ago, by hash: who, since when, when read (monotonic seconds). One for each process."""

# Fictional; two first names that are also family names would read strangely, so initials are kept.
_STAFF = {
    "reg": (Role.REGULATOR, "Camille R., régulation"),
    "coord": (Role.COORDINATOR, "Dominique C., coordination"),
    "sec": (Role.DELEGATE, "Claude S., secrétariat"),
}
OPERATOR = Account("ops", "Alex O., exploitation", Role.OPERATOR, EVERYWHERE)


def house_of(request: Request) -> House:
    """The house this process serves."""
    house: House = request.app.state.house
    return house


def staff(territories: Mapping[str, Territory]) -> dict[str, Account]:
    """The demonstration accounts that are not practitioners, by id."""
    people = {
        f"{prefix}-{territory}": Account(f"{prefix}-{territory}", name, role, territory)
        for territory in territories
        for prefix, (role, name) in _STAFF.items()
    }
    return people | {OPERATOR.account: OPERATOR}


async def find_account(house: House, account: str) -> Account | None:
    """The demonstration account with this id, a practitioner's included; None when there is none."""
    found = staff(house.territories).get(account)
    if found is not None:
        return found
    async with house.database.read() as db:
        row = await agendas.practitioner(db, account)
    return None if row is None else Account(row.id, row.name, Role.PRACTITIONER, row.territory)


async def list_accounts(house: House, territory: str, limit: int = 50) -> list[Account]:
    """Whom one may sign in as in a territory: its staff, the operator, then `limit` practitioners at most."""
    people = [one for one in staff(house.territories).values() if one.territory in (territory, EVERYWHERE)]
    async with house.database.read() as db:
        rows = await agendas.find_practitioners(db, territory, limit=limit)
    return people + [Account(row.id, row.name, Role.PRACTITIONER, row.territory) for row in rows]


async def sign_in(house: House, account: Account, response: Response) -> None:
    """Open a session, committed before the cookie leaves; sessions that are over are swept by the way."""
    secret = secrets.token_urlsafe(32)
    row = {
        "id": _hash(secret),
        "account": account.account,
        "name": account.name,
        "territory": account.territory,
        "role": account.role.value,
    }

    async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
        await db.execute(delete(_SESSIONS).where(_SESSIONS.c.created < now - _lasts(house)))
        await db.execute(insert(_SESSIONS), [row | {"created": now}])
        return []

    await house.mailbox.order(Order(id=row["id"], territory=account.territory, actor=account.actor()), decide)
    secure = house.settings.base_url.startswith("https:")
    response.set_cookie(COOKIE, secret, httponly=True, samesite="strict", secure=secure, path="/")


async def sign_out(house: House, request: Request, response: Response) -> None:
    """End the session, if there is one."""
    secret, account = request.cookies.get(COOKIE), request.state.session
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", path="/")
    if not secret or account is None:
        return

    async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
        await db.execute(delete(_SESSIONS).where(_SESSIONS.c.id == _hash(secret)))
        return []

    order = Order(id=_hash(secret), territory=account.territory, actor=account.actor())
    await house.mailbox.order(order, decide)
    request.app.state.recent.pop(_hash(secret), None)


async def read_session(house: House, request: Request) -> Account | None:
    """Who sent this request, or None: no cookie, a made-up one, or a session that is over."""
    secret = request.cookies.get(COOKIE)
    if not secret:
        return None
    recent: Recent = request.app.state.recent
    known = recent.get(_hash(secret))
    if known is None or monotonic() - known[2] > RECENT:
        known = await _look_up(house, _hash(secret))
        if known is None:
            recent.pop(_hash(secret), None)
            return None
        if len(recent) >= KNOWN_AT_MOST:
            recent.clear()
        recent[_hash(secret)] = known
    account, created, _ = known
    return account if created > house.clock.now() - _lasts(house) else None


async def _look_up(house: House, hashed: str) -> tuple[Account, datetime, float] | None:
    async with house.database.read() as db:
        row = (await db.execute(select(_SESSIONS).where(_SESSIONS.c.id == hashed))).one_or_none()
    if row is None:
        return None
    return Account(row.account, row.name, Role(row.role), row.territory), row.created, monotonic()


def signed_in(request: Request) -> Account:
    """The account of this request. Raises the problem `signed_out` when there is none."""
    account: Account | None = request.state.session
    if account is None:
        raise Problem("signed_out")
    return account


async def acts_for(house: House, account: Account) -> list[str]:
    """The practitioners (ids) whose agenda this account may see and change: its own, or those it serves."""
    if account.role is Role.PRACTITIONER:
        return [account.account]
    if account.role is not Role.DELEGATE:
        return []
    async with house.database.read() as db:
        return await agendas.delegations(db, account.account)


def _lasts(house: House) -> timedelta:
    return LASTS * max(1.0, house.clock.speed)


def _hash(secret: str) -> str:
    # A plain hash is enough for 256 random bits; a slow one is for what people choose.
    return hashlib.sha256(secret.encode()).hexdigest()
