"""Is every promise kept while better seats replace what was promised?"""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.life import freeze_at
from dispatcher.matching.choice import consider
from dispatcher.matching.seats import OpenSeats
from dispatcher.planning.batch import plan
from dispatcher.planning.ground import Ask
from dispatcher.planning.promises import Move, Promised, improve
from schemas.request import Need
from schemas.slot import SlotOpened
from tests.builders import MONDAY, TARN, a_need, a_slot, a_state, hours, minutes, seats_of
from tests.dispatcher.worlds import days, heard, needs


def promised(name: str, slot: SlotOpened, need: Need | None = None) -> Promised:
    return Promised(Ask(name, need or a_need(), TARN), slot.slot_id, slot.start)


def kept(slot_id: str, after: float, **said: object) -> SlotOpened:
    """A slot whose only seat is kept for somebody."""
    start = MONDAY + hours(after)
    return a_slot(slot_id, start, state=a_state(start, free=0), **said)


def test_a_sooner_seat_replaces_what_was_promised() -> None:
    late, soon = kept("late", 10), a_slot("soon", MONDAY + hours(3))
    found = improve([promised("req-1", late)], [], seats_of(late, soon), MONDAY)
    assert found.moves == (Move("req-1", "late", "soon"),)


def test_an_urgent_patient_gets_the_promised_seat_and_the_promise_another() -> None:
    soon, late = kept("soon", 3), a_slot("late", MONDAY + hours(10))
    urgent = Ask("req-urgent", a_need(within=hours(6)), TARN)
    found = improve([promised("req-1", soon)], [urgent], seats_of(soon, late), MONDAY)
    assert found.moves == (Move("req-1", "soon", "late"), Move("req-urgent", None, "soon"))


def test_the_only_seat_of_a_promise_is_given_to_nobody_however_urgent() -> None:
    only = kept("only", 3)
    urgent = [Ask(f"urgent-{at}", a_need(within=hours(6)), TARN) for at in range(5)]
    assert improve([promised("req-1", only)], urgent, seats_of(only), MONDAY).moves == ()


def test_nobody_is_moved_for_nothing() -> None:
    late, same = kept("late", 10), a_slot("alike", MONDAY + hours(10))
    assert improve([promised("req-1", late)], [], seats_of(late, same), MONDAY).moves == ()


@given(st.lists(needs(), max_size=4), st.lists(needs(), max_size=4), days(most=14), st.integers(0, 90))
def test_every_promise_keeps_a_seat_in_its_window_and_no_seat_is_given_twice(
    first: list[Need], then: list[Need], slots: list[SlotOpened], later: int
) -> None:
    """Some are promised seats; others come: whoever was promised one still has one in time."""
    seats = heard(slots)
    chosen = plan([Ask(f"first-{at}", need, TARN) for at, need in enumerate(first)], seats, MONDAY).chosen
    promises = []
    for at, need in enumerate(first):
        if f"first-{at}" in chosen:
            slot = seats.get(chosen[f"first-{at}"])
            assert slot is not None
            promises.append(Promised(Ask(f"first-{at}", need, TARN), slot.slot_id, slot.start))
    after = take(slots, chosen)
    now = MONDAY + minutes(later)
    frozen = [one for one in promises if now >= freeze_at(told_late(one.ask.need), one.start)]
    loose = [one for one in promises if one not in frozen]
    found = improve(loose, [Ask(f"then-{at}", need, TARN) for at, need in enumerate(then)], after, now)
    has = found.plan.chosen | {one.ask.request_id: one.slot_id for one in frozen}
    assert {one.ask.request_id for one in promises} <= has.keys()
    for one in promises:
        slot = after.get(has[one.ask.request_id])
        assert slot is not None
        assert slot.start <= one.ask.need.deadline
    free = {slot.slot_id: slot.state.free for slot in slots}
    assert all(list(has.values()).count(slot_id) <= free[slot_id] for slot_id in has.values())
    for move in found.moves:  # whoever moves, moves to a seat that the rules allow
        need = (first if move.request_id.startswith("first") else then)[int(move.request_id[-1])]
        known = heard(slots).get(move.to)
        assert known is not None
        assert consider(need, known, heard(slots), now, territory=TARN) is not None


def told_late(need: Need) -> Need:
    return need.model_copy(update={"told_before": 120})


def take(slots: list[SlotOpened], chosen: dict[str, str]) -> OpenSeats:
    """The same slots, with the seats that were given kept."""
    given_away = list(chosen.values())
    left = [
        slot.model_copy(
            update={"state": a_state(slot.start, version=2, free=slot.state.free - given_away.count(slot.slot_id))}
        )
        for slot in slots
    ]
    return heard(left)


def test_moving_costs_the_whole_less_never_more() -> None:
    """Two promises, one free seat between: who gains most has it, and the seat left helps the other."""
    a, b = kept("a", 8), kept("b", 12)
    free = a_slot("free", MONDAY + hours(5))
    found = improve([promised("req-a", a), promised("req-b", b)], [], seats_of(a, b, free), MONDAY)
    assert found.plan.cost < sum(int(one / timedelta(minutes=1)) for one in (hours(8), hours(12)))
    assert len(set(found.plan.chosen.values())) == 2
