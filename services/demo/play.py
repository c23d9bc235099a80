"""Who does what at which door? Plays the acts of the day through HTTP, at the server's own hour."""

import asyncio
from collections.abc import Coroutine, Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from services.demo.stage.doors import Refusal
from services.demo.stage.shared import Stage, close
from services.demo.world.acts import Act, Ask, CancelSlot, NoShow, PatientCancels, PatientConfirms, Publish

# How long people take, in minutes of the day.
SAYS_WHAT = (0.6, 1.6)  # from the call to the proposals on the screen: the form is filled while they talk
CHOOSES = (0.2, 0.7)  # the patient hears the proposals; the seat is then held
AGREES = (0.2, 0.6)  # name and telephone are read back: well within the 90 s of a hold
WRITES_UP = (2, 15)  # after a visit, before the practitioner says who came
TOO_LATE_TO_OPEN = timedelta(minutes=5)
LONGEST_CALL = 1.0  # real seconds that an order may take to arrive on a busy machine

GONE = ("slot_taken", "slot_closed", "slot_past", "unknown_slot", "hold_lost", "refused")
"""What a regulator hears when somebody was faster: she takes the next proposal."""
LINK_OVER = ("link_closed", "link_moved", "expired_link", "refused", "404", "409", "410")
"""What a patient reads who comes too late."""


async def perform(stage: Stage, acts: Iterable[Act]) -> None:
    """Begin each act at its moment; those whose moment has passed at once. `acts` by time."""
    for act in acts:
        await stage.time.until(act.at)
        scene = _scene(stage, act)
        if scene is not None:
            stage.begin(scene)


async def set_up(stage: Stage, acts: Iterable[Act]) -> None:
    """What was made known before the day began: all of it, now."""
    scenes = [scene for act in acts if (scene := _scene(stage, act)) is not None]
    await asyncio.gather(*(stage.begin(scene) for scene in scenes))


def _scene(stage: Stage, act: Act) -> Coroutine[Any, Any, None] | None:
    match act:
        case Ask():
            return _ask(stage, act)
        case Publish():
            return _publish(stage, act)
        case CancelSlot():
            return _cancel_slot(stage, act)
        case PatientConfirms():
            return _follow_link(stage, act, "confirm", "confirmed by link")
        case PatientCancels():
            return _follow_link(stage, act, "cancel", "patients cancelled")
        case NoShow():
            return None  # known to the patient alone; the practitioner will see it


async def _ask(stage: Stage, ask: Ask) -> None:
    """The call: proposals while they talk, a seat held, then the request; or straight to dispatch."""
    dice, regulator = Random(ask.request_id), f"reg-{ask.territory}"
    moment = ask.at + _minutes(dice, SAYS_WHAT)
    await stage.time.until(moment)
    slot_id = None
    if ask.interactive:
        moment += _minutes(dice, CHOOSES)
        slot_id = await _agree_on_a_slot(stage, ask, regulator, moment)
        moment += _minutes(dice, AGREES)
        await stage.time.until(moment)
    if not await _enter(stage, ask, regulator, slot_id) and slot_id:
        await _enter(stage, ask, regulator, None)
    stage.note_lag(moment)


async def _enter(stage: Stage, ask: Ask, regulator: str, slot_id: str | None) -> bool:
    """The request is entered, with the seat that was held if any; False when that seat is lost."""
    body = _need(ask) | _person(ask) | {"request_id": ask.request_id, "slot_id": slot_id}
    key = f"demonstration-{ask.request_id}"
    sent = asyncio.ensure_future(stage.doors.post(regulator, "/api/requests", body, key=key, expected=GONE))
    how = "chosen on the phone" if slot_id else "dispatched"
    sent.add_done_callback(lambda answer: _note_entered(stage, ask.request_id, how, answer))
    try:
        await asyncio.shield(sent)
    except asyncio.CancelledError:  # the day ends while the answer is on its way: it is waited for
        await asyncio.gather(sent, return_exceptions=True)
        raise
    except Refusal as refused:
        if refused.code in GONE:
            return False
        raise
    return True


def _note_entered(stage: Stage, request_id: str, how: str, answer: "asyncio.Future[Any]") -> None:
    if not answer.cancelled() and answer.exception() is None:
        stage.entered.add(request_id)
        stage.counted[how] += 1


async def _agree_on_a_slot(stage: Stage, ask: Ask, regulator: str, moment: datetime) -> str | None:
    """The id of the seat held for the patient; None when nothing fits, and the search goes on without her."""
    answer = await stage.doors.post(regulator, "/api/proposals", _need(ask))
    proposals = answer["proposals"]
    await stage.time.until(moment)
    for one in proposals[min(ask.pick, len(proposals) - 1) :] if proposals else []:
        wanted = {"request_id": ask.request_id, "slot_id": one["slot_id"], "mode": one["mode"]}
        try:
            await stage.doors.post(regulator, "/api/holds", wanted, expected=GONE)
        except Refusal as refused:
            if refused.code not in GONE:
                raise
            stage.counted["somebody was faster"] += 1
            continue
        return str(one["slot_id"])
    return None


def _need(ask: Ask) -> dict[str, Any]:
    return {
        "profession": ask.profession,
        "commune": ask.commune,
        "hours": ask.hours,
        "modes": [mode.value for mode in ask.modes],
        "no_vehicle": ask.no_vehicle,
        "can_wait": ask.can_wait,
        "usual_practitioner": ask.usual_practitioner,
    }


def _person(ask: Ask) -> dict[str, Any]:
    caller = ask.caller
    return {
        "phone": caller.phone,
        "last_name": caller.last_name,
        "first_name": caller.first_name,
        "birth_year": caller.birth_year,
        "address": caller.address,
        "sms": caller.sms,
        "reason": ask.reason,
        "note": "Personne fragile." if ask.frail else None,
    }


async def _publish(stage: Stage, act: Publish) -> None:
    """The practitioner opens what has not begun, and after each visit says who came."""
    soon = stage.time.now() + max(TOO_LATE_TO_OPEN, timedelta(seconds=LONGEST_CALL * stage.time.speed))
    slots = [slot for slot in act.slots if slot.start > soon]
    if not slots:
        return
    key = f"demonstration-{act.practitioner_id}-{act.at.timestamp():.0f}"
    body = {"slots": [slot.model_dump(mode="json") for slot in slots]}
    answer = await stage.doors.post(act.practitioner_id, "/api/slots", body, key=key, expected=("past",))
    for said in answer["slots"]:
        start = datetime.fromisoformat(said["start"])
        stage.opened[act.practitioner_id, start] = said["id"]
        stage.counted["seats opened"] += said["capacity"]
        over = start + timedelta(minutes=said["minutes"]) + _minutes(Random(said["id"]), WRITES_UP)
        if over < stage.end:
            stage.begin(_say_who_came(stage, act.practitioner_id, said["id"], over))


async def _say_who_came(stage: Stage, practitioner_id: str, slot_id: str, over: datetime) -> None:
    """After the visit: the practitioner, if anybody was announced, closes each visit of this slot in her agenda."""
    await stage.time.until(over)
    if practitioner_id not in stage.inbox.told:
        return
    agenda = await stage.doors.get(practitioner_id, "/api/slots")
    seats = [seat for slot in agenda if slot["id"] == slot_id for seat in slot["seats"]]
    for seat in seats:
        if seat["kind"] == "booking":
            outcome = "no_show" if seat["request_id"] in stage.absent else "fulfilled"
            await close(stage, practitioner_id, seat["request_id"], outcome)


async def _cancel_slot(stage: Stage, act: CancelSlot) -> None:
    slot_id = stage.opened.get((act.practitioner_id, act.start))
    if slot_id is None:
        return  # it was never opened: the practitioner was too late
    path, door = f"/api/slots/{slot_id}/cancel", "/api/slots/{id}/cancel"
    await stage.doors.post(act.practitioner_id, path, door=door, expected=("slot_already_closed", "refused"))
    stage.counted["slots cancelled"] += 1


async def _follow_link(stage: Stage, act: PatientConfirms | PatientCancels, verb: str, counted: str) -> None:
    """The patient waits for the SMS, opens its link, reads the page, and presses one of its two buttons."""
    token = await stage.inbox.link(act.request_id)
    await stage.doors.get(None, f"/p/{token}", door="/p/{token}", expected=LINK_OVER)
    await stage.doors.post(None, f"/p/{token}/{verb}", door=f"/p/{{token}}/{verb}", expected=LINK_OVER)
    stage.counted[counted] += 1


def _minutes(dice: Random, span: tuple[float, float]) -> timedelta:
    return timedelta(minutes=dice.uniform(*span))
