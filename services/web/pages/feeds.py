"""What does a person see of agendas kept elsewhere? Which are linked, how reading them went, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from availability import store as agendas
from availability.upstream import FeedRow
from schemas.values import Role
from services.house import House
from services.web.api.feeds import feeds_of
from services.web.pages.frame import frame
from services.web.pages.weeks import places_of, say_place
from services.web.render import page
from services.web.saying import NB
from services.web.session import acts_for, house_of, signed_in
from services.web.words.feeds import LEFT_OUT, say_fault

router = APIRouter()

KINDS = {"ical": "iCalendar", "file": "fichier iCalendar", "fhir": "FHIR"}
MEANS = {"open": "ses événements sont des créneaux ouverts", "busy": "ses événements sont des temps pris"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A linked agenda with its words: whose it is, how it goes, which events were not used."""

    row: FeedRow
    name: str
    title: str
    means: str
    fault: str | None
    left_out: list[str]


@router.get("/feeds", response_class=HTMLResponse)
async def feeds(request: Request) -> HTMLResponse:
    """The linked agendas, and how to link one."""
    return page("feeds.html", **await _values(request))


@router.get("/feeds/list", response_class=HTMLResponse)
async def feed_list(request: Request) -> HTMLResponse:
    """The part that changes by itself."""
    return page("feeds/list.html", **await _values(request))


async def _values(request: Request) -> dict[str, Any]:
    account, house = signed_in(request), house_of(request)
    rows, mine = await feeds_of(house, account), await acts_for(house, account)
    async with house.database.read() as db:
        people = await agendas.practitioners(db, {*mine, *(row.practitioner_id for row in rows)})
        places = await places_of(db, people[mine[0]], house.communes) if len(mine) == 1 and mine[0] in people else {}
    names = {one.id: one.name for one in people.values()}
    whom = sorted((one for one in people.values() if one.id in mine), key=lambda one: one.name)
    several = account.role is Role.COORDINATOR or len(mine) > 1
    return frame(request, account) | {
        "feeds": [_shown(row, names, house) for row in rows], "whom": whom, "several": several, "places": places
    }  # fmt: skip


def _shown(row: FeedRow, names: Mapping[str, str], house: House) -> Shown:
    where = "" if row.place is None else f", {say_place(row.place, house.communes)}"
    return Shown(
        row=row,
        name=names.get(row.practitioner_id, row.practitioner_id),
        title=row.host or "Fichier envoyé",
        means=f"{KINDS[row.kind]}, {MEANS[row.means]}{where}",
        fault=None if row.error is None else say_fault(row.error),
        left_out=[f"{count}{NB}{LEFT_OUT[why][count > 1]}" for why, count in row.left_out.items() if why in LEFT_OUT],
    )
