"""What does the dispatcher do when a patient answers by SMS? Clear words are acted on; a named human reads the rest."""

from datetime import datetime

from dispatcher import roster
from dispatcher.life import SEATED, TERMINAL, State
from dispatcher.matching.seats import OpenSeats
from dispatcher.steps import confirmed, withdrawn
from dispatcher.store import Desk
from schemas.event import Event
from schemas.message import PatientWrote
from schemas.request import RequestAnswered


async def on_patient_wrote(event: PatientWrote, desk: Desk, now: datetime, *, seats: OpenSeats) -> list[Event]:
    """Yes confirms, no and cancel end the request, stop ends its SMS; a word of danger and all else is for a human."""
    row = await desk.load(event.request_id)
    if row is None:
        return []
    if event.meaning == "yes" and row.state in SEATED:
        return [await confirmed(event, row, desk, now)] if row.state is State.BOOKED else []
    if event.meaning in ("no", "cancel") and row.state not in TERMINAL:
        return await withdrawn(event, row, desk, now)
    if event.meaning == "stop":
        if row.patient.sms:
            await desk.change(row, patient=row.patient.model_copy(update={"sms": False}))
        return []
    person = await roster.on_call(desk.db, row.territory)
    alarm = event.meaning == "alarm"
    return [
        RequestAnswered.after(event, now, request_id=row.request_id, person=person, alarm=alarm, patient=row.patient)
    ]
