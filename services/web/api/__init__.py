"""The HTTP doors as programs use them: JSON in, JSON or problem details out."""

from fastapi import APIRouter

from services.web.api import (
    aside,
    health,
    holds,
    lookups,
    members,
    oversight,
    people,
    requests,
    sessions,
    slots,
    stream,
)

routers: tuple[APIRouter, ...] = (
    sessions.router,
    lookups.router,
    members.router,
    holds.router,
    requests.router,
    slots.router,
    oversight.router,
    health.router,
    aside.router,
    people.router,
    stream.router,
)
