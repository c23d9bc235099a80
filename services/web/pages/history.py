"""What has a practitioner done with Relais? A month's visits with the receipts of their regulation, to print."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from services.web import ledger
from services.web.api.ledger import ledger_of, use_for
from services.web.api.terms import may_see
from services.web.pages.frame import frame
from services.web.render import page
from services.web.session import acts_for, house_of, signed_in

router = APIRouter()

OLDEST = 60
"""Months one may look back."""


@router.get("/me/history", response_class=HTMLResponse)
async def history(
    request: Request,
    whom: Annotated[str | None, Query(alias="for", max_length=80)] = None,
    back: Annotated[int, Query(ge=0, le=OLDEST)] = 0,
) -> HTMLResponse:
    """The month `back` months before this one: figures, and one line for each visit that was regulated."""
    house, account = house_of(request), signed_in(request)
    mine = await acts_for(house, account)
    who = await may_see(house, account, whom or next(iter(mine), ""))
    values = frame(request, account)
    since, until = ledger.month_of(values["now"], values["zone"], back)
    async with house.database.read() as db:
        found = await ledger_of(house, db, [who], since, until)
        _, _, used = await use_for(house, account, db, back)
    return page(
        "me/history.html",
        **values,
        practitioner=who,
        back=back,
        oldest=OLDEST,
        since=since,
        line=found.lines[0],
        receipts=[one for one in found.receipts if _over(one.start, values["now"])],
        use=next((one for one in used if one.practitioner_id == who.id), None),
    )


def _over(start: datetime, now: datetime) -> bool:
    return start <= now
