"""What does the coordinator of a CPTS see? Today's figures, the delays, what stayed unmet, the alerts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from dispatcher import scarcity
from dispatcher import store as requests
from dispatcher.matching.eligibility import say_counts
from dispatcher.planning.demand import ENOUGH
from dispatcher.views import Count, Figures, figures
from schemas.scarcity import Scarcity
from services.reference.communes import Communes
from services.web.api.ledger import ledger_for, use_for
from services.web.ledger import Ledger, UseLine
from services.web.pages.console import board_rows
from services.web.pages.frame import EVIDENCE, frame
from services.web.render import page, profession_label
from services.web.saying import NB, say_delay
from services.web.scarcity import say_price, say_shortage, say_unknown, worth_saying
from services.web.session import house_of, signed_in
from services.web.views import Json, name_of

router = APIRouter()

BUCKETS: tuple[tuple[str, float], ...] = (
    (f"<{NB}2{NB}h", 2),
    (f"2–6{NB}h", 6),
    (f"6–12{NB}h", 12),
    (f"12–24{NB}h", 24),
    (f"24–48{NB}h", 48),
    (f">{NB}48{NB}h", float("inf")),
)
"""Hours from the request to the visit: 24 h is the CPTS's clock, 48 h the SAS's."""
PROMISE = 24
WIDTH, HEIGHT, BASE, TOP = 330, 170, 144, 22


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the chart, in the units of its viewBox, and its number for the table beside it."""

    label: str
    count: int
    look: str
    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@router.get("/coordination", response_class=HTMLResponse)
async def coordination(request: Request) -> HTMLResponse:
    """The coordinator's page."""
    account = signed_in(request)
    territory = house_of(request).territories[account.territory]
    values = await _values(request)
    return page("coordination.html", **values, territory=territory, evidence=EVIDENCE[territory.evidence])


@router.get("/coordination/figures", response_class=HTMLResponse)
async def numbers(request: Request) -> HTMLResponse:
    """The part that changes by itself."""
    return page("coordination/figures.html", **await _values(request))


async def _values(request: Request) -> dict[str, Any]:
    account, house = signed_in(request), house_of(request)
    values = frame(request, account)
    now, zone = values["now"], values["zone"]
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    async with house.database.read() as db:
        entered = await requests.entered_between(db, account.territory, midnight, now)
        week = await ledger_for(house, account, db)
        scarce = await scarcity.latest(db, account.territory)
        since, _, used = await use_for(house, account, db)
    today = figures(entered, now)
    rows, _ = await board_rows(house, account, zone)
    bars = delays(today.waits)
    return values | {
        "headline": _headline(today),
        "alerts": [row for row in rows if row.state == "escalated"],
        "bars": bars,
        "chart": {"width": WIDTH, "height": HEIGHT, "base": BASE, "said": _say_chart(today)},
        "unmet": today.unmet,
        "why": say_counts(today.counts) if today.counts else [],
        "tables": _tables(today, house.communes),
        "week": _busy(week),
        "use": {"since": since, "lines": used, "share": _share(used)},
        "scarce": _scarce(scarce, now, zone, house.communes),
    }


def _scarce(found: tuple[datetime, Scarcity] | None, now: datetime, zone: ZoneInfo, communes: Communes) -> Json:
    at, known = found or (now, Scarcity())
    prices = worth_saying(known.prices, now, zone)
    return {
        "at": at,
        "sentences": [say_price(one, zone, now, communes) for one in prices],
        "rows": [say_shortage(one) for one in known.shortages],
        "unknown": say_unknown(known),
        "least": ENOUGH,
    }


def _share(used: list[UseLine]) -> int:
    """Per cent of all the seats offered in which nobody had an appointment."""
    offered = sum(line.offered for line in used)
    return round(100 * (1 - sum(line.used for line in used) / offered)) if offered else 0


def _busy(week: Ledger) -> Ledger:
    """The week of those who were asked or saw somebody: the others have nothing to show."""
    return replace(week, lines=tuple(line for line in week.lines if line.visits or line.offers.asked))


def delays(waits: Iterable[float]) -> list[Bar]:
    """The distribution of the waits (minutes) as bars; none when nobody waited yet."""
    counts = dict.fromkeys((label for label, _ in BUCKETS), 0)
    for wait in waits:
        counts[next(label for label, hours in BUCKETS if wait <= hours * 60)] += 1
    highest = max(counts.values())
    if not highest:
        return []
    step = WIDTH / len(BUCKETS)
    bars = []
    for at, (label, hours) in enumerate(BUCKETS):
        tall = (BASE - TOP) * counts[label] / highest
        look = "kept" if hours <= PROMISE else "beyond"
        bars.append(
            Bar(
                label,
                counts[label],
                look,
                round(at * step + 6, 1),
                round(BASE - tall, 1),
                round(step - 12, 1),
                round(tall, 1),
            )
        )
    return bars


def _say_chart(today: Figures) -> str:
    placed = len(today.waits)
    return f"{today.within_24h} rendez-vous sur {placed} commencent moins de 24{NB}h après la demande."


def _headline(today: Figures) -> list[dict[str, str]]:
    share = _percent(today.in_time, today.asked)
    median = "—" if today.median_wait_minutes is None else say_delay(round(today.median_wait_minutes))
    return [
        _figure(today.asked, "demande reçue", "demandes reçues"),
        _figure(today.in_time, "placée dans son délai", "placées dans leur délai", share),
        {"value": median, "label": "attente médiane", "detail": "de la demande au rendez-vous"},
        _figure(today.open, "en cours", "en cours"),
        _figure(today.escalated, "alerte", "alertes"),
        _figure(today.confirmed, "venue confirmée", "venues confirmées", _missed(today)),
    ]


def _missed(today: Figures) -> str:
    """How many did not come, of the visits that are over."""
    share = _percent(today.no_show, today.came + today.no_show)
    one = "patient non venu" if today.no_show < 2 else "patients non venus"
    return f"{today.no_show} {one}" + (f" ({share})" if today.no_show else "")


def _percent(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)}{NB}%" if whole else ""


def _figure(count: int, one: str, several: str, detail: str = "") -> dict[str, str]:
    return {"value": str(count), "label": one if count < 2 else several, "detail": detail}


def _tables(today: Figures, communes: Any) -> list[dict[str, Any]]:
    return [
        {
            "title": "Par profession",
            "head": "Profession",
            "rows": _rows(today.by_profession, profession_label),
        },
        {
            "title": "Par commune",
            "head": "Commune",
            "rows": _rows(today.by_commune, lambda code: name_of(code, communes)),
        },
    ]


def _rows(counts: Mapping[str, Count], label: Any) -> list[dict[str, Any]]:
    """The most asked first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1].asked, item[0]))
    return [
        {"label": label(key), "asked": one.asked, "in_time": one.in_time, "unmet": one.unmet}
        for key, one in ordered[:30]
    ]
