"""The pages, one module for each kind of person, and the page shown when one of them cannot be."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.web.pages import (
    alerts,
    console,
    coordination,
    feeds,
    history,
    members,
    offers,
    operations,
    patient,
    practitioner,
    roster,
    texts,
    welcome,
)
from services.web.pages.frame import frame
from services.web.problems import Problem, describe
from services.web.render import page

routers: list[APIRouter] = [
    welcome.router,
    console.router,
    practitioner.router,
    offers.router,
    history.router,
    patient.router,
    coordination.router,
    feeds.router,
    members.router,
    roster.router,
    alerts.router,
    texts.router,
    operations.router,
]


def problem_page(request: Request, problem: Problem) -> HTMLResponse:
    """The problem as a page that says what to do, with the way home."""
    said = describe(problem, "fr")
    account = getattr(request.state, "session", None)
    return page(
        "notice.html",
        status=problem.status,
        **frame(request, account),
        title=said["title"],
        text=said["detail"],
    )
