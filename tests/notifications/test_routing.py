"""Does a provider in trouble carry less, one that is down nothing, and urgent alerts always find a token?"""

from datetime import timedelta

import pytest

from notifications.channels import sms_smpp
from notifications.routing import Health, health, turn
from services.lines import Line
from services.pace import Pace
from tests.builders import MONDAY, minutes


def test_an_error_lowers_the_weight_and_five_quiet_minutes_give_it_back() -> None:
    troubles = [(MONDAY, "error"), (MONDAY + minutes(1), "error")]
    assert health(50, troubles, MONDAY + minutes(1)).weight == 30  # type: ignore[arg-type]
    assert health(50, troubles, MONDAY + minutes(6)).weight == 40  # type: ignore[arg-type]
    assert health(50, troubles, MONDAY + minutes(60)) == Health(50)  # type: ignore[arg-type]


def test_a_bad_provider_keeps_being_tried_a_little() -> None:
    assert health(50, [(MONDAY, "error")] * 20, MONDAY).weight == 5


@pytest.mark.parametrize(("apart", "open_"), [(29, False), (31, True)])
def test_three_ambiguous_within_a_minute_open_the_breaker(apart: float, open_: bool) -> None:
    troubles = [(MONDAY + timedelta(seconds=apart * number), "ambiguous") for number in range(3)]
    now = troubles[-1][0] + timedelta(seconds=1)
    assert health(50, troubles, now).open(now) is open_  # type: ignore[arg-type]
    assert health(50, troubles, now).open(now + minutes(1))  # type: ignore[arg-type]


def test_refusals_alone_never_open_it() -> None:
    assert health(50, [(MONDAY, "error")] * 20, MONDAY).open(MONDAY)


def test_turns_follow_the_weights() -> None:
    served = {"a": 0.0, "b": 0.0}
    for _ in range(100):
        served[turn(served, {"a": 75, "b": 25})[0]] += 1
    assert served == {"a": 75, "b": 25}


def test_a_fifth_of_the_tokens_is_kept_for_urgent_alerts() -> None:
    pace = Pace(10, now=0.0)
    assert pace.tokens(0.0) == (2, 8)
    pace.spend(0, 8)
    assert pace.tokens(0.0) == (2, 0)
    pace.spend(2, 0)
    assert pace.wait() == pytest.approx(0.125)
    assert pace.tokens(0.5) == (1, 4)
    assert pace.tokens(60.0) == (2, 8)


def test_over_a_minute_no_more_leave_than_the_rate_allows() -> None:
    pace, sent = Pace(10, now=0.0), 0
    for tick in range(600):
        kept, open_ = pace.tokens(tick / 10)
        pace.spend(kept, open_)
        sent += kept + open_
    assert 590 <= sent <= 612


async def test_urgent_tokens_do_not_fill_the_window_and_a_place_stays_free() -> None:
    channel = sms_smpp.Channel(sms_smpp.Config(name="a", host="h", system_id="r", password="p", rate=100, window=20))
    line = Line(channel)
    assert line.tokens(200) == (20, 19)
    line.under_way = 19
    assert line.tokens(200) == (1, 0)
