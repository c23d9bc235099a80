"""Which agendas kept elsewhere do a practitioner's slots follow? Link one, send a file, ask again, unlink."""

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from availability import following, upstream
from availability import store as agendas
from availability.agenda import AHEAD_AT_MOST, Practice
from availability.feeds.ical import read_file
from availability.feeds.source import Ask, Reading, Unreadable
from availability.store import PractitionerRow
from availability.upstream import FeedRow, NewFeed
from schemas.event import Event
from schemas.feed import FeedMeans
from schemas.values import Actor, Mode, Role
from services.feeds.outside import fault_in
from services.feeds.polling import take_in
from services.house import House
from services.ids import new_id, once
from services.web.api.lookups import place_of
from services.web.api.members import own_key
from services.web.bodies import Body, Id, Line, Modes, PlaceKey
from services.web.orders import carry_out
from services.web.problems import Mistake, Problem
from services.web.session import Account, acts_for, house_of, signed_in
from services.web.views import Json, show_moment
from services.web.words.feeds import say_fault

router = APIRouter(tags=["feeds"])

RPPS, ADELI = 11, 9

Visit = Annotated[int, Field(ge=5, le=480)]
_A_FILE = {"requestBody": {"required": True, "content": {"text/calendar": {"schema": {"type": "string"}}}}}


class Link(Body):
    """An agenda to link. `means`: each event is an "open" slot, or a "busy" time in which none is. `visit_minutes`: how
    long a visit takes (left out: an event is for one patient). `national_id`: RPPS or ADELI, for a FHIR server.
    `place`: the key of a further place of practice, where its slots are."""

    practitioner_id: Id | None = None
    kind: Literal["ical", "fhir"] = "ical"
    means: FeedMeans = "open"
    url: Annotated[Line, Field(max_length=2000)]
    modes: Modes = (Mode.OFFICE,)
    visit_minutes: Visit | None = None
    place: PlaceKey | None = None
    national_id: Annotated[Line, Field(max_length=14)] | None = None


@router.get("/api/feeds")
async def look(request: Request) -> list[Json]:
    """The linked agendas of those one acts for; of the territory for who coordinates it. Never an address."""
    house, account = house_of(request), signed_in(request)
    return [show_feed(one) for one in await feeds_of(house, account)]


@router.post("/api/feeds", status_code=201)
async def link(request: Request, body: Link) -> Json:
    """Link an agenda behind an https address. It is read within seconds, then every five minutes. The same address
    again, with the same meaning, is the same link."""
    house, account = house_of(request), signed_in(request)
    who = await _for_whom(house, account, body.practitioner_id)
    url = "https://" + body.url.removeprefix("webcal://") if body.url.startswith("webcal://") else body.url
    fault, number = fault_in(url), _national(body.national_id)
    mistakes = [Mistake("url", fault)] if fault else []
    if body.kind == "fhir" and number is None:
        mistakes.append(Mistake("national_id", "needs_number"))
    if mistakes:
        raise Problem("invalid", mistakes=mistakes)
    known = await _linked(house, who.id, body.kind, body.means, url)
    if known is not None:
        return show_feed(known)
    feed = NewFeed(
        id=new_id(house.clock.now()),
        practitioner_id=who.id,
        kind=body.kind,
        means=body.means,
        host=urlsplit(url).hostname or "",
        url=await house.vault.seal(own_key(who.id), "feed", url),
        national_id=number,
        modes=tuple(dict.fromkeys(body.modes)),
        visit_minutes=body.visit_minutes,
        place=await _place(house, who.id, body.place),
    )
    await _link(house, account, feed)
    return show_feed(await _known(house, feed.id))


@router.post("/api/feeds/file", status_code=201, openapi_extra=_A_FILE)
async def send(
    request: Request,
    practitioner_id: Id | None = None,
    means: FeedMeans = "open",
    modes: Annotated[str, Query(max_length=60)] = "office",
    visit_minutes: Annotated[int | None, Query(ge=5, le=480)] = None,
    place: PlaceKey | None = None,
) -> Json:
    """Take in an iCalendar file, the body as it is, for the next 90 days. The next one of the same meaning takes its
    place."""
    house, account = house_of(request), signed_in(request)
    who = await _for_whom(house, account, practitioner_id)
    now, how, where = house.clock.now(), _modes(modes), await _place(house, who.id, place)
    reading = await _reading(await request.body(), means, who, now)
    async with house.database.read() as db:
        linked = await upstream.feeds(db, [who.id])
    feed_id = next((one.id for one in linked if (one.kind, one.means) == ("file", means)), None)
    if feed_id is None:
        feed = NewFeed(
            id=new_id(now), practitioner_id=who.id, kind="file", means=means, modes=how, visit_minutes=visit_minutes,
            place=where,
        )  # fmt: skip
        await _link(house, account, feed)
        feed_id = feed.id
    else:
        there = where and where.model_dump_json()
        await _note(house, account, feed_id, modes=",".join(how), visit_minutes=visit_minutes, place=there)
    await take_in(house, feed_id, reading)
    return show_feed(await _known(house, feed_id))


@router.post("/api/feeds/{feed_id}/poll", status_code=202)
async def poll(request: Request, feed_id: Id) -> Json:
    """Have it read within seconds, whole."""
    house, account = house_of(request), signed_in(request)
    row = await mine(house, account, feed_id)
    if row.url is None:
        raise Problem("feed_not_asked")
    await _note(house, account, feed_id, due_at=house.clock.now(), read_at=None)
    return show_feed(await _known(house, feed_id))


@router.post("/api/feeds/{feed_id}/remove")
async def unlink(request: Request, feed_id: Id) -> Json:
    """Unlink it: its free slots are closed, patients keep their seats, its address is forgotten."""
    house, account = house_of(request), signed_in(request)
    row = await mine(house, account, feed_id)
    order = once(_actor(account, row.practitioner_id))
    await carry_out(house, order, lambda db, now: following.unlink(order, feed_id, db, now))
    return {"id": feed_id}


async def feeds_of(house: House, account: Account) -> list[FeedRow]:
    """The linked agendas this account may see."""
    everybody = account.role is Role.COORDINATOR
    people = None if everybody else await acts_for(house, account)
    async with house.database.read() as db:
        return await upstream.feeds(db, people, account.territory)


async def mine(house: House, account: Account, feed_id: str) -> FeedRow:
    """The linked agenda, if this account may see it. Raises the problem `unknown_feed`."""
    found = next((one for one in await feeds_of(house, account) if one.id == feed_id), None)
    if found is None:
        raise Problem("unknown_feed")
    return found


def show_feed(row: FeedRow) -> Json:
    """A linked agenda as JSON, without its address; moments in UTC."""
    kept = {"id", "practitioner_id", "kind", "means", "host", "modes", "visit_minutes", "failures", "times", "left_out"}
    return row.model_dump(mode="json", include=kept) | {
        "place": row.place and row.place.key,
        "tried_at": show_moment(row.tried_at),
        "succeeded_at": show_moment(row.succeeded_at),
        "due_at": show_moment(row.due_at),
        "error": row.error,
        "what_to_do": None if row.error is None else say_fault(row.error),
    }


async def _place(house: House, practitioner_id: str, key: str | None) -> Practice | None:
    async with house.database.read() as db:
        return await place_of(db, practitioner_id, key)


async def _linked(house: House, practitioner_id: str, kind: str, means: str, url: str) -> FeedRow | None:
    """The practitioner's feed with this very address and meaning."""
    async with house.database.read() as db:
        rows = [one for one in await upstream.feeds(db, [practitioner_id]) if (one.kind, one.means) == (kind, means)]
    urls = await house.vault.open_many([row.url for row in rows])
    return next((row for row, known in zip(rows, urls, strict=True) if known == url), None)


async def _link(house: House, account: Account, feed: NewFeed) -> None:
    order = once(_actor(account, feed.practitioner_id))
    await carry_out(house, order, lambda db, now: following.link(order, feed, db, now))


async def _note(house: House, account: Account, feed_id: str, **said: Any) -> None:
    async def decide(db: AsyncConnection, now: datetime) -> list[Event]:
        await upstream.note(db, feed_id, **said)
        return []

    await carry_out(house, once(account.actor()), decide)


async def _reading(content: bytes, means: FeedMeans, who: PractitionerRow, now: datetime) -> Reading:
    ask = Ask("", means, ZoneInfo(who.zone or "Europe/Paris"), now, now + AHEAD_AT_MOST)
    try:
        return await read_file(content, ask)
    except Unreadable as why:
        raise Problem("invalid", mistakes=[Mistake("file", str(why))]) from None


async def _for_whom(house: House, account: Account, asked: str | None) -> PractitionerRow:
    """The practitioner asked for, or the only one there is. Raises `which_practitioner` or `unknown_practitioner`."""
    people = await acts_for(house, account)
    if asked is None and len(people) > 1:
        raise Problem("which_practitioner")
    wanted = asked or next(iter(people), "")
    async with house.database.read() as db:
        row = await agendas.practitioner(db, wanted) if wanted in people else None
    if row is None:
        raise Problem("unknown_practitioner")
    return row


async def _known(house: House, feed_id: str) -> FeedRow:
    async with house.database.read() as db:
        row = await upstream.feed(db, feed_id)
    if row is None:
        raise Problem("unknown_feed")
    return row


def _actor(account: Account, practitioner_id: str) -> Actor:
    return account.actor(practitioner_id if account.role is Role.DELEGATE else None)


def _modes(text: str) -> tuple[Mode, ...]:
    try:
        return tuple(dict.fromkeys(Mode(one) for one in text.split(",")))
    except ValueError:
        raise Problem("invalid", mistakes=[Mistake("modes", "many_modes")]) from None


def _national(text: str | None) -> str | None:
    """The identifier as directories write it: 8 + RPPS, 0 + ADELI; None when it is neither."""
    digits = (text or "").replace(" ", "")
    if not digits.isascii() or not digits.isdigit():
        return None
    return {RPPS: f"8{digits}", ADELI: f"0{digits}", RPPS + 1: digits, ADELI + 1: digits}.get(len(digits))
