"""Does a practitioner see what became of the time she offered, and the coordinator of everybody's?"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.agendas import look
from services.web.ledger import month_of
from tests.web.conftest import SignIn, enter, publish
from tests.web.test_weeks import repeat, starts

PARIS = ZoneInfo("Europe/Paris")


async def test_unused_time_goes_back_with_a_message_and_is_counted(
    anne, regulator, settle, house, sign_in: SignIn
) -> None:
    terms = {"offers": True, "give_back": 60}
    assert (await anne.post("/api/practitioners/dr-anne/terms", json=terms)).json()["give_back"] == 60
    await publish(anne, "10h")
    await publish(anne, "11h", name="second")
    await publish(anne, "11h30", name="third")
    await settle()
    request_id = await enter(regulator)
    await settle()
    assert (await regulator.get(f"/api/requests/{request_id}")).json()["start"] == "2026-11-23T09:00:00+00:00"
    house.clock._start += timedelta(hours=1, minutes=31)  # half past ten
    await look(house)
    await settle()
    assert await starts(anne) == ["2026-11-23T09:00:00+00:00"]
    told = [one["body"] for one in (await regulator.get("/api/messages")).json() if one["kind"] == "slot_returned"]
    assert len(told) == 1
    assert "11h00, ce temps vous est rendu" in told[0]

    house.clock._start += timedelta(hours=2)
    seen = (await anne.get("/api/use")).json()["practitioners"]
    line = {"practitioner_id": "dr-anne", "name": "Anne Martin", "offered": 3, "used": 1, "unused_share": 0.6667}
    assert seen == [line]
    assert (await (await sign_in("coord-tarn-ouest")).get("/api/use")).json()["practitioners"] == [line]
    assert (await (await sign_in("dr-bruno")).get("/api/use")).json()["practitioners"] == []
    assert (await anne.get("/api/use", params={"back": 1})).json()["practitioners"] == []
    html = {"Accept": "text/html"}
    assert "67\u00a0% sans patient" in (await anne.get("/me", headers=html)).text.replace("67 %", "67\u00a0%")
    coordination = await (await sign_in("coord-tarn-ouest")).get("/coordination", headers=html)
    assert "67 % des places offertes" in coordination.text.replace("\u00a0", " ")


async def test_weeks_are_opened_further_by_the_house_itself(anne, house, sign_in: SignIn) -> None:
    await repeat(anne)
    house.clock._start += timedelta(days=7)
    await look(house)
    later = await starts(await sign_in("dr-anne"))  # the session of a week ago is over
    assert len(later) == 12
    assert later[-1].startswith("2026-12-10")


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)), st.integers(0, 40))  # noqa: DTZ001
def test_a_month_follows_the_one_before(naive: datetime, back: int) -> None:
    now = naive.replace(tzinfo=UTC)
    since, until = month_of(now, PARIS, back)
    assert since.day == until.day == 1
    assert month_of(now, PARIS, back + 1)[1] == since
    assert back or since <= now < until
