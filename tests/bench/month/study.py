"""Which policies are compared, in which months, and what does each give beside the others?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import fmean

from dispatcher.planning.bids import Learned
from tests.bench.month.bids import Bids, learn
from tests.bench.month.clock import Month, Policy
from tests.bench.month.demand import Request, requests_of_month, urgency
from tests.bench.month.fairness import Shares
from tests.bench.month.first_come import FirstCome
from tests.bench.month.hindsight import Hindsight, hindsight
from tests.bench.month.measure import Figures, measure
from tests.bench.month.ours import Batch, Late, Online, not_urgent
from tests.bench.month.troubles import troubles_of_month
from tests.bench.month.world import SUPPLY, Seat, World, a_world, seats_of_month

DAYS = 28
PAST_MONTHS = 2
PAST = 1000
"""Seeds of the months that are over: another draw of calls and absences, in the same territory."""
FIVE, HOUR = timedelta(minutes=5), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Setting:
    """One month of one territory, and all that is known beforehand: `learned` from the months before it."""

    world: World
    seats: Sequence[Seat]
    requests: Sequence[Request]
    learned: Learned
    limit: Hindsight


def a_setting(supply: str, seed: int, days: int = DAYS, past_days: int = DAYS) -> Setting:
    """The month of this seed. Seats go on for a day after the last call."""
    world = a_world(seed, SUPPLY[supply])
    seats, requests = seats_of_month(world, seed, days + 1), requests_of_month(world, seed, days)
    return Setting(world, seats, requests, learn(past_months(world, seed, past_days)), hindsight(requests, seats))


def past_months(world: World, seed: int, days: int = DAYS) -> list[tuple[list[Request], list[Seat]]]:
    """The calls and the seats of the months before."""
    seeds = [PAST * number + seed for number in range(1, PAST_MONTHS + 1)]
    return [(requests_of_month(world, one, days), seats_of_month(world, one, days + 1)) for one in seeds]


Make = Callable[[Learned], Policy]

FIRST_COME = "first come, earliest seat"
PEERS: Mapping[str, Make] = {
    FIRST_COME: lambda _: FirstCome(earliest=True),
    "first come, cheapest seat": lambda _: FirstCome(earliest=False),
}
AT_ONCE: Mapping[str, Make] = {
    "online": lambda _: Online(),
    "online, prices": lambda learned: Online(Bids(learned)),
    "batch 5 min": lambda _: Batch(FIVE),
    "batch 5 min, prices": lambda learned: Batch(FIVE, Bids(learned)),
}
PROMISED: Mapping[str, Make] = {
    "U3 told 4 h before": lambda _: Late(FIVE, 4 * HOUR, flexible=not_urgent),
    "all told 2 h before": lambda _: Late(FIVE, 2 * HOUR),
    "all told 2 h before, prices": lambda learned: Late(FIVE, 2 * HOUR, Bids(learned)),
    "the same, fair to GPs": lambda learned: Late(FIVE, 2 * HOUR, Bids(learned), Shares()),
    "all told 1 h before, prices": lambda learned: Late(FIVE, HOUR, Bids(learned)),
}
POLICIES = {**PEERS, **AT_ONCE, **PROMISED}
CLAIRVOYANT = "clairvoyant"
TROUBLED = {name: POLICIES[name] for name in (FIRST_COME, "batch 5 min, prices", "all told 2 h before, prices")}
"""Those that are played again with refusals, no-shows and cancellations."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`figures` of a policy; `waits` in hours of those seen; `never` what no policy may do, counted."""

    figures: Figures
    waits: tuple[float, ...]
    never: Mapping[str, int]


def side_by_side(setting: Setting, policies: Mapping[str, Make] = POLICIES) -> dict[str, Outcome]:
    """Every policy on the same month, and the clairvoyant."""
    found = {CLAIRVOYANT: outcome(setting, setting.limit.chosen, {})}
    for name, make in policies.items():
        board = Month(make(setting.learned), setting.seats, setting.requests).play()
        found[name] = outcome(setting, board.confirmed, board.never)
    return found


def outcome(setting: Setting, chosen: Mapping[str, str], never: Mapping[str, int]) -> Outcome:
    """The figures of an assignment, slot by request."""
    slots = {seat.slot.slot_id: seat.slot for seat in setting.seats}
    waits = [(slots[chosen[one.id]].start - one.entered) / HOUR for one in setting.requests if one.id in chosen]
    return Outcome(measure(setting.requests, chosen, slots, setting.limit.cost), tuple(sorted(waits)), dict(never))


def gap(outcome: Outcome, limit: Outcome) -> float:
    """How much dearer than the clairvoyant's month, as a share of it."""
    return outcome.figures.cost / limit.figures.cost - 1


@dataclass(frozen=True, slots=True)
class Troubled:
    """A month in which things go wrong. Of those who still wanted care: shares seen within 24 h, of all and of the most
    urgent; share who came. `cut` lost a seat to a practitioner's no, `mended` of them got another in time; `withdrew`
    needed it no longer; `flag_hours` = how long before the deadline a human was told of those missed, on average."""

    within_24: float
    urgent_24: float
    came: float
    cut: int
    mended: int
    withdrew: int
    flag_hours: float
    never: Mapping[str, int]


def with_troubles(setting: Setting, seed: int, policies: Mapping[str, Make] = TROUBLED) -> dict[str, Troubled]:
    """The same month once more; the same refusals, no-shows and cancellations for every policy."""
    troubles = troubles_of_month([seat.slot for seat in setting.seats], setting.requests, seed)
    found = {}
    for name, make in policies.items():
        month = Month(make(setting.learned), setting.seats, setting.requests, troubles)
        board = month.play()
        wanted = [one for one in setting.requests if one.id not in month.withdrawn]
        urgent = [one for one in wanted if urgency(one) == 1]
        missed = [one for one in wanted if one.id not in board.confirmed]
        early = [(one.need.deadline - board.flagged[one.id]) / HOUR for one in missed if one.id in board.flagged]
        found[name] = Troubled(
            within_24=1 - len(missed) / len(wanted),
            urgent_24=fmean(one.id in board.confirmed for one in urgent),
            came=fmean(one.id in board.confirmed and one.id not in troubles.no_shows for one in wanted),
            cut=len(month.cut),
            mended=sum(one in board.confirmed for one in month.cut - month.withdrawn),
            withdrew=len(month.withdrawn),
            flag_hours=fmean(early) if early else 0.0,
            never=dict(board.never),
        )
    return found
