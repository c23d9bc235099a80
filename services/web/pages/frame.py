"""What does every page show around its own matter? Who I am, where I may go, what time it is."""

from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request

import schemas.call
import schemas.feed
import schemas.house
import schemas.message
import schemas.request
import schemas.scarcity
import schemas.slot  # noqa: F401 - these register the subjects
from schemas.event import FACTS
from schemas.values import Role
from services.web.render import PARIS
from services.web.session import Account, house_of

NAV: dict[Role, tuple[tuple[str, str], ...]] = {
    Role.REGULATOR: (("/console", "Console"), ("/messages", "Messages"), ("/alerts", "Mes alertes")),
    Role.COORDINATOR: (
        ("/coordination", "Coordination"),
        ("/console", "Console"),
        ("/members", "Membres"),
        ("/roster", "Liste d’alerte"),
        ("/texts", "Textes"),
        ("/feeds", "Agendas"),
        ("/messages", "Messages"),
    ),
    Role.PRACTITIONER: (("/me", "Créneaux"), ("/feeds", "Agendas"), ("/alerts", "Alertes")),
    Role.DELEGATE: (("/me", "Créneaux"), ("/feeds", "Agendas")),
    Role.OPERATOR: (("/operations", "Exploitation"), ("/messages", "Messages")),
}
"""Where each role may go; the first is its own page."""

EVIDENCE: dict[str, dict[str, str]] = {
    "confirme": {
        "mark": "check",
        "word": "confirmé",
        "sentence": "Périmètre confirmé par les chiffres publiés.",
    },
    "probable": {
        "mark": "circle-help",
        "word": "probable",
        "sentence": "Périmètre probable, déduit de sources publiées.",
    },
    "hypothese": {
        "mark": "triangle-alert",
        "word": "hypothèse",
        "sentence": "Périmètre hypothétique : rien n’est publié qui le confirme.",
    },
}
"""How sure a territory's list of communes is, with an icon and words: never a colour alone."""


def own_page(role: Role) -> str:
    """Where this role begins."""
    return NAV[role][0][0] if role in NAV else "/"


def zone_for(request: Request, account: Account | None) -> ZoneInfo:
    """The time zone of the account's territory; the operator of all of them reads Paris time."""
    territory = house_of(request).territories.get(account.territory) if account else None
    return territory.tz if territory else PARIS


def frame(request: Request, account: Account | None) -> dict[str, Any]:
    """The values `base.html` needs, and `now` and `zone` for the filters."""
    house = house_of(request)
    territory = house.territories.get(account.territory) if account else None
    return {
        "account": account,
        "place": territory.name if territory else "tous les territoires",
        "nav": NAV.get(account.role, ()) if account else (),
        "home": own_page(account.role) if account else "/",
        "here": request.url.path,
        "now": house.clock.now(),
        "speed": house.clock.speed,
        "carried": house.settings.providers is not None,
        "zone": zone_for(request, account),
        "subjects": " ".join(sorted(FACTS)),
    }
