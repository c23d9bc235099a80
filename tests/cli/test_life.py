"""Does `relais up` start, work, stop, and find everything again?"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.ports import free_port

pytestmark = pytest.mark.journey

RELAIS = [sys.executable, "-c", "from services.cli.main import app; app()"]


class Machine:
    """A folder, a port, and the commands one would type."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RELAIS_")}
        self.environment = kept | {"RELAIS_PORT": str(self.port), "RELAIS_DATA_DIR": str(folder)}
        self.up: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.up = subprocess.Popen(
            [*RELAIS, "up", "--no-seed"], env=self.environment, stderr=subprocess.PIPE, text=True
        )
        until = time.monotonic() + 60
        while time.monotonic() < until and self.up.poll() is None:
            try:
                if httpx.get(f"{self.url}/health").is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        pytest.fail("relais up did not answer")

    def stop(self, how: int = signal.SIGINT) -> tuple[int, str]:
        """Its exit code, and all it said."""
        assert self.up is not None
        self.up.send_signal(how)
        _, words = self.up.communicate(timeout=30)
        return self.up.returncode, words

    def type(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*RELAIS, *words], env=self.environment, capture_output=True, text=True, timeout=60)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path / "var")
    machine.start()
    yield machine
    if machine.up is not None and machine.up.poll() is None:
        machine.up.kill()
        machine.up.communicate(timeout=30)


def registered(machine: Machine) -> str:
    """A practitioner of the territory."""
    with httpx.Client(base_url=machine.url) as client:
        client.post("/api/session", json={"account": "coord-tarn-ouest"})
        person = {"id": "p-essai-1", "name": "Dr Essai", "profession": "10", "commune": "81105"}
        client.post("/api/practitioners", json={"practitioners": [person]}).raise_for_status()
    return person["id"]


def state_of(machine: Machine, request_id: str) -> str:
    """What `relais request show` says of it."""
    return str(json.loads(machine.type("request", "show", request_id).stdout)["state"])


def booked(machine: Machine, request_id: str) -> bool:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if state_of(machine, request_id) == "booked":
            return True
    return False


def test_a_slot_and_a_request_typed_in_a_terminal_find_each_other_and_are_there_after_a_stop(machine: Machine) -> None:
    person = registered(machine)
    added = machine.type("slots", "add", "--practitioner", person, "--start", "dans 3h", "--minutes", "20")
    assert added.returncode == 0, added.stderr
    entered = machine.type(
        "request", "add", "--phone", "06 39 98 12 34", "--last-name", "Essai", "--commune", "graulhet", "--json"
    )
    assert entered.returncode == 0, entered.stderr
    request_id = json.loads(entered.stdout)["id"]
    assert booked(machine, request_id)

    code, words = machine.stop()
    assert code == 0
    assert "Rien n'est perdu" in words
    assert "Traceback" not in words
    machine.start()
    assert state_of(machine, request_id) == "booked"


def test_after_a_power_cut_everything_acknowledged_is_there_and_work_goes_on(machine: Machine) -> None:
    person = registered(machine)
    words = ("request", "add", "--phone", "0639981234", "--last-name", "Essai", "--commune", "graulhet", "--json")
    request_id = json.loads(machine.type(*words).stdout)["id"]
    machine.stop(signal.SIGKILL)
    machine.start()
    assert state_of(machine, request_id) == "seeking"
    machine.type("slots", "add", "--practitioner", person, "--start", "dans 3h")
    assert booked(machine, request_id)


def test_a_second_relais_on_the_same_folder_or_port_is_refused_with_words(machine: Machine, tmp_path: Path) -> None:
    again = machine.type("up", "--no-seed")
    assert again.returncode == 1
    assert "tourne déjà" in again.stderr
    elsewhere = machine.type("up", "--no-seed", "--data", str(tmp_path / "other"))
    assert elsewhere.returncode == 1
    assert f"--port {machine.port + 1}" in elsewhere.stderr


def test_the_facts_can_be_followed_and_the_doctor_is_content(machine: Machine) -> None:
    tail = subprocess.Popen(
        [*RELAIS, "events", "tail", "--json"], env=machine.environment, stdout=subprocess.PIPE, text=True
    )
    assert tail.stdout is not None
    assert json.loads(tail.stdout.readline())["subject"] == "live"
    machine.type("request", "add", "--phone", "0639981234", "--last-name", "Essai", "--commune", "graulhet")
    fact = json.loads(tail.stdout.readline())
    tail.kill()
    tail.wait()
    tail.stdout.close()
    assert (fact["subject"], fact["territory"]) == ("request.entered.v1", "tarn-ouest")
    findings = {one["what"]: one for one in json.loads(machine.type("doctor", "--json").stdout)}
    assert findings["Relais"]["state"] == "fine"
    assert findings["Personnes à alerter"]["state"] == "wrong"  # nobody is on the roster of an empty Relais


def test_an_operator_and_a_coordinator_do_their_work_in_a_terminal(machine: Machine) -> None:
    words = ("request", "add", "--phone", "0639981234", "--last-name", "Essai", "--commune", "graulhet", "--json")
    request_id = json.loads(machine.type(*words).stdout)["id"]
    assert json.loads(machine.type("aside", "list", "--json").stdout) == []
    for gone in (("show",), ("replay",), ("drop", "--why", "un essai")):
        done = machine.type("aside", gone[0], "0" * 32, *gone[1:])
        assert (done.returncode, "Message introuvable" in done.stderr) == (2, True)
    refused = machine.type("person", "erase", "--request", request_id)
    assert (refused.returncode, "--force" in refused.stderr) == (2, True)
    done = machine.type("person", "erase", "--phone", "06 39 98 12 34", "--force")
    assert (done.returncode, request_id in done.stdout) == (0, True), done.stderr
    assert json.loads(machine.type("request", "show", request_id).stdout)["patient"]["name"] == "—"
    assert machine.type("republish").returncode == 2
    for since in (("--all",), ("--since", "2026-01-01T00:00Z")):
        again = machine.type("republish", *since)
        assert (again.returncode, "publiés de nouveau" in again.stdout) == (0, True), again.stderr
