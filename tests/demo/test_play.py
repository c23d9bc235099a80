"""A short morning through the real doors: does what is printed agree with what is remembered?"""

from collections import Counter
from datetime import UTC, timedelta
from io import StringIO

import pytest
from rich.console import Console

from dispatcher import store
from dispatcher.life import OPEN, SEATED, TERMINAL, State
from services.demo.command import play_plan
from services.demo.plan import draw
from services.demo.stage.server import OwnServer, empty_folder
from services.demo.stage.show import sheet
from services.ports import free_port
from services.storage.database import Database

pytestmark = [pytest.mark.journey, pytest.mark.slow, pytest.mark.timeout(300)]


async def test_a_short_morning_adds_up_and_leaves_nobody_without_an_answer(tmp_path) -> None:
    plan = draw("tarn-ouest", seed=3, hours=1.5, speed=240)
    empty_folder(tmp_path)
    server = OwnServer(tmp_path, free_port(), plan.speed, plan.server_start)
    summary, stage = await play_plan(plan, server, Console(file=StringIO(), width=100))

    assert stage.doors.errors == {}, server.log.read_text("utf-8")[-3000:]
    assert stage.entered <= {act.request_id for act in plan.acts if hasattr(act, "request_id")}
    assert len(stage.entered) > 20
    assert summary.total.asked == len(stage.entered)

    database = Database(f"sqlite:///{tmp_path / 'relais.db'}")
    async with database.read() as db:
        rows = await store.entered_between(
            db, "tarn-ouest", plan.start - timedelta(days=1), plan.end + timedelta(days=1)
        )
    await database.close()

    assert {row.request_id for row in rows} == stage.entered
    assert {line.name: line.asked for line in summary.by_profession} == Counter(row.need.profession for row in rows)
    ended = Counter(row.state.value for row in rows)  # the server's clock went on while the figures were collected
    assert all(summary.states.get(state, 0) <= ended[state] for state in TERMINAL)
    assert Counter(row.state in SEATED for row in rows if row.state in OPEN)[True] > 10
    for row in rows:
        answered = row.state in SEATED + TERMINAL or row.state is State.ESCALATED
        still_time = row.state in (State.SEEKING, State.OFFERING) and row.need.deadline.astimezone(UTC) > plan.end
        assert answered or still_time, f"{row.request_id} has no answer and no time left"
    assert summary.total.placed + summary.total.withdrawn >= 0.7 * len(rows)

    dispatched, chosen = stage.counted["dispatched"], stage.counted["chosen on the phone"]
    assert dispatched + chosen == len(stage.entered)
    assert min(dispatched, chosen) > 0
    assert summary.confirmed_by_link > 0, "no patient followed the link of an SMS"
    assert sum(summary.messages.values()) >= 2 * summary.confirmed_by_link

    printed = StringIO()
    Console(file=printed, width=100).print(sheet(summary))
    assert f"{len(rows)}  demandes de soins" in printed.getvalue()
