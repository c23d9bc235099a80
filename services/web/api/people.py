"""How is a person forgotten who asks for it? By the coordinator, by request or by number, in the own territory."""

from fastapi import APIRouter, Request
from pydantic import model_validator

from dispatcher import store
from schemas.values import Refused
from services.erasure import erase, erase_stranger, phone_digest
from services.web.api.lookups import own_territory
from services.web.bodies import Body, Id, Line
from services.web.entry import phone_of
from services.web.problems import Mistake, Problem, refusal
from services.web.session import house_of, signed_in
from services.web.views import Json

router = APIRouter(tags=["people"])


class Forgetting(Body):
    """One request, or all that were entered with a number. `withdraw`: open ones are withdrawn first."""

    request_id: Id | None = None
    phone: Line | None = None
    withdraw: bool = False

    @model_validator(mode="after")
    def _one_of_them(self) -> "Forgetting":
        if (self.request_id is None) == (self.phone is None):
            raise Problem("invalid", mistakes=[Mistake("request_id", "missing")])
        return self


@router.post("/api/people/erase")
async def forget(request: Request, whom: Forgetting) -> Json:
    """Make what was sealed unreadable, for ever, in every copy: the requests, and what the number wrote as a stranger.
    Answers the requests concerned."""
    house, account = house_of(request), signed_in(request)
    territory = own_territory(house, account)
    number = ""
    async with house.database.read() as db:
        if whom.phone is not None:
            number = phone_of(whom.phone, territory=territory, demonstration=house.settings.demonstration)
            rows = await store.with_phone(db, territory.id, phone_digest(house, number))
        else:
            found = await store.request(db, whom.request_id or "")
            rows = [found] if found is not None and found.territory == territory.id else []
    said = await erase(house, [row.request_id for row in rows], account.actor(), withdraw=whom.withdraw)
    if isinstance(said, Refused):
        raise refusal(said)
    if number:
        said += await erase_stranger(house, number, account.actor())
    if not rows and not said:
        raise Problem("nobody_to_erase")
    return {"erased": [row.request_id for row in rows], "facts": [fact.subject for fact in said]}
