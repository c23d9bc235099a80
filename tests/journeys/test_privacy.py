"""Is a patient's name or number anywhere in clear, also when things go wrong?"""

import base64
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

import services.run
from notifications.outcome import Letter, Outcome
from schemas.event import Event
from schemas.request import RequestBooked, RequestEscalated
from services.bus import worker
from services.house import House
from services.settings import Settings
from services.web.app import create_app
from tests.builders import GAILLAC, MONDAY, an_order, each
from tests.invariants import assert_kept
from tests.journeys.town import Town, living

pytestmark = pytest.mark.journey

TYPED = {
    "last_name": "MARQUE-Testard",
    "first_name": "Zéphyrine",
    "phone": "06 39 98 71 53",
    "reason": "douleur au marquoir gauche",
    "note": "parler fort, marquoir fragile",
    "address": "3 impasse du Marquisat",
    "commune": GAILLAC.commune,
}
MARKS = ("marque-", "testard", "zéphyrine", "phyrine", "marquoir", "marquisat")
NUMBERS = ("0639987153", "639987153", "06 39 98 71 53", "6 39 98 71 53", "39 98 71 53", "39987153")
NEEDLES = tuple(text.encode() for text in (*MARKS, *NUMBERS))


def in_base64(text: bytes) -> Iterator[bytes]:
    """What stays the same of a text in base64, wherever in the encoded whole it lies."""
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + text + bytes(3))
        yield whole[-(-shift * 8 // 6) + (shift > 0) : (shift + len(text)) * 8 // 6]


HIDDEN = tuple(core for text in NEEDLES for core in in_base64(text) if len(core) >= 7)


def found_in(data: bytes) -> list[bytes]:
    """The marks that can be read in it, in whatever case."""
    small = data.lower()
    return [one for one in NEEDLES if one in small] + [one for one in HIDDEN if one in data]


class Heard(logging.Handler):
    """Everything that anybody logs, at whatever level, with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def heard() -> Iterator[Heard]:
    root, ears = logging.getLogger(), Heard()
    before = root.level
    root.addHandler(ears)
    root.setLevel(logging.DEBUG)
    yield ears
    root.removeHandler(ears)
    root.setLevel(before)


class Careless:
    """A channel that, against its promise, raises, with everything it knows in the text."""

    name = way = "console"

    async def send(self, letter: Letter) -> Outcome:
        raise RuntimeError(f"{TYPED['last_name']} {letter.to} {letter.text}")


def with_a_mistake(house: House) -> Any:
    """The rooms, with a handler that puts the patient's name and number into the error it raises."""
    rooms = {room: dict(reactions) for room, reactions in honest(house).items()}

    async def mistaken(event: RequestBooked, db: AsyncConnection, now: datetime) -> list[Event]:
        who, where = await house.vault.open(event.patient.name), await house.vault.open(event.patient.phone)
        known: dict[str, list[Event]] = {}
        return known[f"{who} {where}"]

    rooms["notifications"][RequestBooked] = each(mistaken)
    return rooms


honest = services.run.room_reactions


async def call(town: Town, key: str, **changes: Any) -> httpx.Response:
    """A regulator types a request into the console."""
    transport = httpx.ASGITransport(app=create_app(town.house))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8016") as client:
        await client.post("/api/session", json={"account": "reg-tarn-ouest"})
        answer = await client.post("/api/requests", json=TYPED | changes, headers={"Idempotency-Key": key})
        await client.get("/api/requests")
    return answer


def assert_nothing_in_clear(folder: Path, heard: Heard) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"relais.db", "keyring.db", "nats-server.log"} <= names
    everything = {path: path.read_bytes() for path in files}
    assert any(b"request.entered.v1" in data for path, data in everything.items() if "jetstream" in path.parts)
    for path, data in everything.items():
        assert not found_in(data), f"{path.relative_to(folder)} shows {found_in(data)}"
    assert any("request-entered" in line for line in heard.lines)
    for line in heard.lines:
        assert not found_in(line.encode()), "a log line shows what it must not"


async def test_the_whole_corridor_shows_no_name_and_no_number(tmp_path: Path, heard: Heard) -> None:
    async with living(Settings(data_dir=tmp_path / "var")) as town:
        await town.settle_in("gp-1")
        await town.open_slot(capacity=3)
        entered = await call(town, "the-first-call")
        assert entered.status_code == 201, entered.text
        assert (await call(town, "a-slip-of-the-pen", phone="06 39 98 71", commune="0")).status_code == 422
        assert (await call(town, "the-first-call", note="marquoir")).status_code == 422  # another content, same key
        request_id = entered.json()["id"]
        await town.until_state("booked", request_id)
        await town.until_quiet()
        assert await town.told(request_id) == [("booked", "sent")]
        town.house.channels["console"] = Careless()
        await town.withdraw(request_id)
        await town.until_quiet()
        assert ("withdrawn", "ambiguous") in await town.told(request_id)
        await assert_kept(town.house.database, town.js)
        assert_nothing_in_clear(tmp_path / "var", heard)
    assert_nothing_in_clear(tmp_path / "var", heard)


async def test_a_handler_that_fails_with_a_name_on_its_lips_shows_it_to_nobody(
    tmp_path: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.run, "room_reactions", with_a_mistake)
    monkeypatch.setattr(worker, "TRIES", 3)
    async with living(Settings(data_dir=tmp_path / "var")) as town:
        await town.settle_in("gp-1")
        await town.open_slot()
        entered = await call(town, "the-first-call")
        await town.until_state("booked", entered.json()["id"])
        await town.until_quiet()
        [aside] = await town.aside()
        assert aside.reader == "notifications-request-booked-v1"
        assert aside.tries == 3
        assert aside.error.startswith("KeyError")
        assert not found_in(aside.error.encode())
        assert_nothing_in_clear(tmp_path / "var", heard)


async def test_a_message_that_nobody_understands_is_kept_sealed_and_described_without_its_words(
    town: Town, settings: Settings, heard: Heard
) -> None:
    alert: dict[str, Any] = {"person": "claire", "rank": 0, "deadline": MONDAY, "counts": {"full": 1}}
    escalated = RequestEscalated.after(an_order(), MONDAY, request_id="r-1", **alert).model_dump_json()
    assert '"full":1' in escalated
    for body in (
        b'{"request_id": "r-1", "patient": {"name": "Z\xc3\xa9phyrine MARQUE-Testard", "phone": "+33639987153"}}',
        escalated.replace('"full":1', '"Zéphyrine MARQUE-Testard 06 39 98 71 53":"many"').encode(),
        b"MARQUE-Testard 0639987153",
    ):
        await town.js.publish("care.tarn-ouest.request.escalated.v1", body)
        await town.js.publish("care.tarn-ouest.request.entered.v1", body)
    await town.until_quiet()
    aside = await town.aside()
    assert len(aside) == 6
    assert not [row.error for row in aside if found_in(row.error.encode())]
    for path in settings.data_dir.rglob("*"):  # the stream has what an outsider put there; the house keeps it sealed
        assert not path.is_file() or not found_in(path.read_bytes()), path.name
    assert not [line for line in heard.lines if found_in(line.encode())]


@pytest.mark.parametrize("text", [TYPED["last_name"], "appelez le 06 39 98 71 53", "Zéphyrine est là"])
def test_the_search_finds_a_mark_in_clear_and_in_base64(text: str) -> None:
    assert found_in(text.encode())
    for shift in range(3):
        assert found_in(base64.b64encode(b"x" * shift + text.lower().encode() + b" and more"))
