"""Does a promise last as many real hours on the days the clocks change, and does no sweep that came late stay away?"""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.life import escalate_at, timers_when_escalated, timers_when_placed, timers_when_seeking
from dispatcher.offers.people import People
from dispatcher.orders import enter_request, set_roster
from dispatcher.views import OnCall
from notifications.wording import Facts, render
from schemas.request import RequestEscalated
from services.clock import Clock
from services.mailbox import Mailbox
from services.reference.communes import load_communes
from services.reference.territories import load_territories
from services.storage.database import Database
from services.ticker import Ticker
from services.web.bodies import Wish
from services.web.entry import need_of
from tests.builders import TARN, a_need, a_patient, an_order, seats_of

PARIS, MIQUELON, REUNION = (ZoneInfo(name) for name in ("Europe/Paris", "America/Miquelon", "Indian/Reunion"))
DAY = timedelta(hours=24)

LATE = timedelta(hours=5, minutes=30)

# Where, when somebody calls (its own hour), and what the patient is told of the same moment 24 real hours later.
CALLS = [
    (PARIS, "2026-03-28T20:00+01:00", "dimanche 29/03 à 21h00"),  # an hour is skipped that night
    (PARIS, "2026-03-29T01:30+01:00", "lundi 30/03 à 2h30"),
    (PARIS, "2026-10-24T20:00+02:00", "dimanche 25/10 à 19h00"),  # an hour comes twice that night
    (PARIS, "2026-10-25T02:30+02:00", "lundi 26/10 à 1h30"),
    (PARIS, "2026-10-25T02:30+01:00", "lundi 26/10 à 2h30"),
    (MIQUELON, "2026-03-07T20:00-03:00", "dimanche 08/03 à 21h00"),  # it changes with North America
    (MIQUELON, "2026-03-28T20:00-02:00", "dimanche 29/03 à 20h00"),
    (REUNION, "2026-03-28T20:00+04:00", "dimanche 29/03 à 20h00"),  # it never changes
    (REUNION, "2026-10-24T20:00+04:00", "dimanche 25/10 à 20h00"),
]


@pytest.mark.parametrize(("zone", "call", "told"), CALLS)
def test_within_24_hours_is_24_real_hours_and_is_told_in_local_time(zone: ZoneInfo, call: str, told: str) -> None:
    now = datetime.fromisoformat(call).astimezone(UTC)
    territory = load_territories()[TARN].model_copy(update={"zone": str(zone)})
    asked, people = Wish(commune="graulhet", hours=24), People()
    need = need_of(asked, now=now, territory=territory, communes=load_communes(), people=people)
    assert need.deadline - now == DAY
    assert need.deadline.utcoffset() == timedelta()
    text = render("escalated", "fr", Facts("CPTS", need.deadline, "https://x", "01"), zone)
    assert told in text


YEAR = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - st wants it


@given(now=YEAR, within=st.integers(1, 14 * 24))
def test_every_timer_is_so_many_real_seconds_away_on_any_day_of_the_year(now: datetime, within: int) -> None:
    """Python adds hours to a local time on its dial: planned there, +24 h would be 25 in one night of October."""
    need = a_need(now=now, within=timedelta(hours=within))
    seek, alert = timers_when_seeking(need, now)
    assert seek.due - now == timedelta(minutes=1)
    assert alert.due == escalate_at(now, need.deadline) < need.deadline
    _, step, overdue = timers_when_escalated(need, now)
    assert (step.due - now, overdue.due - now) == (timedelta(minutes=5), timedelta(hours=within))
    (visit,) = timers_when_placed(now, 20)
    assert visit.due - now == timedelta(hours=2, minutes=20)
    assert {timer.due.utcoffset() for timer in (seek, alert, step, overdue, visit)} == {timedelta()}


# --- a sweep that comes late ------------------------------------------------------------------------------


class Silent:
    """A relay, a sender and a sealer that have nothing to do."""

    async def sweep(self) -> int:
        return 0

    async def settle_lost(self) -> None:
        return


def ticker_on(mailbox: Mailbox, clock: Clock) -> Ticker:
    return Ticker(mailbox, clock, seats_of(), Silent(), Silent(), Silent())  # type: ignore[arg-type]  # nothing else is asked


async def ran_after(scheduler: AsyncIOScheduler, late: timedelta) -> bool:
    """Whether a job that should have run so long ago still runs."""
    ran = asyncio.Event()
    scheduler.add_job(ran.set, "interval", hours=1, id="late", next_run_time=datetime.now(UTC) - late)
    scheduler.start()
    try:
        async with asyncio.timeout(0.5):
            await ran.wait()
    except TimeoutError:
        return False
    finally:
        scheduler.shutdown(wait=False)
    return True


@pytest.mark.parametrize("late", [timedelta(minutes=1), LATE, timedelta(days=3)])
async def test_a_sweep_delayed_by_hours_still_runs(database: Database, late: timedelta) -> None:
    clock = Clock()
    assert await ran_after(ticker_on(Mailbox(database, clock), clock)._scheduler, late)


async def test_with_the_librarys_own_default_it_would_not() -> None:
    assert not await ran_after(AsyncIOScheduler(timezone="UTC"), LATE)


@pytest.mark.parametrize("by", [timedelta(hours=3), timedelta(hours=-3)])
async def test_a_clock_wrong_for_a_moment_leaves_no_sweep_asleep(database: Database, by: timedelta) -> None:
    """It was right again before anybody looked: only the hours it planned are still wrong."""
    clock = Clock()
    ticker = ticker_on(Mailbox(database, clock), clock)
    ran = asyncio.Event()
    ticker.start()
    try:
        ticker._scheduler.add_job(ran.set, "interval", seconds=1, id="watched")
        for job in ticker._scheduler.get_jobs():
            job.modify(next_run_time=datetime.now(UTC) + abs(by))
        if by < timedelta():  # planned in the past, with the scheduler asleep
            with ticker._scheduler._jobstores_lock:
                for job in ticker._scheduler.get_jobs():
                    job._modify(next_run_time=datetime.now(UTC) + by)
        async with asyncio.timeout(10):
            await ran.wait()
    finally:
        ticker.stop()


# --- two machines -----------------------------------------------------------------------------------------


async def test_two_tickers_on_one_database_act_once_on_each_timer(database: Database, database_url: str) -> None:
    second = Database(database_url)
    clocks = [Clock(start=datetime(2026, 1, 5, 8, tzinfo=UTC)) for _ in range(2)]
    boxes = [Mailbox(one, clock) for one, clock in zip((database, second), clocks, strict=True)]
    tasks = [asyncio.create_task(box.run()) for box in boxes]
    said: list[RequestEscalated] = []
    for box in boxes:
        box.on_commit(lambda facts: said.extend(one for one in facts if isinstance(one, RequestEscalated)))
    now = clocks[0].now()
    people = [OnCall("anne", 0, "Anne")]
    await boxes[0].order(an_order(), lambda db, at: set_roster(an_order(), people, db, at))
    names = [f"req-{number}" for number in range(12)]
    for name in names:
        need = a_need(now=now, within=timedelta(minutes=10))  # an alert is due at once
        enter = partial(enter_request, an_order(), name, need, a_patient(name), None)
        await boxes[0].order(an_order(), enter)
    tickers = [ticker_on(box, clock) for box, clock in zip(boxes, clocks, strict=True)]
    try:
        for ticker in tickers:
            ticker.start()
        async with asyncio.timeout(60):
            while len(said) < len(names):  # noqa: ASYNC110 - it happens in two databases
                await asyncio.sleep(0.05)
        await asyncio.sleep(2.5)  # two more looks of each
    finally:
        for ticker in tickers:
            ticker.stop()
        for task in tasks:
            task.cancel()
        await second.close()
    assert sorted(one.request_id for one in said) == sorted(names)
