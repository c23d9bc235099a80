"""Where does one begin? The choice of a territory and of a demonstration account."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from availability import store as agendas
from availability.store import PractitionerRow
from schemas.values import Role
from services.web.pages.frame import EVIDENCE, frame, own_page
from services.web.render import page, profession_label
from services.web.session import EVERYWHERE, Account, house_of, staff

router = APIRouter()

FIRST = "tarn-ouest"
GENERALISTS = 2
OFFERED = ("10", "60", "70", "21", "50", "40", "93")
"""Professions of which a practitioner is offered: enough to try, few enough to read."""


@dataclass(frozen=True, slots=True)
class Offered:
    """An account one may take."""

    account: str
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The accounts of one role, with what one does there."""

    label: str
    what: str
    mark: str
    to: str
    accounts: list[Offered]


_ROLES: tuple[tuple[Role, str, str, str], ...] = (
    (Role.REGULATOR, "Régulation", "saisir les demandes au téléphone, suivre le tableau", "phone"),
    (Role.PRACTITIONER, "Praticiens", "ouvrir des créneaux, voir qui vient", "stethoscope"),
    (Role.DELEGATE, "Secrétariat", "la même chose, pour plusieurs praticiens", "users"),
    (Role.COORDINATOR, "Coordination", "les chiffres du jour, les alertes", "activity"),
    (Role.OPERATOR, "Exploitation", "la machine : bus, messages mis de côté", "refresh-cw"),
)


@router.get("/", response_class=HTMLResponse)
async def welcome(request: Request, territory: str = FIRST) -> HTMLResponse:
    """The first page; `territory` an unknown one shows the first."""
    house = house_of(request)
    account: Account | None = request.state.session
    chosen = house.territories.get(territory) or house.territories.get(FIRST) or next(iter(house.territories.values()))
    async with house.database.read() as db:
        practitioners = await agendas.find_practitioners(db, chosen.id, limit=500)
    people = [one for one in staff(house.territories).values() if one.territory in (chosen.id, EVERYWHERE)]
    offered = {role: [Offered(one.account, one.name) for one in people if one.role is role] for role, *_ in _ROLES}
    offered[Role.PRACTITIONER] = _some(practitioners)
    groups = [
        Group(label, what, mark, own_page(role), offered[role]) for role, label, what, mark in _ROLES if offered[role]
    ]
    ordered = sorted(house.territories.values(), key=lambda one: (one.departement != "81", one.departement, one.name))
    return page(
        "welcome.html",
        **frame(request, account),
        territories=ordered,
        chosen=chosen,
        evidence=EVIDENCE,
        groups=groups,
    )


def _some(practitioners: list[PractitionerRow]) -> list[Offered]:
    """A few of each profession, generalists first."""
    chosen = []
    for code in OFFERED:
        same = [one for one in practitioners if one.profession == code]
        chosen += same[: GENERALISTS if code == "10" else 1]
    return [Offered(one.id, one.name, profession_label(one.profession)) for one in chosen]
