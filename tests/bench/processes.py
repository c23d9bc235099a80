"""How is a real Relais started to be measured, and what does it use? `relais up` and its children."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from services.ports import free_port


@asynccontextmanager
async def running_relais(folder: Path) -> AsyncIterator[tuple[str, int]]:
    """`relais up` in a folder, messages handed to a channel that does nothing: its address and process id."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.cli.main", "up", "--no-seed", "--port", str(port), "--data", str(folder),
        env={**os.environ, "RELAIS_CHANNEL": "null"}, stderr=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=url) as client:
            for _ in range(600):
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get("/health")).is_success:
                        break
                await asyncio.sleep(0.1)
        yield url, process.pid
    finally:
        process.send_signal(signal.SIGINT)
        await process.wait()


def largest_mb(pid: int) -> float:
    """What the largest of the process and its descendants holds in memory; 0 where the system does not say."""
    return max([resident_mb(pid), *(largest_mb(child) for child in _children(pid))])


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def resident_mb(pid: int) -> float:
    """What this process holds in memory; 0 where the system does not say."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    return 0.0
