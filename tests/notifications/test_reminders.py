"""Is the patient reminded of what is true when the reminder leaves, and of nothing else?"""

import pytest

from notifications import store
from notifications.outcome import Accepted
from tests.builders import AT_TEN, MONDAY, hours, minutes
from tests.notifications.room import Notifications
from tests.notifications.test_messages import HERSELF

TOMORROW = AT_TEN + hours(48)


async def test_of_a_visit_found_long_before_the_patient_is_reminded_unless_it_changes(room: Notifications) -> None:
    first = await room.due(room.booked(start=TOMORROW))
    assert [(fact.kind, fact.lane, fact.send_after) for fact in first][2:] == [("reminder", 2, AT_TEN + hours(24))]
    moved = room.booked("noon", TOMORROW + hours(2), MONDAY + minutes(5), moved=True, choice=2)
    await room.hear(moved, now=MONDAY + minutes(5))
    async with room.database.read() as db:
        reminders = [one for one in await store.messages_about(db, "req-1") if one.kind == "reminder"]
    assert [(one.state, one.send_after) for one in reminders] == [
        ("superseded", AT_TEN + hours(24)),
        ("due", AT_TEN + hours(26)),
    ]
    assert reminders[1].valid_until == TOMORROW + hours(1)
    text = await room.vault.open(reminders[1].body)
    assert text.startswith("CPTS Tarn Ouest : rappel, rendez-vous mercredi 07/01 à 13h00.")
    await room.hear(room.withdrawn(HERSELF))
    assert ("reminder", "due") not in await room.messages()


async def test_it_waits_in_the_database_and_leaves_when_it_is_time(room: Notifications) -> None:
    await room.hear(room.booked(start=TOMORROW))
    await room.leave(outcome=Accepted("p-1"))
    assert await room.leave(AT_TEN + hours(24) - minutes(1)) == []
    (left,) = await room.leave(AT_TEN + hours(24))
    assert left.kind == "reminder"


@pytest.mark.parametrize("end", ["reopened", "withdrawn", "closed"])
async def test_nobody_is_reminded_of_what_is_over(room: Notifications, end: str) -> None:
    await room.hear(room.booked(start=TOMORROW))
    await room.hear(getattr(room, end)())
    assert ("reminder", "superseded") in await room.messages()
    assert ("reminder", "due") not in await room.messages()
