"""Do a practitioner's slots follow an agenda kept elsewhere, and does nobody who has a seat lose it?"""

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from availability.booking import HOLD_FOR
from availability.following import AT_THE_LATEST, EVERY, MOST_FEEDS, failed, unlink
from availability.orders import cancel_slot, hold_seat, register_practitioners, set_terms
from schemas.feed import FeedAdded, FeedRemoved
from schemas.practitioner import Terms
from schemas.slot import HoldReleased, SeatFreed, SlotBooked, SlotClosed, SlotLost, SlotOpened
from schemas.values import Mode, Refused
from tests.availability.linked import Agenda, at, kinds
from tests.availability.room import Availability, withdrawal_of
from tests.builders import AT_TEN, MONDAY, a_new_slot, a_practitioner, an_order, hours, minutes


async def test_linking_is_said_without_the_address(agenda: Agenda) -> None:
    (added,) = agenda.said
    assert (type(added), added.feed_id, added.kind, added.means) == (FeedAdded, "feed-1", "ical", "open")


async def test_nobody_links_an_agenda_of_somebody_unknown_or_too_many(room: Availability, agenda: Agenda) -> None:
    assert (await Agenda(room, "x").link(practitioner_id="nobody")).said == Refused(code="unknown_practitioner")
    for number in range(MOST_FEEDS - 1):
        await Agenda(room, f"more-{number}").link()
    assert (await Agenda(room, "one-more").link()).said.code == "too_many_feeds"


async def test_its_times_are_opened_once(agenda: Agenda) -> None:
    followed = await agenda.says(at(), at(AT_TEN + hours(1)))
    assert kinds(followed) == ["SlotOpened", "SlotOpened"]
    assert kinds(await agenda.says(at(), at(AT_TEN + hours(1)))) == []
    assert set(await agenda.open()) == {"at-1000", "at-1100"}


async def test_a_long_time_is_for_as_many_as_find_room_when_a_visit_has_a_length(room: Availability) -> None:
    long = await Agenda(room).link(visit_minutes=15, modes=(Mode.OFFICE, Mode.HOME))
    (opened,) = (await long.says(at(lasts=125))).said
    assert isinstance(opened, SlotOpened)
    assert (opened.capacity, opened.minutes, opened.modes) == (8, 125, (Mode.OFFICE, Mode.HOME))


async def test_a_specialists_time_is_not_for_the_ordinary_practice(room: Availability) -> None:
    await room.ask(register_practitioners, an_order(), [a_practitioner("gp-3", specialty="SM04")])
    theirs = await Agenda(room).link(practitioner_id="gp-3")
    (opened,) = (await theirs.says(at())).said
    assert isinstance(opened, SlotOpened)
    assert opened.specialty == "SM04"


async def test_what_vanished_is_closed_and_what_moved_moves(agenda: Agenda) -> None:
    await agenda.says(at(uid="a"), at(AT_TEN + hours(1), uid="b"))
    followed = await agenda.says(at(AT_TEN + minutes(5), uid="a"))
    assert sorted(kinds(followed)) == ["SlotClosed", "SlotClosed", "SlotOpened"]
    ((uid, slot),) = (await agenda.open()).items()
    assert (uid, slot.start) == ("a", AT_TEN + minutes(5))


async def test_what_comes_back_is_opened_again(agenda: Agenda) -> None:
    (first,) = (await agenda.says(at())).said
    await agenda.says()
    (again,) = (await agenda.says(at())).said
    assert isinstance(first, SlotOpened)
    assert isinstance(again, SlotOpened)
    assert again.slot_id != first.slot_id


async def test_a_slot_with_a_patient_stays_when_it_vanished_and_gives_no_more_seats(
    room: Availability, agenda: Agenda
) -> None:
    (opened,) = (await agenda.says(at(lasts=30), now=MONDAY)).said
    assert isinstance(opened, SlotOpened)
    two = await Agenda(room, "two").link(visit_minutes=15)
    (wide,) = (await two.says(at(AT_TEN + hours(2), lasts=30))).said
    assert isinstance(wide, SlotOpened)
    assert isinstance((await room.choose("req-1", wide.slot_id))[0], SlotBooked)

    followed = await two.says()
    (said,) = followed.said
    assert isinstance(said, SlotOpened)
    assert (said.state.free, said.state.version > wide.state.version) == (0, True)
    assert [slot.slot_id for slot in followed.missing] == [wide.slot_id]
    assert (await room.slot(wide.slot_id)).status == "open"
    (lost,) = await room.choose("req-2", wide.slot_id)
    assert isinstance(lost, SlotLost)
    again = await two.says()
    assert (again.said, again.missing) == ([], []), "a person is told once"

    (freed,) = await room.hear(withdrawal_of("req-1", wide.slot_id))
    assert isinstance(freed, SeatFreed)
    assert freed.state.free == 0
    assert (await room.slot(wide.slot_id)).status == "closed"


async def test_one_that_is_back_gives_seats_again(room: Availability) -> None:
    two = await Agenda(room).link(visit_minutes=15)
    (wide,) = (await two.says(at(lasts=30))).said
    assert isinstance(wide, SlotOpened)
    await room.choose("req-1", wide.slot_id)
    await two.says()
    (back,) = (await two.says(at(lasts=30))).said
    assert isinstance(back, SlotOpened)
    assert back.state.free == 1
    assert isinstance((await room.choose("req-2", wide.slot_id))[0], SlotBooked)


async def test_a_slot_with_a_patient_that_moved_is_not_opened_twice(room: Availability, agenda: Agenda) -> None:
    (opened,) = (await agenda.says(at(uid="a"))).said
    assert isinstance(opened, SlotOpened)
    await room.choose("req-1", opened.slot_id)
    followed = await agenda.says(at(AT_TEN + hours(1), uid="a"))
    assert [slot.slot_id for slot in followed.missing] == [opened.slot_id]
    assert len(await agenda.open()) == 1
    assert (await agenda.row()).left_out == {"moved": 1}


async def test_a_held_seat_decides_nothing_yet(room: Availability, agenda: Agenda) -> None:
    (opened,) = (await agenda.says(at())).said
    assert isinstance(opened, SlotOpened)
    await room.ask(hold_seat, an_order(), "req-1", opened.slot_id, Mode.OFFICE)
    assert kinds(await agenda.says()) == []
    over = MONDAY + HOLD_FOR + minutes(1)
    assert isinstance((await room.expire(over))[0], HoldReleased)
    assert kinds(await agenda.says(now=over)) == ["SlotClosed"]


async def test_what_the_practitioner_opened_by_hand_is_left_alone_and_in_the_way(
    room: Availability, agenda: Agenda
) -> None:
    (mine,) = await room.publish(a_new_slot(AT_TEN, 30))
    await agenda.says(at(AT_TEN + minutes(15), 30, "a"), at(AT_TEN + hours(1), 30, "b"), at(AT_TEN + minutes(80), 30))
    assert set(await agenda.open()) == {"b"}
    assert (await agenda.row()).left_out == {"overlap": 2}
    await agenda.says()
    assert (await room.slot(mine.slot_id)).status == "open"


async def test_two_feeds_with_the_same_time_open_it_once(room: Availability, agenda: Agenda) -> None:
    other = await Agenda(room, "feed-2").link()
    assert kinds(await agenda.says(at())) == ["SlotOpened"]
    assert kinds(await other.says(at())) == []


async def test_a_slot_taken_back_by_hand_is_not_opened_again_while_it_is_in_the_feed(
    room: Availability, agenda: Agenda
) -> None:
    (opened,) = (await agenda.says(at())).said
    assert isinstance(opened, SlotOpened)
    await room.ask(cancel_slot, an_order(), opened.slot_id)
    assert kinds(await agenda.says(at())) == []
    assert (await agenda.row()).left_out == {"taken_back": 1}
    later = at(AT_TEN + hours(3), uid="at-1000")
    assert kinds(await agenda.says(later)) == ["SlotOpened"], "moved upstream it is another time"


async def test_past_times_open_nothing_and_past_slots_are_left_alone(room: Availability, agenda: Agenda) -> None:
    (opened,) = (await agenda.says(at())).said
    assert isinstance(opened, SlotOpened)
    later = AT_TEN + minutes(5)
    assert kinds(await agenda.says(at(), now=later)) == []
    assert kinds(await agenda.says(now=later)) == []
    assert (await room.slot(opened.slot_id)).status == "open"


async def test_a_pause_and_a_cap_hold_for_slots_of_a_feed_too(room: Availability, agenda: Agenda) -> None:
    once_a_day = partial(set_terms, may_widen=True)
    await room.ask(once_a_day, an_order(), "gp-1", Terms(offers=False, per_day=1))
    opened = (await agenda.says(at(), at(AT_TEN + hours(1)))).said
    first, second = (one.slot_id for one in opened if isinstance(one, SlotOpened))
    assert isinstance((await room.choose("req-1", first))[0], SlotBooked)
    (lost,) = await room.choose("req-2", second)
    assert isinstance(lost, SlotLost)


async def test_unlinking_closes_what_is_free_keeps_the_patients_and_forgets_the_address(
    room: Availability, agenda: Agenda
) -> None:
    opened = (await agenda.says(at(), at(AT_TEN + hours(1)))).said
    taken, free = (one.slot_id for one in opened if isinstance(one, SlotOpened))
    await room.choose("req-1", taken)
    said = await room.ask(unlink, an_order(), "feed-1")
    assert [type(one) for one in said] == [SlotClosed, SlotOpened, FeedRemoved]
    assert (await room.slot(taken)).status == "open"
    assert (await room.slot(free)).status == "closed"
    assert await room.ask(unlink, an_order(), "feed-1") == Refused(code="unknown_feed")
    assert kinds(await agenda.says(at(AT_TEN + hours(2)))) == [], "a reading under way says nothing any more"


# --- how it goes ----------------------------------------------------------------------------------------


async def test_the_last_success_and_the_errors_are_remembered(room: Availability, agenda: Agenda) -> None:
    await agenda.says(at(), left_out={"all_day": 2}, etag="e", modified="m")
    await room.ask(failed, "feed-1", "status:503", now=MONDAY + minutes(5))
    await room.ask(failed, "feed-1", "timed_out", now=MONDAY + minutes(15))
    row = await agenda.row()
    assert (row.succeeded_at, row.tried_at) == (MONDAY, MONDAY + minutes(15))
    assert (row.failures, row.error, row.times, row.left_out) == (2, "timed_out", 1, {"all_day": 2})
    assert (row.etag, row.modified) == ("e", "m")
    assert len(await agenda.open()) == 1, "a feed that cannot be read closes nothing"
    await agenda.says(unchanged=True, etag="e2", now=MONDAY + minutes(30))
    row = await agenda.row()
    assert (row.failures, row.error, row.times, row.etag) == (0, None, 1, "e2")


async def test_a_feed_that_fails_is_asked_less_and_less_often_but_within_the_hour(room: Availability) -> None:
    pauses = []
    agenda = await Agenda(room).link()
    for _ in range(6):
        await room.ask(failed, "feed-1", "timed_out")
        due = (await agenda.row()).due_at
        assert due is not None
        pauses.append(due - MONDAY)
    assert pauses == [*(EVERY * 2**n for n in range(4)), AT_THE_LATEST, AT_THE_LATEST]


@pytest.mark.parametrize("count", [300])
async def test_hundreds_of_times_are_followed(agenda: Agenda, count: int) -> None:
    times = [at(AT_TEN + timedelta(minutes=20 * n), uid=f"t{n}") for n in range(count)]
    assert len((await agenda.says(*times)).said) == count
    assert len((await agenda.says(*times[10:])).said) == 10


async def test_readings_and_bookings_at_once_lose_nobody(room: Availability) -> None:
    """Both lock slots before the practitioner: on PostgreSQL neither waits for ever for the other."""
    agenda = await Agenda(room).link()
    times = [at(AT_TEN + minutes(20 * n), uid=f"t{n}") for n in range(12)]
    opened = [one for one in (await agenda.says(*times)).said if isinstance(one, SlotOpened)]
    booking = [room.choose(f"req-{n}", slot.slot_id) for n, slot in enumerate(opened)]
    readings = [agenda.says(*times[n:]) for n in (6, 8, 10)]
    answers = await asyncio.gather(*booking, *readings)
    booked = [facts[0] for facts in answers[: len(booking)] if isinstance(facts[0], SlotBooked)]
    for fact in booked:
        slot = await room.slot(fact.slot_id)
        assert (slot.status, len(slot.seats)) == ("open", 1)
    assert len(booked) >= 2, "those that never left the feed at least"
