"""Does time that nobody takes go back to the practitioner, as early as she said, once, and is it counted?"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from availability.orders import cancel_slot, set_terms
from availability.unused import Use, give_back, use_of
from schemas.event import Event
from schemas.practitioner import Terms
from schemas.slot import SlotReturned
from tests.availability.room import Availability
from tests.availability.test_terms import agreed
from tests.availability.test_weeks import MORNING, look, open_slots, repeat
from tests.builders import AT_TEN, MONDAY, a_new_slot, an_order, hours, minutes, said

PARIS = ZoneInfo("Europe/Paris")


async def wants_back(room: Availability, before: int | None, who: str = "gp-1") -> None:
    async def act(order: Any, db: Any, now: datetime) -> Any:
        return await set_terms(order, who, Terms(offers=False, give_back=before), db, now, may_widen=True)

    await room.ask(act, an_order())


async def look_back(room: Availability, now: datetime) -> list[Event]:
    found: list[Event] = await room.ask(give_back, an_order(), PARIS, now=now)
    return found


async def test_an_unused_slot_goes_back_as_early_as_was_asked_and_once(room: Availability) -> None:
    await wants_back(room, 60)
    (slot,) = await room.publish()
    assert await look_back(room, AT_TEN - minutes(61)) == []
    closed, returned = await look_back(room, AT_TEN - minutes(60))
    assert isinstance(returned, SlotReturned)
    assert (returned.slot_id, returned.practitioner_id, returned.start, returned.first) == (
        slot.slot_id, "gp-1", AT_TEN, True,
    )  # fmt: skip
    assert closed.state.free == 0  # type: ignore[attr-defined]
    assert await look_back(room, AT_TEN - minutes(59)) == []
    assert (await room.choose("req-1", slot.slot_id))[0].why == "closed"


async def test_whoever_did_not_ask_keeps_it_open(room: Availability) -> None:
    await wants_back(room, 60, who="gp-2")
    await room.publish()
    assert await look_back(room, AT_TEN - minutes(5)) == []


async def test_a_slot_in_which_somebody_has_a_seat_or_holds_one_stays(room: Availability) -> None:
    await wants_back(room, 120)
    booked, held, extra = AT_TEN, AT_TEN + minutes(30), AT_TEN + minutes(60)
    one, two = await room.publish(a_new_slot(booked, 30, capacity=2), a_new_slot(held))
    await room.choose("req-1", one.slot_id)
    await room.hold("req-2", two.slot_id, now=AT_TEN - minutes(90))
    await room.hear(agreed("req-3", extra))
    assert await look_back(room, AT_TEN - minutes(89)) == []
    await room.expire(AT_TEN - minutes(60))
    assert said(await look_back(room, AT_TEN - minutes(60))) == ["SlotClosed", "SlotReturned"]


async def test_only_the_first_of_a_day_is_news(room: Availability) -> None:
    await wants_back(room, 60)
    await room.publish(*(a_new_slot(AT_TEN + hours(n)) for n in (0, 1, 24)))
    found = [await look_back(room, AT_TEN + hours(n) - minutes(60)) for n in (0, 1, 24)]
    assert [one.first for facts in found for one in facts if isinstance(one, SlotReturned)] == [True, False, True]


async def test_what_a_week_opened_and_went_back_is_not_opened_again(room: Availability) -> None:
    await wants_back(room, 60)
    await repeat(room)
    tuesday = MONDAY + hours(24) - minutes(30)
    assert len(await look_back(room, tuesday)) == 4  # nine and half past nine
    assert await look(room, tuesday) == []
    assert (await open_slots(room))[0] == "08 09:00"
    assert MORNING.minutes == 30


async def test_the_use_of_a_month_counts_what_was_offered_and_is_over(room: Availability) -> None:
    await wants_back(room, 60)
    one, two, three = await room.publish(
        a_new_slot(AT_TEN, 30, capacity=2), a_new_slot(AT_TEN + hours(1)), a_new_slot(AT_TEN + hours(2))
    )
    await room.choose("req-1", one.slot_id)
    await look_back(room, AT_TEN)  # the second goes back
    await room.ask(cancel_slot, an_order(), three.slot_id)
    await room.hear(agreed("req-2", AT_TEN + hours(5)))
    async with room.database.read() as db:
        found = await use_of(db, ["gp-1", "gp-2"], MONDAY, MONDAY + hours(24))
    assert found == {"gp-1": Use(offered=3, used=1)}
    assert round(found["gp-1"].unused_share, 2) == 0.67
    assert two.slot_id
