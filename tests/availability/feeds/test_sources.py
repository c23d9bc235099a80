"""Does every kind of source keep the one promise? One test over each file found in availability/feeds."""

import importlib
import json
import multiprocessing
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from availability import feeds
from availability.feeds.source import Ask, Reading, Source, Unreadable
from schemas.values import Mode
from services.feeds.outside import Web
from tests.availability.feeds.conftest import FILES, PARIS, SAS, calendar
from tests.elsewhere import Elsewhere, Page

FAR = timedelta(days=3)
SAS_DOCTOR, SAS_COLLEAGUE, CPTS_DOCTOR = "810100050075", "810002673899", "810002909371"


def bundle(name: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((SAS / f"Bundle-ExampleBundle{name}.json").read_text("utf-8"))
    return said


def sources() -> list[str]:
    modules = [module.name for module in pkgutil.iter_modules(feeds.__path__)]
    return [name for name in modules if hasattr(importlib.import_module(f"availability.feeds.{name}"), "Source")
            and name != "source"]  # fmt: skip


GOOD = {
    "ical": ("/agenda.ics", (FILES / "google.ics").read_bytes(), "text/calendar", datetime(2026, 1, 6, 6, tzinfo=UTC)),
    "fhir": ("/fhir/Slot", json.dumps(bundle("CPTS1")).encode(), "application/fhir+json",
             datetime(2024, 6, 12, 6, tzinfo=UTC)),
}  # fmt: skip


@pytest.fixture(params=sources())
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    assert name in GOOD, "a new source needs a good answer here"
    return name


@pytest.fixture
def read(kind: str, other: Elsewhere) -> Callable[..., Any]:
    """Read the feed of this kind; `page` is what is answered."""
    path, body, media, since = GOOD[kind]
    source: Source = importlib.import_module(f"availability.feeds.{kind}").Source()

    async def now(page: Page | None = None, **more: Any) -> Reading:
        other.pages[path] = page or Page(body, headers={"content-type": media, "etag": '"v1"'})
        url = f"{other.base}{path.removesuffix('/Slot')}?token=s3cret" if kind == "ical" else f"{other.base}/fhir"
        ask = Ask(url, "open", PARIS, since, since + FAR, "10", CPTS_DOCTOR)
        return await source.read(replace(ask, **more), Web(loopback=True))

    return now


async def test_a_source_is_named_after_its_file(kind: str) -> None:
    assert importlib.import_module(f"availability.feeds.{kind}").Source().name == kind


async def test_times_are_in_utc_in_order_inside_the_period_each_with_a_uid_of_its_own(
    read: Callable[..., Any], kind: str
) -> None:
    reading = await read()
    since = GOOD[kind][3]
    assert reading.times
    assert list(reading.times) == sorted(reading.times, key=lambda time: time.start)
    assert all(since < time.start < since + FAR for time in reading.times)
    assert all(time.start.tzinfo is UTC and time.ends > time.start for time in reading.times)
    assert len({time.uid for time in reading.times}) == len(reading.times)


async def test_the_same_answer_is_read_the_same(read: Callable[..., Any]) -> None:
    assert await read() == await read()


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        (Page(b"<html>Connectez-vous</html>"), "not_"),
        (Page(b""), "not_"),
        (Page(b"\x00\xff" * 100), "not_"),
        (Page(status=401), "status:401"),
        (Page(status=500, body=b"secret"), "status:500"),
        (Page(status=302, headers={"location": "http://192.0.2.1/"}), "forbidden_address"),
        (Page(b"x" * 65536, endless=True), "too_large"),
    ],
)
async def test_whatever_is_wrong_is_unreadable_and_nothing_else(
    read: Callable[..., Any], page: Page, fault: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        await read(page)
    assert str(refused.value).startswith(fault)
    assert "s3cret" not in repr(refused.value)


async def test_nobody_there_is_said(read: Callable[..., Any]) -> None:
    with pytest.raises(Unreadable, match="unreachable"):
        await read(url="http://127.0.0.1:9/agenda.ics")


# --- iCalendar: only what changed -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ical"])
async def test_an_agenda_that_did_not_change_is_not_sent_again(read: Callable[..., Any], other: Elsewhere) -> None:
    first = await read()
    assert (first.etag, first.unchanged) == ('"v1"', False)
    again = await read(etag=first.etag, modified="Mon, 05 Jan 2026 08:00:00 GMT")
    assert (again.unchanged, again.times, again.etag) == (True, (), '"v1"')
    assert other.asked[-1][1]["if-modified-since"] == "Mon, 05 Jan 2026 08:00:00 GMT"


@pytest.mark.parametrize("kind", ["ical"])
async def test_an_agenda_in_which_nothing_that_matters_changed_is_unchanged(read: Callable[..., Any]) -> None:
    """Many servers know no ETag and stamp each event anew at each answer."""
    event = "DTSTART:20260106T100000Z|DURATION:PT15M|SUMMARY:Mme Dupont"
    first = await read(Page(calendar(f"{event}|DTSTAMP:20260105T080000Z")))
    again = await read(Page(calendar(f"{event} rappeler|DTSTAMP:20260105T080500Z")), digest=first.digest)
    assert (len(first.times), again.unchanged, again.digest) == (1, True, first.digest)
    moved = await read(Page(calendar(event.replace("T10", "T11"))), digest=first.digest)
    assert (len(moved.times), moved.unchanged) == (1, False)


@pytest.mark.parametrize("kind", ["ical"])
async def test_the_process_that_reads_is_started_again(read: Callable[..., Any]) -> None:
    await read()
    (beside,) = multiprocessing.active_children()
    beside.kill()
    with pytest.raises(Unreadable, match="fault"):
        await read()
    assert (await read()).times


# --- FHIR: the official examples ------------------------------------------------------------------------


async def slots(other: Elsewhere, name: str, who: str | None, **more: Any) -> Reading:
    other.pages["/fhir/Slot"] = Page(json.dumps(bundle(name)).encode())
    since = datetime(2021, 11, 4, 6, tzinfo=UTC) if name == "PSIndiv" else datetime(2024, 6, 12, 6, tzinfo=UTC)
    ask = Ask(f"{other.base}/fhir/", "open", PARIS, since, since + FAR, "10", who)
    source: Source = importlib.import_module("availability.feeds.fhir").Source()
    return await source.read(replace(ask, **more), Web(loopback=True))


async def test_the_search_is_that_of_the_guide(other: Elsewhere) -> None:
    await slots(other, "CPTS1", CPTS_DOCTOR)
    ((target, headers),) = other.asked
    assert target == (
        "/fhir/Slot?_include=Slot:schedule&_include:iterate=Schedule:actor"
        "&start=ge2024-06-12T08:00:00.000%2B02:00&start=le2024-06-15T08:00:00.000%2B02:00"
        "&schedule.actor:Practitioner.identifier=urn:oid:1.2.250.1.71.4.2.1%7C810002909371&status=free"
    )
    assert headers["accept"].startswith("application/fhir+json")


async def test_one_doctors_slots_with_their_modes_and_no_walk_in(other: Elsewhere) -> None:
    reading = await slots(other, "PSIndiv", SAS_DOCTOR)
    (slot,) = reading.times
    assert (slot.uid, slot.minutes, slot.modes) == ("ExampleSlotPSIndiv1", 30, (Mode.OFFICE, Mode.TELE))
    assert reading.left_out == {"walk_in": 1, "not_theirs": 2}


async def test_a_specialists_slot_is_not_a_general_practitioners(other: Elsewhere) -> None:
    reading = await slots(other, "PSIndiv", SAS_COLLEAGUE)
    assert [(time.uid, time.modes) for time in reading.times] == [("ExampleSlotPSIndiv4", (Mode.HOME,))]
    assert reading.left_out["specialty"] == 1


@pytest.mark.parametrize("who", [None, "810000000000"])
async def test_slots_of_somebody_else_are_never_taken(other: Elsewhere, who: str | None) -> None:
    reading = await slots(other, "CPTS1", who)
    assert (reading.times, reading.left_out) == ((), {"not_theirs": 1})


async def test_a_slot_that_is_no_longer_free_is_none_even_when_the_server_sends_it(other: Elsewhere) -> None:
    def taken(target: str, headers: dict[str, str]) -> Page:
        said = bundle("CPTS1")
        said["entry"][0]["resource"]["status"] = "busy"
        return Page(json.dumps(said).encode())

    other.say = taken
    assert (await slots(other, "CPTS1", CPTS_DOCTOR)).times == ()
    assert len((await slots(other, "CPTS1", CPTS_DOCTOR, means="busy")).times) == 1


def paged(other: Elsewhere, following: Callable[[int], str]) -> None:
    """One slot a page, then what came with them; `following`: the link after page n."""

    def say(target: str, headers: dict[str, str]) -> Page:
        said = bundle("PSIndiv")
        page = int(target.partition("page=")[2] or 0)
        resources = [e for e in said["entry"] if e["resource"]["resourceType"] == "Slot"]
        rest = [e for e in said["entry"] if e["resource"]["resourceType"] != "Slot"]
        said["entry"] = [resources[page]] if page < len(resources) else rest
        if page < len(resources):
            said["link"].append({"relation": "next", "url": following(page)})
        return Page(json.dumps(said).encode())

    other.say = say


@pytest.mark.parametrize("absolute", [True, False])
async def test_every_page_is_read(other: Elsewhere, absolute: bool) -> None:
    paged(other, lambda page: f"{other.base if absolute else ''}/fhir/Slot?page={page + 1}")
    reading = await slots(other, "PSIndiv", SAS_DOCTOR)
    assert [time.uid for time in reading.times] == ["ExampleSlotPSIndiv1"]
    assert len(other.asked) == 5


async def test_a_next_page_on_another_server_is_not_followed(other: Elsewhere) -> None:
    paged(other, lambda page: "http://127.0.0.1:9/fhir/Slot?page=1")
    with pytest.raises(Unreadable, match="elsewhere"):
        await slots(other, "PSIndiv", SAS_DOCTOR)
    assert len(other.asked) == 1


async def test_pages_without_end_are_not_read_without_end(other: Elsewhere) -> None:
    paged(other, lambda page: f"{other.base}/fhir/Slot?again={len(other.asked)}&page=0")
    with pytest.raises(Unreadable, match="too_many"):
        await slots(other, "PSIndiv", SAS_DOCTOR)
    paged(other, lambda page: f"{other.base}/fhir/Slot?page=0")
    with pytest.raises(Unreadable, match="too_many"):
        await slots(other, "PSIndiv", SAS_DOCTOR)


@pytest.mark.parametrize(("code", "left_out"), [("10", {}), ("60", {"profession": 1})])
async def test_a_slot_of_another_profession_is_left_out(other: Elsewhere, code: str, left_out: dict[str, int]) -> None:
    """Somebody with two professions has a role for each."""
    said = bundle("CPTS1")
    system = "https://mos.esante.gouv.fr/NOS/TRE_G15-ProfessionSante/FHIR/TRE-G15-ProfessionSante"
    for entry in said["entry"]:
        if entry["resource"]["resourceType"] == "PractitionerRole":
            entry["resource"]["code"] = [{"coding": [{"system": system, "code": code}]}]
    other.say = lambda target, headers: Page(json.dumps(said).encode())
    reading = await slots(other, "CPTS1", CPTS_DOCTOR)
    assert (len(reading.times), reading.left_out) == (0 if left_out else 1, left_out)


@pytest.mark.parametrize("status", ["busy", "busy-unavailable", "busy-tentative", "entered-in-error", None])
async def test_only_what_is_free_is_open(other: Elsewhere, status: str | None) -> None:
    said = bundle("CPTS1")
    said["entry"][0]["resource"]["status"] = status
    other.say = lambda target, headers: Page(json.dumps(said).encode())
    assert (await slots(other, "CPTS1", CPTS_DOCTOR)).times == ()
