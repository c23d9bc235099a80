"""Who may use which door? Roles × routes in one table; a door that is not in it stays shut."""

from ipaddress import ip_address

from fastapi import Request

from schemas.values import Role
from services.web.problems import Problem
from services.web.session import EVERYWHERE, Account, house_of, read_session

ANYONE = frozenset[Role | None]({None})
SIGNED_IN = frozenset[Role | None]({Role.REGULATOR, Role.PRACTITIONER, Role.DELEGATE, Role.COORDINATOR, Role.OPERATOR})
REGULATION = frozenset[Role | None]({Role.REGULATOR, Role.COORDINATOR})
AGENDA = frozenset[Role | None]({Role.PRACTITIONER, Role.DELEGATE})
PERSONAL = frozenset[Role | None]({Role.PRACTITIONER})
CARE = REGULATION | AGENDA
OVERSIGHT = REGULATION | {Role.OPERATOR}
OPERATION = frozenset[Role | None]({Role.OPERATOR})
STEERING = frozenset[Role | None]({Role.COORDINATOR})

ACCESS: dict[tuple[str, str], frozenset[Role | None]] = {
    # --- pages ---------------------------------------------------------------------------------------------
    ("GET", "/"): ANYONE,
    ("GET", "/console"): REGULATION,
    ("GET", "/console/board"): REGULATION,
    ("GET", "/console/requests/{request_id}"): REGULATION,
    ("GET", "/console/when"): REGULATION,
    ("POST", "/console/known"): REGULATION,
    ("GET", "/me"): AGENDA,
    ("GET", "/me/agenda"): AGENDA,
    ("GET", "/me/when"): AGENDA,
    ("GET", "/me/offline"): ANYONE,
    ("GET", "/me/history"): AGENDA,
    ("GET", "/sw.js"): ANYONE,
    ("POST", "/me/offers/{offer_id}/accept"): AGENDA,
    ("POST", "/me/offers/{offer_id}/decline"): AGENDA,
    ("POST", "/me/terms"): AGENDA,
    ("GET", "/coordination"): STEERING,
    ("GET", "/coordination/figures"): STEERING,
    ("GET", "/members"): STEERING,
    ("GET", "/members/list"): STEERING,
    ("GET", "/roster"): STEERING,
    ("GET", "/texts"): STEERING,
    ("POST", "/texts"): STEERING,
    ("GET", "/alerts"): SIGNED_IN,
    ("POST", "/alerts/test"): SIGNED_IN,
    ("POST", "/roster"): STEERING,
    ("GET", "/operations"): OPERATION,
    ("GET", "/operations/state"): OPERATION,
    ("GET", "/messages"): OVERSIGHT,
    ("GET", "/messages/list"): OVERSIGHT,
    # --- the patient's link: the token is the right --------------------------------------------------------
    ("GET", "/p/{token}"): ANYONE,
    ("GET", "/p/{token}/rendez-vous.ics"): ANYONE,
    ("POST", "/p/{token}/confirm"): ANYONE,
    ("POST", "/p/{token}/cancel"): ANYONE,
    # --- who I am ------------------------------------------------------------------------------------------
    ("GET", "/api/accounts"): ANYONE,
    ("POST", "/api/session"): ANYONE,
    ("GET", "/api/session"): SIGNED_IN,
    ("DELETE", "/api/session"): ANYONE,
    # --- looking things up ---------------------------------------------------------------------------------
    ("GET", "/api/communes"): SIGNED_IN,
    ("GET", "/api/practitioners"): CARE,
    ("POST", "/api/practitioners"): STEERING | OPERATION,
    ("POST", "/api/members/import"): STEERING | OPERATION,
    ("POST", "/api/roster"): STEERING,
    ("GET", "/api/practitioners/{practitioner_id}/terms"): AGENDA | STEERING,
    ("POST", "/api/practitioners/{practitioner_id}/terms"): AGENDA | STEERING,
    ("POST", "/api/practitioners/{practitioner_id}/pause"): AGENDA,
    ("GET", "/api/practitioners/{practitioner_id}/delegates"): AGENDA,
    ("POST", "/api/practitioners/{practitioner_id}/delegates"): PERSONAL,
    ("POST", "/api/proposals"): REGULATION,
    # --- requests ------------------------------------------------------------------------------------------
    ("POST", "/api/holds"): REGULATION,
    ("POST", "/api/holds/release"): REGULATION,
    ("POST", "/api/requests"): REGULATION,
    ("GET", "/api/requests"): REGULATION,
    ("GET", "/api/requests/{request_id}"): CARE,
    ("POST", "/api/requests/{request_id}/withdraw"): REGULATION,
    ("POST", "/api/requests/{request_id}/acknowledge"): REGULATION,
    ("POST", "/api/requests/{request_id}/place"): REGULATION,
    ("POST", "/api/requests/{request_id}/close"): CARE,
    # --- slots ---------------------------------------------------------------------------------------------
    ("POST", "/api/slots"): AGENDA,
    ("POST", "/api/slots/again"): AGENDA,
    ("GET", "/api/slots"): CARE,
    ("POST", "/api/slots/{slot_id}/cancel"): AGENDA,
    ("GET", "/api/practitioners/{practitioner_id}/weeks"): AGENDA,
    ("POST", "/api/practitioners/{practitioner_id}/weeks"): AGENDA,
    ("POST", "/api/weeks/{pattern_id}"): AGENDA,
    ("POST", "/api/weeks/{pattern_id}/end"): AGENDA,
    # --- agendas kept elsewhere ----------------------------------------------------------------------------
    ("GET", "/feeds"): AGENDA | STEERING,
    ("GET", "/feeds/list"): AGENDA | STEERING,
    ("GET", "/api/feeds"): AGENDA | STEERING,
    ("POST", "/api/feeds"): AGENDA,
    ("POST", "/api/feeds/file"): AGENDA,
    ("POST", "/api/feeds/{feed_id}/poll"): AGENDA | STEERING,
    ("POST", "/api/feeds/{feed_id}/remove"): AGENDA | STEERING,
    # --- asking people -------------------------------------------------------------------------------------
    ("GET", "/api/offers"): AGENDA,
    ("POST", "/api/offers/{offer_id}/accept"): AGENDA,
    ("POST", "/api/offers/{offer_id}/decline"): AGENDA,
    ("GET", "/api/requests/{request_id}/asked"): REGULATION,
    ("POST", "/api/requests/{request_id}/agree"): REGULATION,
    ("GET", "/api/ledger"): AGENDA | STEERING,
    ("GET", "/api/use"): AGENDA | STEERING,
    # --- watching ------------------------------------------------------------------------------------------
    ("GET", "/api/events"): SIGNED_IN,
    ("GET", "/api/messages"): OVERSIGHT,
    ("GET", "/api/figures"): OVERSIGHT,
    ("GET", "/api/traffic"): OPERATION,
    ("GET", "/api/scarcity"): REGULATION,
    # --- what providers of messages say: their secret is the right -----------------------------------------
    ("GET", "/hooks/{provider}"): ANYONE,
    ("POST", "/hooks/{provider}"): ANYONE,
    ("GET", "/api/push"): SIGNED_IN,
    ("POST", "/api/push"): SIGNED_IN,
    ("POST", "/push/seen"): ANYONE,
    ("GET", "/api/strangers"): REGULATION,
    ("POST", "/api/strangers/{reply_id}/answered"): REGULATION,
    # --- upkeep --------------------------------------------------------------------------------------------
    ("POST", "/api/people/erase"): STEERING,
    ("POST", "/api/republish"): OPERATION,
    ("GET", "/api/aside"): OPERATION,
    ("GET", "/api/aside/{aside_id}"): OPERATION,
    ("POST", "/api/aside/{aside_id}/replay"): OPERATION,
    ("POST", "/api/aside/{aside_id}/drop"): OPERATION,
    ("GET", "/health"): ANYONE,
    ("GET", "/healthz"): ANYONE,
    ("GET", "/readyz"): ANYONE,
    ("GET", "/metrics"): OPERATION,
    ("GET", "/docs/openapi.json"): ANYONE,
    ("GET", "/docs/asyncapi.json"): ANYONE,
    ("GET", "/docs/asyncapi"): ANYONE,
}


FROM_THIS_MACHINE = frozenset({("GET", "/metrics")})
"""Doors that a program on this machine may use without a session: a scraper signs in nowhere. Figures only, nothing
personal; and not through a proxy, behind which everybody would come from this machine."""


async def admit(request: Request) -> None:
    """Let in whom the table names, and note who it is in `request.state.session`. Runs before every door.

    Raises the problems `signed_out` (nobody is signed in) and `forbidden` (somebody else's door, or no line).
    """
    request.state.session = account = await read_session(house_of(request), request)
    door = (request.method, request.scope["route"].path)
    allowed = ACCESS.get(door, frozenset())
    if None in allowed or (account is not None and account.role in allowed):
        return
    if account is None and door in FROM_THIS_MACHINE and from_this_machine(request):
        return
    raise Problem("forbidden" if account is not None or not allowed else "signed_out")


def from_this_machine(request: Request) -> bool:
    """Whether a program on this machine asks, itself: nothing says that it asks for somebody else."""
    if any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via")):
        return False
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def territories_seen(request: Request, account: Account, asked: str | None) -> list[str]:
    """The territories of which this account may see something, narrowed to the one `asked` for.

    Everybody sees her own; the operator sees all. Raises `unknown_territory` for any other, so that nobody
    learns which ones there are.
    """
    known = house_of(request).territories
    seen = list(known) if account.territory == EVERYWHERE else [account.territory]
    if asked is None:
        return seen
    if asked not in seen:
        raise Problem("unknown_territory")
    return [asked]
