"""What happens on the demonstration's day? Every act of patients and practitioners, from one seed."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from availability.agenda import NewPractitioner
from schemas.event import derived_id
from schemas.territory import Territory
from schemas.values import Mode
from services.demo.supply import publications
from services.demo.world import callers
from services.demo.world.acts import (
    Act,
    Answer,
    Ask,
    CancelSlot,
    NoShow,
    PatientCancels,
    PatientConfirms,
    Publish,
    in_order,
)
from services.demo.world.names import PHONES
from services.demo.world.rhythm import hours_between, poisson, requests_expected
from services.reference.communes import Communes

FIRST_HOUR = 7  # the demonstration's day begins at 7:00 local time
DAYS_AHEAD = 2  # slots are made known up to two evenings before

CAN_WAIT = 0.7  # of those with a day's time: the hour may be told later (ours)
INTERACTIVE = 0.6  # of the requests: the patient waits on the line and chooses (ours)
PICKS = (75, 17, 8)  # per cent who take the first, second, third proposal (ours)

CONFIRMS = 0.55  # open the link and confirm (ours)
CANCELS = 0.06  # give the place back by the link (ours)
NO_SHOWS = 0.10  # of all patients (thesis, Valenciennes 2024)
SLOTS_CANCELLED = 0.03  # by their practitioner (ours)

# What the human on call does with an escalated request: 53 % are sent on to other care, 27 % to emergency or
# SAMU (GPs who cannot answer, DREES 2019): both are "redirected" here; the split of the rest is ours.
ANSWERS: tuple[tuple[int, Answer], ...] = ((55, "redirected"), (15, "advised"), (10, "unmet"), (20, "waits"))


def day(
    territory: Territory,
    population: list[NewPractitioner],
    on: date,
    seed: int,
    *,
    communes: Communes,
    hours: float = 24.0,
    tightness: float = 1.0,
) -> list[Act]:
    """All acts from 7:00 local time of `on` for `hours` hours, by time; same arguments, same acts.

    Slots that were made known before, and have not begun, come first, at their own earlier moments. Requests
    are drawn by Poisson for each hour (services/demo/world/rhythm.py), professions by `DEMAND_SHARE`,
    communes by population.
    """
    start = datetime.combine(on, time(FIRST_HOUR), tzinfo=territory.tz).astimezone(UTC)
    end = start + timedelta(hours=hours)
    days = [on + timedelta(days=ahead) for ahead in range(DAYS_AHEAD + 1 + int(hours // 24))]
    opened = [act for act in publications(population, territory, days, seed=seed, tightness=tightness) if act.at < end]
    town = callers.Town(territory, communes, population)
    asked = list(_requests(town, len(population), start, end, seed))
    return in_order([*opened, *_taken_back(opened, start, end, seed), *asked, *_patients(asked, end, seed)])


def _requests(town: callers.Town, professionals: int, start: datetime, end: datetime, seed: int) -> Iterator[Ask]:
    territory = town.territory
    dice = Random(f"{seed}:{territory.id}:{start.isoformat()}:requests")
    first_phone = dice.randrange(PHONES)
    number = 0
    for hour, part in hours_between(start, end):
        for _ in range(poisson(requests_expected(territory, professionals, hour) * part, dice)):
            at = hour + timedelta(seconds=round(dice.uniform(0, 3600 * part)))
            request_id = derived_id(str(seed), territory.id, start.isoformat(), str(number))
            yield _ask(town, at, request_id, first_phone + number, dice)
            number += 1


def _ask(town: callers.Town, at: datetime, request_id: str, number: int, dice: Random) -> Ask:
    profession = callers.profession_asked(dice)
    home = town.home(dice)
    frail, age = callers.frailty_and_age(profession, dice)
    no_vehicle = dice.random() < callers.NO_VEHICLE
    modes = callers.modes_wanted(profession, frail=frail, no_vehicle=no_vehicle, dice=dice)
    hours = callers.promise_of(profession, dice)
    wants_usual = profession == "10" and dice.random() < callers.USUAL_GP
    return Ask(
        at=at,
        territory=town.territory.id,
        request_id=request_id,
        caller=callers.caller(number, home, age, at.year, at_home=Mode.HOME in modes, dice=dice),
        profession=profession,
        commune=home.insee,
        hours=hours,
        modes=modes,
        age=age,
        frail=frail,
        no_vehicle=no_vehicle,
        can_wait=town.territory.told_before is not None and hours >= 24 and dice.random() < CAN_WAIT,
        usual_practitioner=town.usual_gp(home, dice) if wants_usual else None,
        reason=callers.reason_of(profession, dice),
        interactive=dice.random() < INTERACTIVE,
        pick=dice.choices(range(len(PICKS)), PICKS)[0],
        otherwise=dice.choices([answer for _, answer in ANSWERS], [share for share, _ in ANSWERS])[0],
    )


def _patients(asked: Iterable[Ask], end: datetime, seed: int) -> Iterator[Act]:
    """What each patient does after the call; who cancels does not also stay away."""
    for ask in asked:
        dice = Random(f"{seed}:{ask.request_id}:patient")
        confirms_at = ask.at + timedelta(minutes=3 + dice.lognormvariate(3.0, 0.9))  # median 23 min (ours)
        cancels_at = ask.at + timedelta(minutes=dice.uniform(15, 360))
        fate = dice.random()
        if ask.caller.sms and dice.random() < CONFIRMS and confirms_at < end:
            yield PatientConfirms(at=confirms_at, territory=ask.territory, request_id=ask.request_id)
        if fate < NO_SHOWS:
            yield NoShow(at=ask.at, territory=ask.territory, request_id=ask.request_id)
        elif fate < NO_SHOWS + CANCELS and ask.caller.sms and cancels_at < end:
            yield PatientCancels(at=cancels_at, territory=ask.territory, request_id=ask.request_id)


def _taken_back(opened: Sequence[Publish], start: datetime, end: datetime, seed: int) -> Iterator[CancelSlot]:
    """The times that practitioners take back, after they were known and at least 20 min before they begin."""
    for said in opened:
        dice = Random(f"{seed}:{said.practitioner_id}:{said.at.isoformat()}:cancels")
        for slot in said.slots:
            if dice.random() >= SLOTS_CANCELLED:
                continue
            earliest = max(said.at, start) + timedelta(minutes=10)
            latest = min(slot.start - timedelta(minutes=20), end)
            if earliest < latest:
                at = max(earliest, latest - (latest - earliest) * dice.random() ** 2)
                yield CancelSlot(at, said.territory, said.practitioner_id, slot.start)
