"""The HTTP doors as programs use them: JSON in, JSON or problem details out."""

from fastapi import APIRouter

from services.web.api import (
    aside,
    asked,
    delegates,
    feeds,
    health,
    holds,
    ledger,
    lookups,
    members,
    offers,
    oversight,
    people,
    requests,
    scarcity,
    sessions,
    slots,
    stream,
    terms,
    weeks,
)

routers: tuple[APIRouter, ...] = (
    sessions.router,
    lookups.router,
    members.router,
    terms.router,
    delegates.router,
    holds.router,
    requests.router,
    slots.router,
    feeds.router,
    weeks.router,
    offers.router,
    asked.router,
    ledger.router,
    oversight.router,
    scarcity.router,
    health.router,
    aside.router,
    people.router,
    stream.router,
)
