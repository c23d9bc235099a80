"""Do my alerts reach me? What Relais has to reach me with, what came of the latest attempts, and a test to send."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from notifications.reach import Reach
from schemas.values import Role
from services import reaching
from services.house import House
from services.reaching import Person
from services.web.pages.frame import frame
from services.web.problems import Problem
from services.web.render import page
from services.web.session import Account, house_of, signed_in
from services.web.words.reaching import OF_OTHERS, STANDINGS, STATES, WAYS, to_do

router = APIRouter()

WORST_FIRST = ("nothing", "lost", "partly", "never")
MOST_SHOWN = 100


@router.get("/alerts", response_class=HTMLResponse)
async def alerts(request: Request, said: str = "") -> HTMLResponse:
    """My own alerts; `said` = a test is under way."""
    house, account = house_of(request), signed_in(request)
    async with house.database.read() as db:
        mine = await own_reach(house, account, db)
    shown = None if mine is None else shown_reach(mine[1])
    values: dict[str, Any] = {"reach": shown, "real": bool(reaching.there(house)), "sent": said == "sent"}
    return page("alerts.html", **frame(request, account), **values)


@router.post("/alerts/test")
async def try_it(
    request: Request, whom: Annotated[str | None, Form(alias="for", max_length=80)] = None
) -> RedirectResponse:
    """Send a test to me, or, for a coordinator, to somebody of the territory, by everything that is kept."""
    house, account = house_of(request), signed_in(request)
    if whom not in (None, account.account) and account.role is not Role.COORDINATOR:
        raise Problem("forbidden")
    async with house.database.read() as db:
        found = await _of(house, account, db, whom or account.account)
    if found is not None:
        person, reach = found
        by = [way for way, standing in reach.ways if standing not in ("none", "gone")]
        await reaching.send_test(house, account.actor(), person, by)
    return RedirectResponse("/roster?said=test" if whom else "/alerts?said=sent", 303)


async def own_reach(house: House, account: Account, db: AsyncConnection) -> tuple[Person, Reach] | None:
    """How this account is reached; None where nothing leaves, or nobody alerts it."""
    return await _of(house, account, db, account.account) if reaching.there(house) else None


async def unreached(house: House, account: Account, db: AsyncConnection) -> dict[str, Any]:
    """Those of the territory an alert would not reach for sure, the worst first, with what to do; and how many it
    would."""
    people = await reaching.on_the_roster(db, account.territory)
    named = {one.id for one in people}
    people += [one for one in await reaching.members(db, account.territory) if one.id not in named]
    found = await reaching.reached(house, db, account.territory, people) if reaching.there(house) else []
    worse = [(one, how) for one, how in found if how.state != "fine"]
    worse.sort(key=lambda one: (WORST_FIRST.index(one[1].state), one[0].recipient != "human", one[0].name))
    lines = [
        {
            "id": one.id, "name": one.name, "on_call": one.recipient == "human", "state": how.state,
            "words": OF_OTHERS[how.state], "look": STATES[how.state][0], "mark": STATES[how.state][1],
            "to_do": to_do(how.state, how.faults), "testable": how.state != "nothing",
            "faults": [f"{WAYS[way]} : {STANDINGS[standing][2]}" for way, standing in how.faults],
        }
        for one, how in worse[:MOST_SHOWN]
    ]  # fmt: skip
    return {"lines": lines, "count": len(worse), "all": len(found)}


def shown_reach(found: Reach) -> dict[str, Any]:
    """The reach in words said to the person."""
    look, mark, words = STATES[found.state]
    rows = [(WAYS[way], *STANDINGS[standing]) for way, standing in found.ways]
    return {"state": found.state, "look": look, "mark": mark, "words": words, "rows": rows,
            "to_do": to_do(found.state, found.faults)}  # fmt: skip


async def _of(house: House, account: Account, db: AsyncConnection, who: str) -> tuple[Person, Reach] | None:
    known = await reaching.person(db, account.territory, who)
    if known is None:
        return None
    return (await reaching.reached(house, db, account.territory, [known]))[0]
