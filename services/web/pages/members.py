"""Whom does the coordinator count on? The members by name, and a file of them to bring in."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from availability import members
from availability import store as agendas
from services.web.pages.frame import frame
from services.web.render import page
from services.web.session import house_of, signed_in
from services.web.views import name_of

router = APIRouter()

SHOWN = 50


@router.get("/members", response_class=HTMLResponse)
async def show(request: Request, q: Annotated[str, Query(max_length=80)] = "") -> HTMLResponse:
    """The members, and how to bring a file."""
    return page("members.html", **await _values(request, q))


@router.get("/members/list", response_class=HTMLResponse)
async def member_list(request: Request, q: Annotated[str, Query(max_length=80)] = "") -> HTMLResponse:
    """The part that changes by itself."""
    return page("members/list.html", **await _values(request, q))


async def _values(request: Request, words: str) -> dict[str, Any]:
    account, house = signed_in(request), house_of(request)
    async with house.database.read() as db:
        count = await agendas.count_of(db, account.territory)
        rows = await agendas.find_practitioners(db, account.territory, words, limit=SHOWN)
        further = await members.practices(db, [row.id for row in rows])
    shown = [
        {
            "name": row.name,
            "profession": row.profession,
            "places": [name_of(row.commune, house.communes)]
            + [name_of(place.commune, house.communes) for place in further.get(row.id, ())],
            "number": (row.national_id or "")[1:],
        }
        for row in rows
    ]
    return frame(request, account) | {"members": shown, "count": count, "words": words}
