"""What does the web consist of? One application over one house: guards, doors, pages, files."""

from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response

from schemas.values import NotYet
from services.house import House
from services.mailbox import KeyReused
from services.web import api, documents, events, patient
from services.web.access import admit
from services.web.guards import Guards
from services.web.pages import problem_page
from services.web.pages import routers as pages
from services.web.problems import MEDIA_TYPE, Problem, answer, as_problem

STATIC = Path(__file__).parent / "static"

_PROBLEM = {
    "description": "Refused: problem details (RFC 9457), in French or English, saying what to do",
    "content": {
        MEDIA_TYPE: {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": {"type": "string", "examples": ["urn:relais:problem:slot_taken"]},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "errors": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["field", "detail"],
                            "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
                        },
                    },
                },
            }
        }
    },
}


def create_app(house: House) -> FastAPI:
    """The web over this house. It starts nothing: the house runs before it and is closed after it."""
    app = doors()
    app.state.house = house
    app.state.misses = patient.Misses()
    app.state.recent = {}
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)  # never the event stream
    app.add_middleware(Guards, base_url=house.settings.base_url, respond=respond)
    return app


def doors() -> FastAPI:
    """Every door, with nobody behind it yet: enough to describe them (`doors().openapi()`)."""
    app = FastAPI(
        title="Relais",
        version=documents.VERSION,
        description="Dispatch of unscheduled care in a community of health professionals (CPTS).",
        license_info={"name": "Apache-2.0"},
        openapi_url="/docs/openapi.json",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(admit)],
        responses={422: _PROBLEM, "4XX": _PROBLEM},
    )
    for router in ROUTERS:
        app.include_router(router, include_in_schema=router not in SILENT)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for known in (Problem, RequestValidationError, HTTPException, KeyReused, NotYet):
        app.add_exception_handler(known, _refuse)
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    return respond(request, as_problem(error) or Problem("refused"))


def respond(request: Request, problem: Problem) -> Response:
    """The problem: a page for somebody who opened one, problem details for a program or a script.

    Who only opened a page without being signed in is led to where one signs in.
    """
    headers = request.headers
    if "text/html" not in headers.get("accept", "") or "hx-request" in headers or _for_programs(request.url.path):
        return answer(request, problem)
    if request.method == "GET" and problem.code == "signed_out":
        return RedirectResponse("/", 303)
    try:
        return problem_page(request, problem)
    except Exception:  # the page of the fault has the fault: say it plainly
        return answer(request, problem)


def _for_programs(path: str) -> bool:
    return path.startswith(("/api/", "/static/", "/docs/", "/health", "/readyz", "/metrics", "/hooks/", "/push/"))


_documents = APIRouter(prefix="/docs")


@_documents.get("/asyncapi.json")
async def asyncapi_json() -> JSONResponse:
    """The AsyncAPI document."""
    return JSONResponse(documents.asyncapi())


@_documents.get("/asyncapi")
async def asyncapi_page() -> HTMLResponse:
    """The AsyncAPI document as a page."""
    return HTMLResponse(documents.asyncapi_page())


SILENT: tuple[APIRouter, ...] = (*pages, _documents)
"""What people look at: not in the OpenAPI document."""

ROUTERS: tuple[APIRouter, ...] = (*api.routers, events.router, patient.router, *SILENT)
"""Every door of the web; each has a line in services/web/access.py."""
