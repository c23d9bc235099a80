"""How do messages stand, for the one who runs the machines? Queues, providers' health, doubts, segments, cost."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from notifications import traffic
from notifications.outcome import terms_of
from notifications.routing import CALM, health
from services.house import House
from services.mailbox import Mailbox
from services.watch.alarms import clear_alarm, raise_alarm

DAYS = 7
WARNED = 0.8
"""The share of the day's budget at which somebody is told: what can wait stops only at the whole of it."""


async def standing(house: House) -> dict[str, Any]:
    """All of it, as JSON would say it; no number, no text."""
    now = house.clock.now()
    days = traffic.day_begins(now, DAYS)
    async with house.database.read() as db:
        counted = [(day, await traffic.attempts_since(db, day)) for day in days]
        return {
            "queues": [
                {"lane": one.lane, "channel": one.channel, "state": one.state, "messages": one.messages,
                 "oldest": one.oldest.isoformat()}
                for one in await traffic.queues(db)
            ],
            "providers": [await _provider(db, house, name, counted[0][1]) for name in house.channels],
            "ambiguous": [
                {"message_id": one.message_id, "territory": one.territory, "request_id": one.request_id,
                 "kind": one.kind, "lane": one.lane, "since": one.since.isoformat(),
                 "until": one.until.isoformat() if one.until else None}
                for one in await traffic.doubtful(db)
            ],
            "days": _days(house, counted),
            "told_twice": await traffic.told_twice(db, days[-1]),
            "dead_numbers": await traffic.dead_numbers(db),
            "unexplained_receipts": await traffic.unexplained(db),
            "budget": house.settings.sms_budget_a_day,
        }  # fmt: skip


async def watch_budget(mailbox: Mailbox, spent: int, budget: int) -> None:
    """Say in time that the day's segments run out; what is urgent, or answers an act, never stops for it."""
    if spent < WARNED * budget:
        await clear_alarm(mailbox, "sms_budget", "sms")
        return
    words = (
        f"{spent} segments SMS sur {budget} aujourd'hui. Au-delà, les rappels et les envois groupés attendent demain ;"
        " alertes et rendez-vous partent toujours. Relevez RELAIS_SMS_BUDGET_A_DAY si c'est voulu."
    )
    await raise_alarm(mailbox, "sms_budget", "sms", words)


async def _provider(
    db: AsyncConnection, house: House, name: str, today: dict[tuple[str, str], tuple[int, int]]
) -> dict[str, Any]:
    """A provider's day, and its health as its attempts tell it: the same to every process."""
    channel, now = house.channels[name], house.clock.now()
    terms = terms_of(channel)
    found = health(terms.weight, await traffic.troubles(db, name, now - CALM * 12), now)
    return {
        "name": name,
        "channel": channel.way,
        "weight": found.weight,
        "of": terms.weight,
        "open": found.open(now),
        "today": {state: number for (provider, state), (number, _) in today.items() if provider == name},
    }


def _days(house: House, counted: list[tuple[Any, dict[tuple[str, str], tuple[int, int]]]]) -> list[dict[str, Any]]:
    """Segments and euros of each day, today first: what was counted since its beginning, less what came later."""
    rows, later = list[dict[str, Any]](), dict[tuple[str, str], int]()
    for day, found in counted:
        parts = {key: segments - later.get(key, 0) for key, (_, segments) in found.items() if key[1] in traffic.LEFT}
        later = {key: segments for key, (_, segments) in found.items()}
        prices = {name: terms_of(channel).price for name, channel in house.channels.items()}
        euros = sum(number * prices.get(provider, 0.0) for (provider, _), number in parts.items())
        sms = {name for name, channel in house.channels.items() if channel.way == "sms"}
        segments = sum(number for (provider, _), number in parts.items() if provider in sms)
        rows.append({"day": f"{day:%Y-%m-%d}", "segments": segments, "euros": round(euros, 2)})
    return rows
