"""What does an HTTP provider do on a good and on a bad day? A server on this machine that keeps what it was told."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

STATUS = {"take": 200, "busy": 429, "gateway": 502, "refuse": 400, "gone": 410, "created": 201}


@dataclass
class WebSide:
    """`mode`: take · created · busy (429) · gateway (502, though it took it) · refuse (400) · gone (410) · silent (took
    it, and never answers) · cut (took it, and hangs up). `says` = the JSON of a good answer."""

    says: Any = field(default_factory=lambda: {"id": "p-1"})
    mode: str = "take"
    told: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def json(self) -> Any:
        """What it was told last."""
        return json.loads(self.told[-1][3])

    async def __aenter__(self) -> "WebSide":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = head[0].split(" ")
                headers = {
                    name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                if path.endswith("/auth/time"):
                    _answer(writer, 200, "1767600000")
                    continue
                self.told.append((method, path, headers, body))
                if self.mode == "silent":
                    await asyncio.sleep(30)
                if self.mode == "cut":
                    return
                _answer(writer, STATUS[self.mode], json.dumps(self.says))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


def _answer(writer: asyncio.StreamWriter, status: int, body: str) -> None:
    said = body.encode()
    writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(said)}\r\nLocation: /m/1\r\n\r\n".encode() + said)
