"""Can an address that somebody typed lead into a private network, hang Relais, or fill its memory?"""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from availability.feeds.source import Unreadable
from services.feeds import outside
from services.feeds.outside import Web, fault_in, public
from tests.elsewhere import Elsewhere, Page, elsewhere

SECRET = "s3cret-token"


@pytest.fixture
async def other() -> AsyncIterator[Elsewhere]:
    async with elsewhere() as server:
        yield server


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.9.9", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:10.0.0.1",
        "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "2001:0:a00:1::", "2001:db8::1",
    ],
)  # fmt: skip
def test_no_private_address_is_public(address: str) -> None:
    assert not public(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "142.250.179.78", "2a00:1450:4007:80d::200e", "::ffff:8.8.8.8"])
def test_a_public_address_is(address: str) -> None:
    assert public(ip_address(address))


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://calendar.example.org/agenda.ics?key=1", None),
        ("https://agenda.example.org:8443/a", None),
        ("http://calendar.example.org/agenda.ics", "not_https"),
        ("file:///etc/passwd", "not_https"),
        ("ftp://example.org/", "not_https"),
        ("https://", "not_an_address"),
        ("https://a b/", "not_an_address"),
        ("https://example.org:99999/", "not_an_address"),
        ("https://[::1/", "not_an_address"),
        ("https://zoe:secret@example.org/", "name_in_address"),
        ("", "not_https"),
    ],
)
def test_what_is_wrong_with_an_address_is_seen_before_anybody_is_asked(url: str, fault: str | None) -> None:
    assert fault_in(url) == fault


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.1", "localhost", "0x7f.1", "[::]"])
async def test_a_private_address_is_not_asked(host: str) -> None:
    with pytest.raises(Unreadable, match=r"forbidden_address|unreachable"):
        await Web().get(f"https://{host}/agenda.ics?{SECRET}", {})


async def test_the_address_that_was_checked_is_the_one_that_is_connected_to(
    other: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: a public address at the first question, this machine at the second."""
    port, asked, connected = int(other.base.rpartition(":")[2]), [], []
    loop = asyncio.get_running_loop()

    async def resolve(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    class Network(httpcore.AsyncMockBackend):
        async def connect_tcp(self, host: str, *rest: Any, **more: Any) -> Any:
            connected.append(host)
            raise httpcore.ConnectError

    monkeypatch.setattr(loop, "getaddrinfo", resolve)
    monkeypatch.setattr(httpcore, "AnyIOBackend", lambda: Network([]))
    with pytest.raises(Unreadable, match="unreachable"):
        await Web().get(f"https://rebinding.example.org:{port}/", {})
    assert (asked, connected) == (["rebinding.example.org"], ["93.184.216.34"])
    with pytest.raises(Unreadable, match="forbidden_address"):
        await Web().get(f"https://rebinding.example.org:{port}/", {})
    assert other.asked == []


async def test_a_redirect_is_followed_where_one_may_go_and_nowhere_else(other: Elsewhere) -> None:
    web = Web(loopback=True)
    other.pages["/good"] = Page(b"fine")
    other.pages["/moved"] = Page(status=302, headers={"location": "/good"})
    assert (await web.get(f"{other.base}/moved", {})).body == b"fine"
    for where in ("https://192.168.0.1/", "https://8.8.8.8/", "http://169.254.169.254/latest/meta-data/"):
        other.pages["/moved"] = Page(status=307, headers={"location": where})
        with pytest.raises(Unreadable, match="forbidden_address"):
            await web.get(f"{other.base}/moved", {})
    other.pages["/moved"] = Page(status=301, headers={"location": "file:///etc/passwd"})
    with pytest.raises(Unreadable, match="not_secure"):
        await web.get(f"{other.base}/moved", {})
    other.pages["/moved"] = Page(status=302, headers={"location": "/moved"})
    with pytest.raises(Unreadable, match="too_many_redirects"):
        await web.get(f"{other.base}/moved", {})


async def test_one_that_says_nothing_is_given_up(other: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "WITHIN", 0.2)
    other.pages["/slow"] = Page(b"late", silent=5)
    with pytest.raises(Unreadable, match="timed_out"):
        await Web(loopback=True).get(f"{other.base}/slow", {})


async def test_one_that_never_ends_is_cut_off(other: Elsewhere) -> None:
    other.pages["/endless"] = Page(b"x" * 65536, endless=True)
    with pytest.raises(Unreadable, match="too_large"):
        await Web(loopback=True).get(f"{other.base}/endless", {})


async def test_what_is_packed_is_not_unpacked(other: Elsewhere) -> None:
    other.pages["/bomb"] = Page(b"\x1f\x8b", headers={"content-encoding": "gzip"})
    with pytest.raises(Unreadable, match="status:406"):
        await Web(loopback=True).get(f"{other.base}/bomb", {})
    assert other.asked[0][1]["accept-encoding"] == "identity"


def own_certificate(folder: Path) -> ssl.SSLContext:
    """A certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    kept = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "pem").write_bytes(pem + key.private_bytes(serialization.Encoding.PEM, *kept))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pem")
    return context


async def test_a_certificate_that_nobody_vouches_for_is_not_believed(tmp_path: Path) -> None:
    async with elsewhere(own_certificate(tmp_path)) as other:
        with pytest.raises(Unreadable, match="not_secure"):
            await Web(loopback=True).get(f"{other.base}/agenda.ics", {})
        assert other.asked == []


async def test_a_secret_in_an_address_is_in_no_log_and_no_error(
    other: Elsewhere, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    other.pages["/agenda.ics"] = Page(b"fine")
    await Web(loopback=True).get(f"{other.base}/agenda.ics?{SECRET}", {})
    with pytest.raises(Unreadable) as refused:
        await Web(loopback=True).get(f"{other.base}/gone-{SECRET}.ics?{SECRET}", {})
    assert SECRET in other.asked[0][0]
    assert SECRET not in caplog.text
    assert SECRET not in f"{refused.value!r} {refused.value.__cause__!r} {refused.value.__context__!r}"
