"""Is nothing opened in a time in which a linked agenda says that the practitioner is taken?"""

from datetime import timedelta
from typing import Any

import pytest

from availability import upstream
from availability.orders import could_see, publish_slots, repeat_day
from schemas.offer import OfferAccepted
from schemas.values import Mode
from tests.availability.feeds.conftest import PARIS
from tests.availability.linked import Agenda, at, kinds
from tests.availability.room import Availability
from tests.builders import AT_TEN, MONDAY, a_new_slot, an_order, hours, minutes


async def test_a_busy_time_closes_what_nobody_has_and_spares_the_patients(room: Availability) -> None:
    free, taken, away = await room.publish(
        a_new_slot(AT_TEN, 15), a_new_slot(AT_TEN + hours(1), 30, capacity=2), a_new_slot(AT_TEN + hours(3), 15)
    )
    await room.choose("req-1", taken.slot_id)
    busy = await Agenda(room).link(means="busy")
    followed = await busy.says(at(AT_TEN + minutes(10), 70, "a"))
    assert sorted(kinds(followed)) == ["SlotClosed", "SlotOpened"]
    assert (await room.slot(free.slot_id)).status == "closed"
    assert (await room.slot(away.slot_id)).status == "open"
    kept = await room.slot(taken.slot_id)
    assert (kept.status, len(kept.seats), kept.gone) == ("open", 1, True)
    assert (await busy.row()).left_out == {"booked": 1}
    assert followed.missing == [], "the practitioner knows that she is busy: nobody need call"


async def test_nothing_is_opened_in_a_busy_time_until_it_is_free_again(room: Availability, agenda: Agenda) -> None:
    busy = await Agenda(room, "busy").link(means="busy")
    await busy.says(at(AT_TEN, 60, "a"))
    refused = await room.ask(publish_slots, an_order(), "gp-1", [a_new_slot(AT_TEN + minutes(30))])
    assert refused.code == "busy_elsewhere"
    assert kinds(await agenda.says(at(AT_TEN + minutes(30)), at(AT_TEN + minutes(60)))) == ["SlotOpened"]
    assert (await agenda.row()).left_out == {"busy": 1}
    await busy.says(at(AT_TEN - minutes(60), 60, "a"))
    assert kinds(await agenda.says(at(AT_TEN + minutes(30)), at(AT_TEN + minutes(60)))) == ["SlotOpened"]


async def test_a_day_repeated_leaves_out_what_a_linked_agenda_takes(room: Availability) -> None:
    await room.publish(a_new_slot(AT_TEN), a_new_slot(AT_TEN + hours(1)))
    tuesday = MONDAY + timedelta(days=1)
    busy = await Agenda(room).link(means="busy")
    await busy.says(at(AT_TEN + timedelta(days=1), 30, "a"))
    said = await room.ask(repeat_day, an_order(), "gp-1", 1, PARIS, now=tuesday)
    assert [one.start for one in said] == [AT_TEN + timedelta(days=1, hours=1)]


@pytest.mark.parametrize(("after", "answer"), [(30, "SlotLost"), (60, "SlotBooked")])
async def test_a_yes_to_an_offer_opens_nothing_in_a_busy_time(room: Availability, after: int, answer: str) -> None:
    busy = await Agenda(room).link(means="busy")
    await busy.says(at(AT_TEN, 60, "a"))
    start = AT_TEN + minutes(after)
    async with room.database.read() as db:
        refused = await could_see("gp-1", "req-1", start, 15, None, MONDAY, db, MONDAY)
    assert (refused.code if refused else None) == ("time_taken" if answer == "SlotLost" else None)
    accepted = OfferAccepted.after(
        an_order(), MONDAY, offer_id="offer-1", request_id="req-1", practitioner_id="gp-1", slot_id="extra-1",
        choice=1, start=start, minutes=15, mode=Mode.OFFICE, regulated_at=MONDAY,
    )  # fmt: skip
    assert type((await room.hear(accepted))[-1]).__name__ == answer


async def test_a_seat_held_when_the_time_was_taken_is_its_holders_alone(room: Availability) -> None:
    first, second = await room.publish(
        a_new_slot(AT_TEN, 60, capacity=4), a_new_slot(AT_TEN + hours(1), 60, capacity=4)
    )
    await room.hold("req-1", first.slot_id)
    await room.hold("req-2", second.slot_id)
    await (await Agenda(room).link(means="busy")).says(at(AT_TEN, 120, "a"))
    assert kinds_of(await room.choose("req-3", first.slot_id)) == ["SlotLost"]
    assert kinds_of(await room.choose("req-1", first.slot_id)) == ["SlotBooked"]
    await room.expire(MONDAY + minutes(5))
    assert (await room.slot(second.slot_id)).status == "closed"


async def test_a_seat_taken_while_the_agenda_was_read_is_the_only_one(
    room: Availability, monkeypatch: pytest.MonkeyPatch
) -> None:
    [slot] = await room.publish(a_new_slot(AT_TEN, 60, capacity=4))
    await room.choose("req-1", slot.slot_id)
    agenda = upstream.agenda

    async def before(*about: Any) -> Any:
        return [one._replace(slot=one.slot._replace(seats=())) for one in await agenda(*about)]

    monkeypatch.setattr(upstream, "agenda", before)
    await (await Agenda(room).link(means="busy")).says(at(AT_TEN, 60, "a"))
    assert kinds_of(await room.choose("req-2", slot.slot_id)) == ["SlotLost"]


def kinds_of(facts: list[Any]) -> list[str]:
    return [type(one).__name__ for one in facts]
