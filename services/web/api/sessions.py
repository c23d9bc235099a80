"""How does somebody say who she is? Choosing a demonstration account, and leaving it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.web.bodies import Body, Id
from services.web.problems import Problem
from services.web.session import Account, find_account, house_of, list_accounts, sign_in, sign_out, signed_in

router = APIRouter(tags=["session"])


class Chosen(Body):
    """The account to act as, from `GET /api/accounts`."""

    account: Id


@router.get("/api/accounts")
async def accounts(request: Request, territory: Annotated[str, Query(max_length=60)]) -> list[dict[str, Any]]:
    """Whom one may sign in as in a territory."""
    house = house_of(request)
    if territory not in house.territories:
        raise Problem("unknown_territory")
    return [show_account(one) for one in await list_accounts(house, territory)]


@router.post("/api/session")
async def choose(request: Request, response: Response, chosen: Chosen) -> dict[str, Any]:
    """Sign in as a demonstration account; the answer sets the cookie."""
    house = house_of(request)
    account = await find_account(house, chosen.account)
    if account is None:
        raise Problem("unknown_account")
    await sign_in(house, account, response)
    return show_account(account)


@router.get("/api/session")
async def mine(request: Request) -> dict[str, Any]:
    """Who I am signed in as."""
    return show_account(signed_in(request))


@router.delete("/api/session", status_code=204)
async def leave(request: Request, response: Response) -> None:
    """Sign out. Without a session nothing happens."""
    await sign_out(house_of(request), request, response)


def show_account(account: Account) -> dict[str, Any]:
    """An account as JSON; the operator's territory is `*`, all of them."""
    return {
        "account": account.account,
        "name": account.name,
        "role": account.role,
        "territory": account.territory,
    }
