"""Does a process that dies, or lives and does nothing, come back, and does nothing outlive its supervisor?"""

import signal
import sys
from pathlib import Path

import httpx
import pytest

from services.watch.supervisor import LONGEST_PAUSE, pause_before
from tests import servers
from tests.watch.conftest import Boot
from tests.watch.machine import Machine, kill, lives

pytestmark = [
    pytest.mark.journey,
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]


def test_relais_killed_answers_again_with_everything_it_had_acknowledged(
    boot: Boot, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = boot()
    entered = [machine.enter() for _ in range(5)]
    kill(machine.process("all"), signal.SIGKILL)
    machine.until(lambda: not machine.answers(), "it still answered")
    seconds = machine.until(machine.answers, "it did not come back")
    with capsys.disabled():
        print(f"\nkilled, Relais answered again after {seconds:.1f} s")
    assert [machine.state_of(one) for one in entered] == ["seeking"] * 5
    machine.until(lambda: "répond de nouveau" in machine.said(), "it did not say so")
    assert "s'est arrêté (SIGKILL)" in machine.said()
    assert machine.stop() == 0


def test_a_frozen_relais_is_ended_and_started_again(boot: Boot) -> None:
    machine = boot(silence=3.0)
    frozen = machine.process("all")
    kill(frozen, signal.SIGSTOP)
    machine.until(lambda: not lives(frozen), "it was left frozen")
    machine.until(machine.answers, "it did not come back")
    assert "figé depuis" in machine.said()
    assert machine.enter()


@pytest.mark.parametrize(
    ("how", "said"), [(signal.SIGKILL, "ended by itself"), (signal.SIGSTOP, "lives but does not answer")]
)
def test_a_nats_server_that_is_killed_or_frozen_comes_back_and_the_facts_go_out(
    boot: Boot, how: signal.Signals, said: str
) -> None:
    machine = boot()
    kill(machine.process("nats-server"), how)
    machine.enter()  # the door stays open meanwhile
    machine.until(lambda: said in machine.said(), "nobody noticed")
    machine.until(lambda: bus_and_waiting(machine) == (True, 0), "the facts did not go out")


def bus_and_waiting(machine: Machine) -> tuple[bool, int]:
    said = httpx.get(f"{machine.url}/health", timeout=20).json()
    return said["bus"], said["outbox_waiting"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_the_supervisor(boot: Boot, how: signal.Signals) -> None:
    machine = boot()
    below = machine.processes()
    assert sorted(below.values()) == ["all", "nats-server"]
    code = machine.stop(how)
    assert code == (-9 if how is signal.SIGKILL else 0)
    machine.until(lambda: not any(lives(pid) for pid in below), "an orphan is left")
    assert "Traceback" not in machine.said()
    assert "Fatal" not in machine.said()


def test_started_again_right_after_a_kill_it_waits_for_what_still_stops(boot: Boot) -> None:
    machine = boot()
    request_id = machine.enter()
    below = machine.processes()
    machine.stop(signal.SIGKILL)
    machine.start()  # may be answered by what still stops
    machine.until(lambda: not any(lives(pid) for pid in below), "what was below the killed one still runs")
    machine.until(machine.answers, "it did not answer")
    assert machine.state_of(request_id) == "seeking"


def test_a_second_ctrl_c_does_not_wait(boot: Boot) -> None:
    machine = boot()
    below = machine.processes()
    kill(machine.process("all"), signal.SIGSTOP)  # it cannot stop cleanly
    kill(machine.pid, signal.SIGINT)
    machine.until(lambda: "Arrêt en cours" in machine.said(), "it did not hear Ctrl-C")
    machine.stop(signal.SIGINT)
    assert not any(lives(pid) for pid in below)


@pytest.mark.pg
async def test_on_postgresql_every_room_is_a_process_and_comes_back_alone(
    boot: Boot, postgres_server: servers.Postgres, tmp_path: Path
) -> None:
    keys = f"sqlite:///{tmp_path / 'keyring.db'}"
    machine = boot(environment={"RELAIS_DATABASE_URL": await postgres_server.blank(), "RELAIS_KEYRING_URL": keys})
    each = ["availability", "clock", "dispatcher", "nats-server", "notifications", "web"]
    machine.until(lambda: sorted(machine.processes().values()) == each, "not every room has a process")
    below = machine.processes()
    kill(machine.process("dispatcher"), signal.SIGKILL)
    machine.until(lambda: "Relais (dispatcher) répond de nouveau" in machine.said(), "it did not come back")
    assert set(below) - set(machine.processes()) == {pid for pid, name in below.items() if name == "dispatcher"}
    assert machine.stop() == 0
    assert not any(lives(pid) for pid in below)


def test_the_pauses_between_restarts_grow_to_a_limit() -> None:
    pauses = [pause_before(restart) for restart in range(1, 12)]
    assert pauses[0] == 0
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
