"""Do the changes lead from any agenda to any other, without touching a seat, without an overlap, and then to rest?"""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from availability.agenda import NewSlot, Practice, SeatRow, SlotRow, overlap
from availability.mirror import Changes, Wanted, as_slot, changes
from schemas.values import Mode, Place
from tests.builders import AT_TEN, a_new_slot, minutes

STEP = 15
spans = st.tuples(st.integers(0, 12), st.integers(1, 4))
"""When (quarters of an hour after ten) and how long (quarters)."""


def wanted(uid: int, span: tuple[int, int], visit: int | None = None) -> Wanted:
    return Wanted(f"u{uid}", as_slot(AT_TEN + minutes(STEP * span[0]), STEP * span[1], (Mode.OFFICE,), visit))


def as_row(slot_id: str, slot: NewSlot, kinds: Sequence[str] = (), *, gone: bool = False) -> SlotRow:
    seats = tuple(
        SeatRow(slot_id, number, f"req-{slot_id}-{number}", kind, slot.start, 5, Mode.OFFICE, None)  # type: ignore[arg-type]
        for number, kind in enumerate(kinds)
    )
    return SlotRow(
        slot_id, "tarn-ouest", "gp-1", "10", Place(commune="81099"), slot.start, slot.minutes, slot.capacity,
        slot.modes, "open", 1, seats, gone=gone,
    )  # fmt: skip


def test_a_feed_that_is_of_another_place_now_moves_what_nobody_has() -> None:
    there = Wanted("u1", as_slot(AT_TEN, 15, (Mode.OFFICE,), None, place=Practice(commune="81140", address="3 quai")))
    free, taken = as_row("a", there.slot), as_row("a", there.slot, ("booking",))
    assert (changes({"u1": free}, [there], []).open, changes({"u1": taken}, [there], []).open) == ([there], [])
    same = free._replace(place=Place(commune="81140"), address="3 quai")
    assert changes({"u1": same}, [there], []) == Changes()


def carried_out(known: dict[str, SlotRow], found: Changes) -> dict[str, SlotRow]:
    """The feed's open slots after the changes."""
    closed = {slot.slot_id for slot in found.close}
    gone, back = {slot.slot_id for slot in found.gone}, {slot.slot_id for slot in found.back}
    after = {
        uid: slot._replace(gone=(slot.gone or slot.slot_id in gone) and slot.slot_id not in back)
        for uid, slot in known.items()
        if slot.slot_id not in closed
    }
    return after | {one.uid: as_row(f"new-{one.uid}", one.slot) for one in found.open}


def apart(slots: Sequence[SlotRow]) -> bool:
    return overlap([a_new_slot(slot.start, slot.minutes) for slot in slots], []) is None


agendas = st.lists(st.tuples(spans, st.sampled_from([(), ("booking",), ("hold",), ("guarantee", "hold")])), max_size=6)


@given(agendas, st.lists(spans, max_size=8), st.lists(spans, max_size=3), st.integers(0, 3))
def test_any_agenda_becomes_any_other(
    before: list[tuple[tuple[int, int], tuple[str, ...]]],
    after: list[tuple[int, int]],
    by_hand: list[tuple[int, int]],
    same: int,
) -> None:
    others: list[SlotRow] = []
    for number, span in enumerate(by_hand):
        row = as_row(f"hand-{number}", wanted(0, span).slot)
        others += [row] if apart([*others, row]) else []
    known: dict[str, SlotRow] = {}
    for uid, (span, kinds) in enumerate(before):
        row = as_row(f"old-{uid}", wanted(uid, span).slot, kinds)
        known |= {f"u{uid}": row} if apart([*others, *known.values(), row]) else {}
    asked = [wanted(uid + same, span) for uid, span in enumerate(after)]

    found = changes(known, asked, others)
    now = carried_out(known, found)
    assert not [slot for slot in found.close if slot.seats], "nobody loses a seat"
    assert apart([*now.values(), *others])
    for name, slot in now.items():
        target = next((one.slot for one in asked if one.uid == name), None)
        as_asked = target is not None and (slot.start, slot.minutes) == (target.start, target.minutes)
        assert as_asked or slot.seats, "what is open is asked for, or somebody has it"
        assert slot.gone == (not as_asked and any(seat.kind != "hold" for seat in slot.seats))
    lost = sum(found.left_out.values())
    assert len(now) + lost >= len({one.uid for one in asked}), "each time is open, or counted"

    again = changes(now, asked, others)
    assert (again.open, again.close, again.gone, again.back) == ([], [], [], []), "and then nothing changes"
