"""What does `relais simulate` say, and when does it fail?"""

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.simulation import process

runner = CliRunner()


def test_one_day_is_told_step_by_step() -> None:
    said = runner.invoke(app, ["simulate", "--seed", "3", "--steps", "4"])
    assert said.exit_code == 0, said.output
    assert "✓ Seed 3" in said.output
    assert "The last 4 of" in said.output
    assert "relais simulate --seed 3" in said.output


def test_many_days_are_counted() -> None:
    said = runner.invoke(app, ["simulate", "--seeds", "1..3"])
    assert said.exit_code == 0, said.output
    assert "✓ 3 days (1..3)" in said.output


def test_a_broken_day_fails_the_command_and_says_how_to_see_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object) -> list[object]:
        return []

    monkeypatch.setattr(process, "expire_holds", nothing)
    said = runner.invoke(app, ["simulate", "--seeds", "14..26"])
    assert said.exit_code == 1
    assert "I2: the hold of" in said.output
    assert "relais simulate --seed" in said.output


@pytest.mark.parametrize("words", [[], ["--seed", "1", "--seeds", "1..2"], ["--seeds", "2..1"], ["--seeds", "all"]])
def test_what_makes_no_sense_is_refused_with_words(words: list[str]) -> None:
    assert runner.invoke(app, ["simulate", *words]).exit_code == 2
