"""Is nothing opened in a time in which a linked agenda says that the practitioner is taken?"""

from datetime import timedelta

from availability.orders import publish_slots, repeat_day
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
