"""What did a run show? Counts, and how long each kind of fault was felt, as a table one can publish."""

import os
import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from tests.chaos.faults import VICTIMS, Faults, Kill
from tests.chaos.judge import Verdict
from tests.chaos.people import Journal

FELT_BY = {
    "web": "POST answered 2xx again",
    "postgres": "POST answered 2xx again",
    "clock": "an alert that was due was written",
    "nats": "message due for a new request",
    "dispatcher": "message due for a new request",
    "availability": "message due for a new request",
    "notifications": "message due for a new request",
}
DOOR = "/api/requests"


@dataclass(frozen=True, slots=True)
class Scene:
    """One run: what it is called, what was done, what people were promised, what was found."""

    name: str
    journal: Journal
    faults: Faults
    verdict: Verdict
    notes: Sequence[str] = ()


@dataclass
class Report:
    """Everything that was shown, and what could not be."""

    command: str
    seed: int
    scenes: list[Scene] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """Scenes that broke off before they could be judged, with why."""

    @property
    def clean(self) -> bool:
        return bool(self.scenes) and not self.broken and all(scene.verdict.clean for scene in self.scenes)

    def markdown(self) -> str:
        notes = [*self.notes, *(f"{scene.name}: {note}" for scene in self.scenes for note in _said(scene))]
        found = [*self.broken, *(f"{scene.name}: {what}" for scene in self.scenes for what in _found(scene.verdict))]
        parts = [
            _table(["scene", *COUNTED], ([scene.name, *_counts(scene)] for scene in self.scenes)),
            _table(["killed", "times", "of them alone", "then felt until", "p50", "max"], _recoveries(self.scenes)),
            "\n".join(f"- {note}" for note in notes),
        ]
        if found:
            parts.append("## What is wrong\n\n" + "\n".join(f"- {one}" for one in found[:100]))
        return "\n\n".join(part for part in parts if part) + "\n"

    def heading(self, when: datetime) -> str:
        return (
            f"Run of {when:%d %B %Y}: `{self.command}` (seed {self.seed}), {platform.system()} {platform.machine()}, "
            f"{os.cpu_count()} cores, Python {platform.python_version()}."
        )


COUNTED = (
    "acknowledged", "had a seat", "lost", "double booked", "double messaged", "violated", "ambiguous", "set aside",
    "messages handed over",
)  # fmt: skip


def recovery(kill: Kill, journal: Journal, marks: dict[str, datetime]) -> float | None:
    """Seconds from the death to the first sign of life of what people notice; None when none was seen."""
    name, dead = kill.name, kill.dead
    if name in ("web", "postgres"):
        signs: Iterable[datetime] = (one.ended for one in journal.attempts if one.began > dead and one.good)
    else:
        kinds = ("urgent",) if name == "clock" else ("plain", "held")
        signs = (marks[one.id] for one in journal.requests.values()
                 if one.sent > dead and one.kind in kinds and one.id in marks)  # fmt: skip
    first = min(signs, default=None)
    return None if first is None else (first - dead).total_seconds()


def entry_while_away(journal: Journal, faults: Faults) -> tuple[int, int]:
    """Of the POSTs that began while NATS alone was away: how many were answered 2xx, and how many there were."""
    tried = [
        one for one in journal.attempts if one.door == DOOR and any(down < one.began < up for down, up in faults.away)
    ]
    return sum(one.good for one in tried), len(tried)


def _recoveries(scenes: Sequence[Scene]) -> list[list[str]]:
    rows = []
    for name in VICTIMS:
        killed = [(scene, kill) for scene in scenes for kill in scene.faults.kills if kill.name == name]
        felt = [recovery(kill, scene.journal, scene.verdict.marks) for scene, kill in killed if kill.alone]
        seen = sorted(one for one in felt if one is not None)
        if killed:
            p50, worst = (f"{median(seen):.1f} s", f"{seen[-1]:.1f} s") if seen else ("–", "–")
            rows.append([name, str(len(killed)), str(len(seen)), FELT_BY[name], p50, worst])
    return rows


def _counts(scene: Scene) -> list[str]:
    one = scene.verdict
    numbers = (
        one.acknowledged,
        one.seated.total(),
        len(one.lost),
        len(one.double_booked),
        len(one.double_messaged),
        len(one.violated),
        one.ambiguous,
        one.set_aside,
        one.messages,
    )
    return [str(number) for number in numbers]


def _said(scene: Scene) -> list[str]:
    good, tried = entry_while_away(scene.journal, scene.faults)
    away = [f"entry while NATS was away: {good} of {tried} POSTs answered 2xx"] if scene.faults.away else []
    waits = [
        (scene.verdict.marks[one.id] - one.promised).total_seconds()
        for one in scene.journal.requests.values()
        if one.kind == "plain" and one.id in scene.verdict.marks
    ]
    longest = (
        [f"from the answer to the message: median {median(waits):.1f} s, longest {max(waits):.0f} s"] if waits else []
    )
    given_up = [f"{scene.journal.given_up} acts were never answered"] if scene.journal.given_up else []
    return [*away, *longest, *_lived(scene), *given_up, *scene.faults.notes, *scene.notes]


def _lived(scene: Scene) -> list[str]:
    """What was really done under the kills: a scene in which nobody finds a seat proves little."""
    journal, verdict = scene.journal, scene.verdict
    entered = Counter(one.kind for one in journal.requests.values())
    kinds = ", ".join(f"{kind} {verdict.seated[kind]} of {n}" for kind, n in sorted(entered.items()))
    return [
        f"had a seat, of those entered: {kinds}",
        f"{verdict.settled} promised hours were told; asked: {len(journal.yeses)} yeses, {len(journal.noes)} noes",
        f"{len(journal.moved)} got another place, {len(journal.confirmed)} patients said that they come, "
        f"{len(journal.withdrawn)} requests withdrawn, {len(journal.closed_slots)} slots taken back",
        f"linked agendas: {journal.readings} readings, {len(journal.taken)} times taken; "
        f"{verdict.full} practitioners with as many visits as they allow",
    ]


def _found(verdict: Verdict) -> list[str]:
    rest = [] if verdict.at_rest else ["did not come to rest"]
    return [*rest, *verdict.lost, *verdict.double_booked, *verdict.double_messaged, *verdict.violated]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
