"""What is an open seat worth to those who have not called yet, and do they get it?"""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from dispatcher.matching.choice import count_refusals, propose
from dispatcher.matching.ranking import MISS
from dispatcher.matching.seats import OpenSeats, by_hour
from dispatcher.planning.bids import bids, hour_of_week, learn, weeks_over
from dispatcher.planning.demand import Past
from dispatcher.planning.futures import A_WEEK, Opened, Weeks
from schemas.scarcity import Bid, ScarcityPriced
from tests.builders import AT_TEN, MONDAY, TARN, a_need, a_slot, an_open_slot, an_order, hours, minutes

ZONE = ZoneInfo("Europe/Paris")
HOUR = AT_TEN.replace(minute=0)
BEFORE = MONDAY - hours(2)
TEN = int(AT_TEN.timestamp()) // 3600


def known() -> Weeks:
    """Each Monday somebody urgent called at nine for the only seat, which began at eleven in France; and another, who
    could have waited, at eight."""
    past, opened = [], []
    for ago in range(1, 5):
        then = MONDAY - ago * A_WEEK
        for at, within in ((then - hours(1), hours(24)), (then, hours(6))):
            past.append(Past(at, a_need(now=at, within=within)))
        opened.append(Opened(then - hours(10), an_open_slot(f"s-{ago}", then + hours(2))))
    return Weeks(past, opened=opened)


def test_the_weeks_that_are_over_are_those_with_calls_and_their_slots() -> None:
    weeks = weeks_over(known(), BEFORE, TARN)
    assert [len(week.calls) for week in weeks] == [2] * 4
    own = [[slot.slot_id for slot in week.slots if week.since < slot.start <= week.until] for week in weeks]
    assert own == [[f"s-{ago}"] for ago in (4, 3, 2, 1)]
    assert {slot.slot_id for slot in weeks[0].slots} == {"s-4", "s-3"}, "and the day after, for those who call late"
    assert weeks_over(Weeks(), MONDAY, TARN) == []


def test_a_seat_is_worth_what_the_second_patient_would_have_gained() -> None:
    learned = learn(weeks_over(known(), BEFORE, TARN), ZONE)
    at_eleven = learned.worth["10"][hour_of_week(AT_TEN, ZONE)]
    assert at_eleven == pytest.approx(MISS - 180), "whoever could wait was served nowhere: a seat more spares a miss"
    assert learned.leads[hour_of_week(AT_TEN, ZONE)].tolist() == [120.0] * 4, "it is best given to the urgent one"


def test_the_bid_falls_to_nothing_when_the_others_do_not_call() -> None:
    learned = learn(weeks_over(known(), BEFORE, TARN), ZONE)

    def at(now: object) -> int:
        return by_hour(bids(learned, now, ZONE)).get(("10", TEN), 0)  # type: ignore[arg-type]

    assert at(MONDAY - hours(1)) == MISS - 180
    assert at(MONDAY + hours(1)) == 0


def test_hours_of_the_week_are_those_of_the_zone_on_both_sides_of_a_change_of_the_clock() -> None:
    summer, winter = MONDAY.replace(month=7, day=6), MONDAY
    assert hour_of_week(winter, ZONE) == 9
    assert hour_of_week(summer, ZONE) == 10
    assert hour_of_week(winter - timedelta(hours=10), ZONE) == 6 * 24 + 23


def test_what_is_said_changes_the_order_and_is_counted_when_it_leaves_nothing() -> None:
    seats = OpenSeats()
    for slot in (a_slot("ten"), a_slot("noon", AT_TEN + hours(2))):
        seats.hear(slot)
    said = (Bid(profession="10", hour=HOUR, minutes=121), Bid(profession="10", hour=HOUR + hours(2), minutes=MISS))
    seats.hear(ScarcityPriced.after(an_order(), MONDAY, prices=(), shortages=(), bids=said[:1]))
    assert [one.slot.slot_id for one in propose(a_need(), seats, TARN, MONDAY).options] == ["noon", "ten"]
    seats.hear(ScarcityPriced.after(an_order(), MONDAY, prices=(), shortages=(), bids=said))
    assert count_refusals(a_need(), seats, TARN, MONDAY) == {"left": 1}
    seats.hear(ScarcityPriced.after(an_order(territory="volvestre"), MONDAY, prices=(), shortages=()))
    assert seats.price(an_open_slot("ten")) == 121, "another territory's bids are not ours"
    seats.hear(ScarcityPriced.after(an_order(), MONDAY + minutes(60), prices=(), shortages=()))
    assert [one.slot.slot_id for one in propose(a_need(), seats, TARN, MONDAY).options] == ["ten", "noon"]
