"""Can anything book a practitioner against her own terms? Every path that books, beside terms that change."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from availability import store
from availability.agenda import Audience, NewSlot
from availability.orders import cancel_slot, could_see, publish_slots, register_practitioners, set_terms
from schemas.offer import OfferAccepted
from schemas.practitioner import Absence, Terms
from schemas.slot import ExchangeChosen, Move, SlotBooked, SlotChosen, SlotHeld
from schemas.values import Mode
from services.storage.database import Database
from tests.availability.room import Availability, choice_of, withdrawal_of
from tests.builders import MONDAY, a_practitioner, an_order, hours, minutes

PARIS = ZoneInfo("Europe/Paris")
_names = count(1)

MOMENTS = st.integers(0, 4 * 72).map(lambda quarters: MONDAY + minutes(15 * quarters))
SPANS = st.tuples(MOMENTS, st.integers(1, 30)).map(lambda two: Absence(since=two[0], until=two[0] + hours(two[1])))
TERMS = st.builds(
    Terms,
    offers=st.booleans(),
    paused_until=st.none() | MOMENTS,
    absences=st.lists(SPANS, max_size=2).map(tuple),
    per_day=st.none() | st.integers(1, 2),
    per_week=st.none() | st.integers(1, 3),
)
REQUESTS = st.integers(0, 3)
SLOTS = st.integers(0, 7)
EXCHANGES = st.tuples(
    st.just("exchange"),
    st.lists(st.tuples(st.integers(0, 1), SLOTS), min_size=1, max_size=2, unique_by=lambda move: move[0]),
)
ACTS = st.one_of(
    st.tuples(st.just("choose"), REQUESTS, SLOTS, st.sampled_from(["booking", "guarantee"]), st.booleans()),
    st.tuples(st.just("hold"), REQUESTS, SLOTS),
    st.tuples(st.just("agree"), REQUESTS, MOMENTS, st.booleans()),
    EXCHANGES,
    EXCHANGES,
    st.tuples(st.just("withdraw"), REQUESTS),
    st.tuples(st.just("cancel"), SLOTS),
    st.tuples(st.just("terms"), TERMS),
    st.tuples(st.just("wait"), st.integers(1, 600)),
)


@dataclass
class Story:
    """One practitioner of the room, her slots, and what was promised while her terms allowed it."""

    room: Availability
    who: str
    terms: Terms
    slots: list[Any] = field(default_factory=list)
    now: datetime = MONDAY
    counted: dict[str, bool] = field(default_factory=dict)

    def request(self, number: int) -> str:
        return f"{self.who}-req-{number}"

    async def act(self, said: tuple[Any, ...]) -> list[Any]:
        """What came of it: the facts, [] when it was refused."""
        act, *about = said
        found: Any = await getattr(self, f"_{act}")(*about)
        facts = found if isinstance(found, list) else []
        self.counted |= {one.request_id: one.counted for one in facts if isinstance(one, SlotBooked)}
        self.counted |= {one.request_id: True for one in facts if isinstance(one, SlotHeld)}
        return facts

    async def _choose(self, number: int, slot: int, kind: str, own: bool) -> Any:
        chosen = choice_of(self.request(number), self.slots[slot].slot_id)
        usual = {"kind": kind, "regulated_at": self.now, "usual_practitioner": self.who if own else None}
        return await self.room.hear(SlotChosen.model_validate({**chosen.model_dump(), **usual}), now=self.now)

    async def _hold(self, number: int, slot: int) -> Any:
        return await self.room.hold(self.request(number), self.slots[slot].slot_id, now=self.now)

    async def _agree(self, number: int, start: datetime, own: bool) -> Any:
        agreed = OfferAccepted.after(
            an_order(), self.now, offer_id=f"{self.who}-{next(_names)}", request_id=self.request(number),
            practitioner_id=self.who, slot_id=f"{self.who}-extra-{next(_names)}", choice=1, start=start, minutes=15,
            mode=Mode.OFFICE, regulated_at=self.now, usual_practitioner=self.who if own else None,
        )  # fmt: skip
        return await self.room.hear(agreed, now=self.now)

    async def _exchange(self, moves: list[tuple[int, int]]) -> Any:
        made = []
        for number, to in moves:
            seat = await self.room.seat(self.request(number))
            since = seat.slot_id if seat else self.slots[0].slot_id
            made.append(
                Move(
                    request_id=self.request(number), choice=1, from_slot=since, to_slot=self.slots[to].slot_id,
                    modes=(Mode.OFFICE,), latest=MONDAY + hours(200),
                )
            )  # fmt: skip
        return await self.room.hear(ExchangeChosen.after(an_order(), self.now, moves=tuple(made)), now=self.now)

    async def _withdraw(self, number: int) -> Any:
        return await self.room.hear(withdrawal_of(self.request(number), None), now=self.now)

    async def _cancel(self, slot: int) -> Any:
        return await self.room.ask(cancel_slot, an_order(), self.slots[slot].slot_id, now=self.now)

    async def _terms(self, terms: Terms) -> Any:
        async def change(order: Any, db: Any, now: datetime) -> Any:
            return await set_terms(order, self.who, terms, db, now, may_widen=True)

        self.terms = terms
        return await self.room.ask(change, an_order(), now=self.now)

    async def _wait(self, passed: int) -> Any:
        self.now += minutes(passed)
        return await self.room.expire(self.now)

    async def visits(self) -> dict[str, tuple[datetime, str, Audience]]:
        """Who sits with her now, when, and how."""
        async with self.room.database.read() as db:
            agenda = await store.agenda(db, self.who, MONDAY - hours(1), MONDAY + hours(300))
        return {seat.request_id: (seat.start, seat.kind, slot.audience) for slot in agenda for seat in slot.seats}


def allowed(terms: Terms, start: datetime, others: list[datetime], counted: list[datetime]) -> list[str]:
    """What of the terms this visit breaks: the rules written out a second time."""
    day = start.astimezone(PARIS).date()
    of_day = Counter(one.astimezone(PARIS).date() for one in others)
    of_week = Counter(one.astimezone(PARIS).isocalendar()[:2] for one in counted)
    broken = {
        "paused": terms.paused_until is not None and start < terms.paused_until,
        "absent": any(one.since <= start < one.until for one in terms.absences),
        "day_full": terms.per_day is not None and of_day[day] >= terms.per_day,
        "week_full": terms.per_week is not None
        and of_week[start.astimezone(PARIS).isocalendar()[:2]] >= terms.per_week,
    }
    return [name for name, so in broken.items() if so]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TERMS, st.lists(ACTS, min_size=3, max_size=14))
async def test_whatever_happens_nobody_is_booked_against_the_practitioners_own_terms(
    database: Database, terms: Terms, acts: list[tuple[Any, ...]]
) -> None:
    story = await begun(database, terms)
    for said in acts:
        before, in_force = await story.visits(), story.terms
        await story.act(said)
        after = await story.visits()
        for request_id, (start, _, audience) in after.items():
            if request_id in before and before[request_id][0] == start:
                continue  # kept: it was promised before, and no term comes after that
            others = {one: at for one, (at, *_) in after.items() if one != request_id}
            counted = (
                [at for one, at in others.items() if story.counted.get(one)] if story.counted.get(request_id) else []
            )
            broken = allowed(in_force, start, list(others.values()), counted)
            assert not broken, (said[0], broken, start)
            assert start > story.now
            assert said[0] == "agree" or start - story.now >= timedelta(minutes=audience.freeze)
        await nothing_is_promised_that_the_terms_forbid(story)


async def nothing_is_promised_that_the_terms_forbid(story: Story) -> None:
    """What the doors answer at once is what the booking would say."""
    start = story.now + hours(3)
    async with story.room.database.read() as db:
        refused = await could_see(story.who, "somebody", start, 15, None, story.now, db, story.now)
    others = [at for at, *_ in (await story.visits()).values()]
    broken = allowed(story.terms, start, others, [])
    assert refused is not None or not broken


async def begun(database: Database, terms: Terms) -> Story:
    """Somebody new, with eight slots of the next three days, one of which is for several and one of which freezes, and
    two patients who are promised a seat."""
    room, who = Availability(database), f"gp-never-{next(_names)}"
    await room.ask(register_practitioners, an_order(), [a_practitioner(who, zone="Europe/Paris")])
    story = Story(room, who, terms)
    new = [
        NewSlot(
            start=MONDAY + hours(2 + 9 * number), minutes=30, capacity=2 if number == 3 else 1,
            audience=Audience(freeze=240 if number == 4 else 0),
        )
        for number in range(8)
    ]  # fmt: skip
    story.slots = await room.ask(publish_slots, an_order(), who, new)
    for number in (0, 1):  # promised before she had any terms: what may be exchanged
        assert await story.act(("choose", number, number, "guarantee", False))
    await story.act(("terms", terms))
    return story
