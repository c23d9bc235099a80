"""What comes from strangers? Bytes nobody understands, and a booking for a request nobody knows: both are set aside."""

from datetime import timedelta

from schemas.event import Order
from schemas.slot import SlotBooked
from schemas.values import Mode, Place, SlotState, system_actor
from services.simulation.hours import DAWN


def rubbish(territory: str, number: int) -> tuple[str, bytes, str]:
    """A topic, bytes that are no fact, and their id."""
    return f"care.{territory}.slot.chosen.v1", b'{"id": "half a f', f"rubbish-{number}"


def stray_booking(territory: str, about: str) -> tuple[str, bytes, str]:
    """A well-formed fact about a request that does not exist."""
    order = Order(id=about, territory=territory, actor=system_actor(territory))
    fact = SlotBooked.after(
        order, DAWN, request_id=f"stray-{about[:6]}", slot_id=f"stray-{about[:6]}", choice=1, practitioner_id="gp-1",
        start=DAWN + timedelta(hours=1), minutes=15, mode=Mode.OFFICE, place=Place(commune="81099"),
        state=SlotState(version=1, free=0),
    )  # fmt: skip
    return fact.topic(), fact.body, fact.id
