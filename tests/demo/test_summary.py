"""Do the figures of the day add up, and do they say what they claim?"""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from dispatcher.life import State
from services.demo.stage.show import REASONS, STATES, say_minutes, sheet
from services.demo.summary import NOT_PLACED, PLACED, WAITING, Fate, summarise

NINE = datetime(2027, 1, 4, 8, tzinfo=UTC)
NOW = NINE + timedelta(hours=24)


def fate(state: str = "booked", *, wait: float | None = 2, hours: int = 24, **more) -> Fate:
    """A request called in at nine, with a visit `wait` hours later."""
    given = {"request_id": "r", "territory": "tarn-ouest", "profession": "10", "commune": "Lavaur", "asked_at": NINE}
    start = None if wait is None else NINE + timedelta(hours=wait)
    return Fate(**{**given, **more}, deadline=NINE + timedelta(hours=hours), state=state, start=start)


def test_every_state_of_a_request_is_counted_once_and_has_its_words() -> None:
    groups = (*PLACED, *NOT_PLACED, *WAITING, "withdrawn")
    assert sorted(groups) == sorted(state.value for state in State)
    assert set(STATES) == set(groups)


def test_a_visit_within_24_h_counts_whatever_was_promised_and_one_after_does_not() -> None:
    summary = summarise([fate(wait=24), fate(wait=25, hours=48), fate(wait=7, hours=6)], NOW)
    assert (summary.total.within_24h, summary.total.in_promise) == (2, 2)
    assert summary.share_24h == pytest.approx(2 / 3)


def test_who_gave_up_is_not_held_against_the_service() -> None:
    summary = summarise([fate(), fate("withdrawn")], NOW)
    assert summary.share_24h == 1.0
    assert summary.total.withdrawn == 1


def test_the_place_of_somebody_who_gave_up_or_was_sent_elsewhere_is_no_visit() -> None:
    summary = summarise([fate("withdrawn", wait=1), fate("redirected", wait=1)], NOW)
    assert summary.total.within_24h == 0
    assert summary.total.median_wait_minutes is None


def test_a_no_show_had_a_place_in_time() -> None:
    assert summarise([fate("no_show")], NOW).total.within_24h == 1


def test_the_wait_is_the_median_from_the_call_to_the_visit() -> None:
    summary = summarise([fate(wait=1), fate(wait=2), fate(wait=9), fate("seeking", wait=None)], NOW)
    assert summary.total.median_wait_minutes == 120


def test_a_request_whose_promise_is_over_without_a_place_is_overdue() -> None:
    summary = summarise([fate("escalated", wait=None, hours=6), fate("seeking", wait=None, hours=48)], NOW)
    assert summary.overdue == 1


def test_the_reason_is_the_rule_that_stood_in_the_way_of_most_slots() -> None:
    fates = [
        fate("unmet", wait=None, counts={"too_late": 5, "too_far": 2}),
        fate("seeking", wait=None, counts={"full": 3}),
        fate("redirected", wait=None),
        fate("booked", counts={"full": 9}),
    ]
    assert summarise(fates, NOW).reasons == {"too_late": 1, "full": 1, "none": 1}


def test_every_reason_the_engine_gives_has_its_words() -> None:
    from dispatcher.matching.eligibility import WORDS

    assert set(WORDS) <= set(REASONS)


def test_the_usual_gp_counts_among_those_who_named_one_and_have_a_place() -> None:
    fates = [fate(usual=True), fate(usual=False), fate(usual=None), fate("unmet", wait=None, usual=None)]
    assert summarise(fates, NOW).usual == (1, 2)


def test_the_most_asked_come_first_and_ties_by_name() -> None:
    fates = [fate(commune=name) for name in ("Lavaur", "Ambres", "Lavaur", "Fiac")]
    assert [line.name for line in summarise(fates, NOW).by_commune] == ["Lavaur", "Ambres", "Fiac"]


fates = st.builds(
    fate,
    st.sampled_from([state.value for state in State]),
    wait=st.one_of(st.none(), st.floats(0.1, 60)),
    hours=st.sampled_from([6, 24, 48]),
    profession=st.sampled_from(["10", "60", "40"]),
    commune=st.sampled_from(["Lavaur", "Ambres"]),
    usual=st.sampled_from([True, False, None]),
    escalated=st.booleans(),
    counts=st.dictionaries(st.sampled_from(sorted(REASONS)), st.integers(1, 9)),
)


@given(st.lists(fates, max_size=30))
def test_whatever_happened_the_groups_add_up_and_the_sheet_can_be_printed(day) -> None:
    summary = summarise(day, NOW)
    for line in (summary.total, *summary.by_profession, *summary.by_commune):
        assert line.asked == line.placed + line.withdrawn + line.not_placed + line.waiting
        assert max(line.within_24h, line.in_promise) <= line.placed
    for lines in (summary.by_profession, summary.by_commune):
        assert sum(line.asked for line in lines) == summary.total.asked == sum(summary.states.values())
    assert sum(summary.reasons.values()) == summary.total.not_placed + summary.total.waiting
    Console(file=StringIO(), width=100).print(sheet(summary))


def test_an_empty_day_has_no_shares_and_no_wait() -> None:
    summary = summarise([], NOW)
    assert summary.share_24h is None
    assert summary.total.median_wait_minutes is None


@pytest.mark.parametrize(("minutes", "said"), [(None, "–"), (45.4, "45 min"), (60, "1 h 00"), (185, "3 h 05")])
def test_a_wait_is_said_as_people_say_it(minutes, said) -> None:
    assert say_minutes(minutes) == said
