"""Is what was worked out kept, said, and not said again?"""

from datetime import timedelta

from dispatcher import scarcity
from schemas.scarcity import Price, Scarcity, Shortage
from tests.builders import AT_TEN, MONDAY, TARN, a_need, a_slot, an_order, hours, minutes, only
from tests.dispatcher.room import Dispatcher

PRICES = tuple(
    Price(profession="10", commune="81099", hour=MONDAY + hours(1), minutes=number) for number in range(40, 0, -1)
)
FOUND = Scarcity(prices=PRICES, shortages=(Shortage(profession="10", asked=3.5, open=2, short=1.5),), unknown=("70",))


async def test_it_is_kept_whole_and_the_highest_prices_are_said(room: Dispatcher) -> None:
    said = only(await room.ask(scarcity.on_priced, an_order(), FOUND))
    assert (said.subject, said.territory) == ("scarcity.priced.v1", TARN)
    assert [one.minutes for one in said.prices] == list(range(40, 20, -1))
    assert (said.shortages, said.unknown) == (FOUND.shortages, ("70",))
    async with room.database.read() as db:
        assert await scarcity.latest(db, TARN) == (MONDAY, FOUND)
        assert await scarcity.latest(db, "volvestre") is None


async def test_who_comes_second_within_the_hour_says_nothing(room: Dispatcher) -> None:
    await room.ask(scarcity.on_priced, an_order(), FOUND)
    other = Scarcity(unknown=("10",))
    assert await room.ask(scarcity.on_priced, an_order(), other, now=MONDAY + minutes(59)) == []
    assert len(await room.ask(scarcity.on_priced, an_order(territory="volvestre"), other)) == 1
    async with room.database.read() as db:
        assert not await scarcity.due(db, TARN, MONDAY + minutes(59))
        assert await scarcity.due(db, TARN, MONDAY + minutes(61))
        assert await scarcity.due(db, TARN, MONDAY - minutes(1)), "the clock was set back"
    only(await room.ask(scarcity.on_priced, an_order(), other, now=MONDAY + minutes(61)))
    async with room.database.read() as db:
        assert await scarcity.latest(db, TARN) == (MONDAY + minutes(61), other)


async def test_what_it_is_worked_out_from(room: Dispatcher) -> None:
    await room.hear(a_slot("taken", AT_TEN), a_slot("elsewhere", AT_TEN, territory="volvestre"))
    await room.enter("served", a_need(), now=MONDAY)
    await room.enter("waits", a_need(within=hours(8)), now=MONDAY + timedelta(seconds=1))
    await room.enter("too late", a_need(within=minutes(50)), now=MONDAY + minutes(2))
    async with room.database.read() as db:
        requests = await scarcity.entered(db, TARN, MONDAY, MONDAY + minutes(10))
        before = await scarcity.entered(db, TARN, MONDAY - timedelta(days=1), MONDAY)
        slots = await scarcity.begun(db, MONDAY, AT_TEN + minutes(1))
    now = MONDAY + hours(1)
    weeks = scarcity.understood(requests, slots, TARN, now)
    assert before == []
    assert [one.entered_at for one in weeks.past] == [MONDAY, MONDAY + timedelta(seconds=1), MONDAY + minutes(2)]
    assert [(one.ask.request_id, one.at) for one in weeks.waiting] == [("waits", now)]
    assert [(one.slot.slot_id, one.at) for one in weeks.opened] == [("taken", MONDAY)]
