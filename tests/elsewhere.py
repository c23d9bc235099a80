"""What does somebody else's server answer? A real HTTP server on this machine that says what a test wants."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Page:
    """One answer; `part` again and again, for ever, when `endless`; nothing at all for `silent` seconds."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    endless: bool = False
    silent: float = 0.0


@dataclass
class Elsewhere:
    """`pages` by path (without the query), or `say` for whatever is asked; `asked` = what came, with small-letter
    headers."""

    base: str
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    say: Callable[[str, dict[str, str]], Page | None] | None = None

    def answer(self, target: str, headers: dict[str, str]) -> Page:
        self.asked.append((target, headers))
        page = self.say(target, headers) if self.say else None
        page = page or self.pages.get(target.partition("?")[0], Page(status=404))
        etag = page.headers.get("etag")
        return Page(status=304, headers=page.headers) if etag and headers.get("if-none-match") == etag else page

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in head[1:])
            }
            page = self.answer(head[0].split(" ")[1], headers)
            await asyncio.sleep(page.silent)
            said = {"connection": "close", **({} if page.endless else {"content-length": str(len(page.body))})}
            lines = [f"HTTP/1.1 {page.status} said", *(f"{name}: {one}" for name, one in (said | page.headers).items())]
            writer.write("\r\n".join([*lines, "", ""]).encode() + page.body)
            while page.endless:
                writer.write(page.body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def elsewhere(tls: ssl.SSLContext | None = None) -> AsyncIterator[Elsewhere]:
    """A server on a free port of 127.0.0.1."""
    here = Elsewhere("")
    work: set[asyncio.Task[None]] = set()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(here.serve(reader, writer))
        work.add(task)
        task.add_done_callback(work.discard)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    here.base = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        yield here
    finally:
        server.close()
        for task in work:
            task.cancel()
