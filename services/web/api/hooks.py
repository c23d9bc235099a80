"""What do providers of messages tell us later? Receipts and pressed keys, at a door that only they know how to open."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from services.taking_in import take_in
from services.web.problems import Problem
from services.web.session import house_of

router = APIRouter(tags=["hooks"])

Provider = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,20}$")]


@router.post("/hooks/{provider}", status_code=204)
async def hook(request: Request, provider: Provider) -> Response:
    """A call back of a provider: JSON, or a query. Answered when it is written down; otherwise it is said again."""
    house = house_of(request)
    read = getattr(house.channels.get(provider), "read", None)
    said: dict[str, object] = dict(request.query_params)
    try:
        body = await request.json()
        said |= body if isinstance(body, dict) else {}
    except ValueError:
        pass  # everything may stand in the query
    heard = read(said) if read is not None else None
    if heard is None:
        raise Problem("unknown_hook")
    if heard:
        await take_in(house.mailbox, house.vault, house.clock, house.channels, provider, heard)
    return Response(status_code=204)
