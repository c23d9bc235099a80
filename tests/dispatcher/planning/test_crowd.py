"""Is a plan the best over all edges, although most are never made, in a crowd that wants the same seats?"""

from datetime import timedelta
from random import Random

import pytest

from dispatcher.matching.seats import OpenSeats
from dispatcher.matching.standing import Standing
from dispatcher.planning import edges as edging
from dispatcher.planning.batch import plan
from dispatcher.planning.edges import edges
from dispatcher.planning.flow import assign
from dispatcher.planning.ground import Ask
from dispatcher.planning.limits import limits
from dispatcher.planning.prices import worth
from schemas.values import Mode
from tests.builders import GAILLAC, LISLE, MONDAY, TARN, a_need, a_slot, hours, seats_of

ALL = 10_000


def crowd(seed: int, *, limited: bool) -> tuple[list[Ask], OpenSeats]:
    """Some 150 patients of two communes and some 200 seats in a day, of practitioners with limits or without."""
    dice = Random(seed)
    slots = [
        a_slot(
            f"s{at:03d}",
            MONDAY + timedelta(minutes=dice.randrange(10, 30 * 60)),
            practitioner_id=f"gp-{at % 12}",
            place=dice.choice([GAILLAC, LISLE]),
            modes=dice.choice([(Mode.OFFICE,), (Mode.OFFICE, Mode.HOME)]),
            capacity=dice.choice([1, 1, 2]),
        )
        for at in range(dice.randint(100, 250))
    ]
    seats = seats_of(*slots)
    for number in range(0, 12 if limited else 0, 2):
        days, weeks = dice.choice([None, 3, 6]), dice.choice([None, 7, 20])
        booked = tuple(MONDAY for _ in range(dice.randint(0, 4)))
        seats.know(Standing(f"gp-{number}", per_day=days, per_week=weeks, booked=booked))
    asks = []
    for at in range(150):
        within = hours(dice.choice([6, 12, 24, 24]))
        usual = dice.choice([None, "gp-1", "gp-2"])
        need = a_need(within=within, place=dice.choice([GAILLAC, LISLE]), usual_practitioner=usual)
        asks.append(Ask(f"r{at:03d}", need, TARN))
    return asks, seats


@pytest.mark.parametrize("limited", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_edges_left_out_would_not_have_helped(seed: int, limited: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asks, seats = crowd(seed, limited=limited)
    found = plan(asks, seats, MONDAY)
    few = len(edges(asks, seats, MONDAY).request)
    monkeypatch.setattr(edging, "KEPT", ALL)
    every = edges(asks, seats, MONDAY)
    assert few < len(every.request)
    assert found.cost == assign(every, limits(every, seats, {})).cost


@pytest.mark.parametrize("limited", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_the_prices_prove_the_plan(seed: int, limited: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weak duality: no request is worth more than an edge and its toll, and nobody pays for what is not short."""
    asks, seats = crowd(seed, limited=limited)
    monkeypatch.setattr(edging, "KEPT", ALL)
    every = edges(asks, seats, MONDAY)
    bounds = limits(every, seats, {})
    solved = assign(every, bounds)
    value = worth(every, solved, bounds)
    assert (value.request[every.request] <= every.cost + value.toll[every.slot]).all()
    assert (value.request <= solved.miss).all()
    taken = solved.taken[solved.taken >= 0]
    assert (value.request[every.request[taken]] == every.cost[taken] + value.toll[every.slot[taken]]).all()
    free = every.seats.copy()
    for slot in every.slot[taken].tolist():
        free[slot] -= 1
    assert (value.seat[free > 0] == 0).all()
    assert ((value.toll > 0) <= ((free == 0) | (bounds.group >= 0))).all()
    if not limited:
        assert (value.toll == value.seat).all()
