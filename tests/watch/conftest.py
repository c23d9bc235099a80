"""What do the tests of supervision need? A machine on which Relais is up, and nothing left of it afterwards."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.bus.server import NatsMissing, find_server
from tests import servers
from tests.watch.machine import Machine

Boot = Callable[..., Machine]


@pytest.fixture
def boot(tmp_path: Path) -> Iterator[Boot]:
    """`boot(silence=3.0)`: a machine on which Relais answers."""
    try:
        find_server()
    except NatsMissing as missing:
        servers.missing(str(missing))
    machines: list[Machine] = []

    def start(**given: object) -> Machine:
        machine = Machine(tmp_path, **given)  # type: ignore[arg-type]  # a dictionary, and numbers
        machines.append(machine)
        machine.start()
        return machine

    yield start
    for machine in machines:
        machine.end()
