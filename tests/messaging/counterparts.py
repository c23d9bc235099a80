"""Which programs of other people do the tests speak to? npm's `smpp` and two counters; Debian's Kannel."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.servers import missing

HERE = Path(__file__).parent / "node"
PACKAGES = ("smpp@0.5.1", "split-sms@0.1.7", "sms-segments-calculator@1.3.0")
KEPT = Path(__file__).parents[2] / "var" / "counterparts"


def node_modules() -> Path:
    """The folder with the packages, installed once. Ends the test where there is no node, or no way to get them."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        missing("node and npm are not installed: the independent SMSC and counters are not here")
    if not (KEPT / "node_modules" / "split-sms").exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        install = [npm, "install", "--prefix", str(KEPT), "--no-save", "--ignore-scripts", "--no-audit", *PACKAGES]
        done = subprocess.run(install, capture_output=True, text=True, timeout=120)
        if done.returncode:
            missing("npm could not bring the independent SMSC and counters")
    return KEPT / "node_modules"


def counted(texts: Sequence[str]) -> list[list[int]]:
    """How many SMS each text is, by the two counters."""
    environment = {"NODE_PATH": str(node_modules()), "PATH": "/usr/bin:/bin:/usr/local/bin"}
    done = subprocess.run(
        ["node", str(HERE / "counters.js")], input=json.dumps(list(texts)), capture_output=True, text=True, timeout=120,
        env=environment, check=True,
    )  # fmt: skip
    pairs: list[list[int]] = json.loads(done.stdout)
    return pairs


class Other:
    """An SMSC of other people."""

    def __init__(self, port: int, process: asyncio.subprocess.Process) -> None:
        self.port = port
        self._process = process

    async def line(self) -> Any:
        """The next message it took, or receipt it saw acknowledged."""
        assert self._process.stdout is not None
        return json.loads(await asyncio.wait_for(self._process.stdout.readline(), 10))


@asynccontextmanager
async def other_smsc(*said: str) -> AsyncIterator[Other]:
    """Npm's `smpp` server on a port of this machine."""
    environment = {"NODE_PATH": str(node_modules()), "PATH": "/usr/bin:/bin:/usr/local/bin"}
    process = await asyncio.create_subprocess_exec(
        "node", str(HERE / "server.js"), *said, stdout=asyncio.subprocess.PIPE, env=environment
    )
    try:
        assert process.stdout is not None
        port = int(await asyncio.wait_for(process.stdout.readline(), 20))
        yield Other(port, process)
    finally:
        process.kill()
        await process.wait()
