"""How is an iCalendar read without keeping anybody waiting? In a process of its own, one at a time.

Reading one is some 25 ms of Python that computes: in a thread it would keep the event loop waiting, and patients with
it. The libraries that read are loaded there alone.
"""

import asyncio
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import cache

from availability.feeds.source import Ask, Outside, Reading, Unreadable

_NICE = 10
"""The steps by which everything else comes first (nice(2))."""


class Source:
    """An iCalendar behind an https address."""

    name = "ical"

    async def read(self, ask: Ask, outside: Outside) -> Reading:
        headers = {"accept": "text/calendar, text/plain;q=0.5, */*;q=0.1"}
        headers |= {"if-none-match": ask.etag} if ask.etag else {}
        headers |= {"if-modified-since": ask.modified} if ask.modified else {}
        answer = await outside.get(ask.url, headers)
        if answer.status == 304:
            return Reading(etag=ask.etag, modified=ask.modified, digest=ask.digest, unchanged=True)
        reading = await read_file(answer.body, ask)
        return replace(reading, etag=answer.headers.get("etag"), modified=answer.headers.get("last-modified"))


async def read_file(content: bytes, ask: Ask) -> Reading:
    """What an iCalendar file says: unchanged, when its digest is that of `ask`. Raises `Unreadable`."""
    try:
        return await asyncio.get_running_loop().run_in_executor(_beside(), _read, content, ask)
    except BrokenProcessPool:  # somebody ended the process: the next file gets another one
        _beside.cache_clear()
        raise Unreadable("fault") from None


@cache
def _beside() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin)


def _begin() -> None:
    """In the process beside: everything else comes first, Ctrl-C is for the parent, and with the parent it ends."""
    os.nice(_NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()  # also one that was killed, which can tell nobody
        os._exit(0)


def _read(content: bytes, ask: Ask) -> Reading:
    from availability.feeds.ical_events import reading_of  # 40 MB that only the process beside needs

    return reading_of(content, ask)
