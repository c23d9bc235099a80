"""What must hold for every request, at whatever door? Host, origin, size, headers; and no fault leaks."""

import logging
import secrets
import traceback
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.web.problems import Problem, as_problem

log = logging.getLogger("relais.web")

LARGEST_BODY = 256 * 1024
LARGEST_FILE = 2 * 1024 * 1024
FILES = frozenset({"/api/feeds/file", "/api/members/import"})
"""Doors that take a file as it is."""
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "manifest-src 'self'",
    )
)

HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with it a browser sends `Origin: null` even to ourselves, and we would refuse it.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
}


class Guards:
    """The outermost layer: refuses what no door should see, and answers for a door that failed."""

    def __init__(self, app: ASGIApp, *, base_url: str, respond: Callable[[Request, Problem], Response]) -> None:
        self._app = app
        self._respond = respond
        own = urlsplit(base_url)
        self._origin = f"{own.scheme}://{own.netloc}"
        self._host = own.hostname or ""
        self._headers = dict(HEADERS)
        if own.scheme == "https":
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        dressed = _Dressed(send, scope["path"], self._headers)
        request = Request(scope, receive)
        try:
            self._refuse_strangers(request)
            if scope["method"] in CHANGING:
                receive = await _whole_body(request.headers, receive, _most(scope["path"]))
            await self._app(scope, receive, dressed)
        except Exception as error:
            if dressed.started:
                raise
            problem = as_problem(error) or _fault(scope, error)
            await self._respond(request, problem)(scope, receive, dressed)

    def _refuse_strangers(self, request: Request) -> None:
        host = request.headers.get("host", "")
        if not self._known_host(_name_in(host)):
            raise Problem("unknown_host")
        if request.method not in CHANGING:
            return
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if site is not None:
            if site not in ("same-origin", "none"):
                raise Problem("foreign_origin")
        elif origin is not None and origin not in (self._origin, f"{request.url.scheme}://{host}"):
            raise Problem("foreign_origin")

    def _known_host(self, name: str) -> bool:
        """Our own name, this machine, or a bare address; another name may point here too (DNS rebinding)."""
        if name in (self._host, "localhost"):
            return True
        try:
            return bool(ip_address(name))
        except ValueError:
            return False


def _name_in(host: str) -> str:
    """The name or address of a Host header, without its port; empty when it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


class _Dressed:
    """`send` with the security headers put on each answer."""

    def __init__(self, send: Send, path: str, headers: dict[str, str]) -> None:
        self._send = send
        self._path = path
        self._security = headers
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in self._security.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", _cache(self._path))
        await self._send(message)


def _cache(path: str) -> str:
    """Pages and answers hold personal data and are kept nowhere; own files are asked again by their ETag."""
    if path.startswith("/static/vendor/"):
        return "public, max-age=86400"
    return "no-cache" if path.startswith("/static/") else "no-store"


def _too_large(most: int) -> Problem:
    return Problem("too_large", about={"most": str(most // 1024)})


def _most(path: str) -> int:
    return LARGEST_FILE if path in FILES else LARGEST_BODY


async def _whole_body(headers: Headers, receive: Receive, most: int) -> Receive:
    """Read the body, small or refused (`too_large`), and hand it on. A chunked one is counted as it comes."""
    announced = headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most:
        raise _too_large(most)
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > most:
            raise _too_large(most)
    handed = False

    async def again() -> Message:
        nonlocal handed
        if handed:
            return await receive()
        handed = True
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return again


def _fault(scope: Scope, error: Exception) -> Problem:
    """A mistake of ours. The log gets the place and a reference, never the text: it may be personal."""
    reference = secrets.token_hex(4)
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    where = " < ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(frames))
    route = getattr(scope.get("route"), "path", "?")
    log.error("fault %s: %s at %s %s (%s)", reference, type(error).__name__, scope["method"], route, where)
    return Problem("fault", about={"reference": reference})
