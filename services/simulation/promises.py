"""Which promises does a simulated house keep? Those of every moment, and those of the end of time."""

from collections.abc import Sequence
from datetime import datetime

from dispatcher.life import OPEN
from services.checks import ledger, readers, timers
from services.checks.examine import INVARIANTS
from services.checks.look import Look
from services.simulation import promises_kept as kept
from services.simulation.file import File
from services.simulation.people import People
from services.simulation.phones import Phones
from services.simulation.process import Process
from services.simulation.transport import Transport

_OPEN = ", ".join(f"'{state}'" for state in OPEN)
_AT_ONCE = f"""
SELECT 'I2: a seat of slot ' || slot_id || ' is taken ' || count(*) || ' times' FROM booking
    WHERE state = 'active' GROUP BY slot_id, seat HAVING count(*) > 1
UNION ALL SELECT 'I2: request ' || request_id || ' has ' || count(*) || ' active seats' FROM booking
    WHERE state = 'active' GROUP BY request_id HAVING count(*) > 1
UNION ALL SELECT 'I2: request ' || request_id || ' sits on no seat of an open slot' FROM booking b
    LEFT JOIN slot s ON s.id = b.slot_id
    WHERE b.state = 'active' AND (s.id IS NULL OR s.status <> 'open' OR b.seat < 0 OR b.seat >= s.capacity)
UNION ALL SELECT 'I2: two open slots of ' || a.practitioner_id || ' overlap' FROM slot a JOIN slot b
    ON a.practitioner_id = b.practitioner_id AND a.id < b.id AND a.start < b.ends AND b.start < a.ends
    WHERE a.status = 'open' AND b.status = 'open'
UNION ALL SELECT 'I3: request ' || id || ' is ' || state || ' and no timer watches it' FROM care_request
    WHERE state IN ({_OPEN}) AND id NOT IN (SELECT request_id FROM request_timer)
UNION ALL SELECT 'I3: request ' || r.id || ' has ended and a timer is left' FROM care_request r
    JOIN request_timer t ON t.request_id = r.id WHERE r.state NOT IN ({_OPEN})
"""
_SAID = "SELECT max(seq), sum(id NOT IN (SELECT event_id FROM audit)) FROM outbox WHERE seq > ?"
_ENDED = f"SELECT id, state FROM care_request WHERE state NOT IN ({_OPEN})"
_UNDER_WAY = """
SELECT 'I7: ' || topic || ' is not published' FROM outbox WHERE published_at IS NULL
UNION ALL SELECT 'I4: a message ' || kind || ' is ' || state FROM message
    WHERE state = 'claimed' OR (state = 'due' AND send_after <= ?)
"""


_NOT_ASKED = (ledger.sealed_late, timers.rung_late)
"""Nobody seals the audit here, and looking again for a seat may be late (services/simulation/file.py)."""


class Ledgers:
    """What is committed, looked at from outside."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._said = 0
        self._ended: dict[str, str] = {}

    def at_once(self) -> list[str]:
        """What does not hold between two transactions: I2, I3, I5, and that who has ended stays ended."""
        found = [row[0] for row in self._file.rows(_AT_ONCE)]
        last, silent = self._file.rows(_SAID, self._said)[0]
        self._said = last or self._said
        if silent:
            found.append(f"I5: {silent} facts were said and are not in the audit")
        ended = dict(self._file.rows(_ENDED))
        found += [
            f"I3: request {request_id} had ended as {before} and is {ended.get(request_id, 'open')}"
            for request_id, before in self._ended.items()
            if ended.get(request_id) != before
        ]
        self._ended = ended
        return found

    def under_way(self, now: datetime) -> list[str]:
        """What was promised and has not left yet."""
        return [row[0] for row in self._file.rows(_UNDER_WAY, now.strftime("%Y-%m-%d %H:%M:%S.%f"))]

    async def at_the_end(
        self, people: People, transport: Transport, phones: Phones, processes: Sequence[Process], now: datetime
    ) -> list[str]:
        """What does not hold when nothing moves any more: all that `relais check` asks, and what only somebody knows
        who stands outside the house."""
        ask = self._file.rows
        async with self._file.database.read() as db:
            look = Look(db, self._file.database.dialect, now)
            found = [
                f"{invariant.name}: {one}"
                for invariant in INVARIANTS
                for check in invariant.checks
                if check not in _NOT_ASKED and not (invariant.needs_stream and check is not readers.never_published)
                for one in await check(look)
            ]
        return [
            *found,
            *kept.entered(ask, people),
            *kept.holds_end(ask),
            *kept.heard(ask, transport),
            *kept.alerted(ask, now),
            *kept.told(ask, people, phones),
            *kept.seen(ask, processes),
        ]
