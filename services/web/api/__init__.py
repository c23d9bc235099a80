"""The HTTP doors as programs use them: JSON in, JSON or problem details out."""

from fastapi import APIRouter

from services.web.api import health, holds, lookups, members, oversight, requests, sessions, slots

routers: tuple[APIRouter, ...] = (
    sessions.router,
    lookups.router,
    members.router,
    holds.router,
    requests.router,
    slots.router,
    oversight.router,
    health.router,
)
