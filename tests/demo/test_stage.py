"""Does the demonstration keep to its own folder, say what to do when it cannot run, and read its mail?"""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.demo.plan import draw
from services.demo.stage.server import MARK, NotStarted, empty_folder
from services.demo.stage.shared import Inbox


def test_a_new_folder_is_made_and_marked(tmp_path) -> None:
    assert not empty_folder(tmp_path / "demo")
    assert (tmp_path / "demo" / MARK).is_file()


def test_the_folder_of_an_earlier_demonstration_is_emptied(tmp_path) -> None:
    empty_folder(tmp_path)
    (tmp_path / "relais.db").write_text("old")
    assert empty_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [MARK]


def test_a_folder_with_anything_else_is_left_alone(tmp_path) -> None:
    (tmp_path / "thesis.odt").write_text("years of work")
    with pytest.raises(NotStarted, match="rien n'y a été touché"):
        empty_folder(tmp_path)
    assert (tmp_path / "thesis.odt").read_text() == "years of work"


def test_an_unknown_community_is_refused_with_those_one_may_choose(tmp_path) -> None:
    answer = CliRunner().invoke(app, ["demo", "paris", "--data", str(tmp_path / "demo")])
    assert answer.exit_code == 1
    assert "grand-narbonne" in answer.output
    assert not (tmp_path / "demo").exists()


def test_the_var_is_played_with_its_eight_communities() -> None:
    plan = draw("var", hours=0.5)
    assert len(plan.territories) == 8
    assert {act.territory for act in plan.acts} == {one.id for one in plan.territories}
    assert [act.at for act in plan.acts] == sorted(act.at for act in plan.acts)


def test_the_server_s_clock_starts_early_enough_for_everything_to_be_in_place() -> None:
    plan = draw("tarn-ouest", hours=0.5, speed=1200)
    assert plan.start == datetime(2027, 1, 4, 6, tzinfo=UTC)
    assert plan.server_start <= plan.start - timedelta(seconds=6 * 1200)
    assert all(act.at < plan.start for act in plan.known_before)
    assert plan.known_before + plan.of_the_day == plan.acts


def message(number: int, recipient: str = "patient", body: str = "Voir : http://x/p/abcdefgh2345", **more):
    said = {"id": f"m{number}", "kind": "booked", "recipient": recipient, "recipient_id": None, "state": "sent"}
    return {**said, "request_id": "r1", "body": body, **more}


async def test_a_patient_reads_the_link_of_the_newest_sms() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.link("r1"))
    await asyncio.sleep(0)
    assert not waiting.done()
    inbox.read([message(1)])
    assert await waiting == "abcdefgh2345"
    inbox.read([message(1), message(2, body="Déplacé : http://x/p/zyxwvuts9876")])
    assert await inbox.link("r1") == "zyxwvuts9876"


def test_an_alert_is_handed_over_once_however_often_it_is_read() -> None:
    inbox = Inbox()
    alert = message(1, recipient="human", body="À reprendre")
    assert inbox.read([alert]) == ["r1"]
    assert inbox.read([alert]) == []
    assert inbox.read([message(2, recipient="human", body="Toujours")]) == ["r1"]


def test_messages_are_counted_once_and_only_when_they_left() -> None:
    inbox = Inbox()
    inbox.read([message(1, state="due"), message(2, recipient="practitioner", recipient_id="p1")])
    inbox.read([message(1), message(3, state="superseded")])
    assert inbox.sent() == {"patient booked": 1, "practitioner booked": 1}
    assert inbox.told == {"p1"}
