"""How does Relais ask an address that somebody typed? Over https, with limits, and never in a private network.

Below httpx, on purpose: the address that is connected to is the very one that was checked, so a name that answers
differently the second time (DNS rebinding) gains nothing; and httpx logs whole addresses, which hold secrets here.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from availability.feeds.source import Answer, Unreadable

LARGEST = 4 * 2**20
"""Bytes of one answer: a calendar of some ten thousand events."""
WITHIN = 20.0
"""Seconds for one answer, redirects included."""
WAIT = 10.0
"""Seconds for a connection, and between two parts of an answer."""
MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GOOD = frozenset({200, 304})
_TUNNELS = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))
"""IPv6 addresses that lead to an IPv4 address somewhere: nobody knows which network that is."""

Options = Iterable[tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]] | None


class Forbidden(httpcore.ConnectError):
    """None of the name's addresses is one of the public internet."""


def public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is one of the public internet."""
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        return public(mapped)
    tunnel = any(address.version == net.version and address in net for net in _TUNNELS)
    return address.is_global and not address.is_multicast and not tunnel


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were looked at. `loopback`: to those of this machine too, and to no others."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Options = None,
    ) -> httpcore.AsyncNetworkStream:
        allowed = [one for one in await _addresses(host, port) if self._may(one)]
        if not allowed:
            raise Forbidden("no public address")
        for number, one in enumerate(allowed, 1):
            try:
                return await self._network.connect_tcp(str(one), port, timeout, local_address, socket_options)
            except httpcore.ConnectError:
                if number == len(allowed):
                    raise
        raise AssertionError

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise Forbidden("no sockets of this machine")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def _may(self, address: IPv4Address | IPv6Address) -> bool:
        return address.is_loopback if self._loopback else public(address)


class Web:
    """The public internet over https. `loopback` is for tests: this machine instead, over http too; no setting does
    it. Connections are not kept: feeds are asked minutes apart."""

    def __init__(self, *, loopback: bool = False) -> None:
        self._loopback = loopback
        self._tls: asyncio.Future[ssl.SSLContext] | None = None

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """The answer with status 200 or 304. Raises `Unreadable`, whose text never holds the address."""
        try:
            async with asyncio.timeout(WITHIN):
                return await self._follow(url, headers)
        except (TimeoutError, httpcore.TimeoutException):
            raise Unreadable("timed_out") from None
        except Forbidden:
            raise Unreadable("forbidden_address") from None
        except ssl.SSLError:
            raise Unreadable("not_secure") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, UnicodeError) as broken:
            insecure = isinstance(broken.__cause__, ssl.SSLError) or "CERTIFICATE" in str(broken)
            raise Unreadable("not_secure" if insecure else "unreachable") from None

    async def _follow(self, url: str, headers: Mapping[str, str]) -> Answer:
        for _ in range(MOST_REDIRECTS + 1):
            self._refuse(url)
            answer = await self._ask(url, headers)
            if answer.status in _GOOD:
                return answer
            where = answer.headers.get("location")
            if answer.status not in _REDIRECTS or where is None:
                raise Unreadable("status", answer.status)
            url = urljoin(url, where)
        raise Unreadable("too_many_redirects")

    async def _ask(self, url: str, headers: Mapping[str, str]) -> Answer:
        """One question to one address; the answer is cut off where it becomes too large."""
        sent = {"user-agent": "Relais", "accept-encoding": "identity", "host": _host(url), **headers}
        pauses = dict.fromkeys(("connect", "read", "write", "pool"), WAIT)
        pool = httpcore.AsyncConnectionPool(
            ssl_context=await self._context(),
            network_backend=_Guarded(loopback=self._loopback),
            max_keepalive_connections=0,
        )
        async with (
            pool,
            pool.stream("GET", _plain(url), headers=list(sent.items()), extensions={"timeout": pauses}) as response,
        ):
            said = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            if said.get("content-encoding", "identity") != "identity":  # asked for plain: what grows is not unpacked
                raise Unreadable("status", 406)
            body = bytearray()
            if response.status == 200:
                async for part in response.aiter_stream():
                    body += part
                    if len(body) > LARGEST:
                        raise Unreadable("too_large")
            return Answer(response.status, said, bytes(body))

    def _refuse(self, url: str) -> None:
        if fault_in(url, loopback=self._loopback) is not None:
            raise Unreadable("not_secure")

    async def _context(self) -> ssl.SSLContext:
        """Made once, beside the event loop: reading the authorities takes a tenth of a second."""
        self._tls = self._tls or asyncio.ensure_future(asyncio.to_thread(httpx.create_ssl_context))
        return await asyncio.shield(self._tls)


def fault_in(url: str, *, loopback: bool = False) -> str | None:
    """What is wrong with an address somebody typed, before anybody is asked; None = nothing seen."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "not_an_address"
    if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
        return "not_https"
    if not host or any(sign.isspace() or not sign.isprintable() for sign in url):
        return "not_an_address"
    return "name_in_address" if parts.username or parts.password else None


def _host(url: str) -> str:
    return httpx.URL(url).netloc.decode("ascii")


def _plain(url: str) -> str:
    """The address in ASCII, without its fragment."""
    return str(httpx.URL(url).copy_with(fragment=None))


async def _addresses(host: str, port: int) -> list[IPv4Address | IPv6Address]:
    try:
        return [ip_address(host)]
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as unknown:
        raise httpcore.ConnectError("unknown name") from unknown
    return list(dict.fromkeys(ip_address(str(one[4][0]).partition("%")[0]) for one in found))
