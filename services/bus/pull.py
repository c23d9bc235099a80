"""How does a reader get what has arrived, at once, and never run dry? A pull that asks for more in time.

nats-py's own `fetch` waits for a full batch or for its time-out: with a long one a lone message waits, with a short one
an idle reader asks the server hundreds of times a second.
"""

import asyncio
import json
import time
from typing import Any

from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError
from nats.errors import TimeoutError as NothingCame
from nats.js import JetStreamContext, api

EXPIRES = 1.0
"""Seconds a request for messages lives: bounds how long one that died in a reconnect goes unnoticed."""


class EagerStream(JetStreamContext):
    """JetStream whose pull subscriptions are eager."""

    async def pull_subscribe_bind(self, *arguments: Any, **named: Any) -> JetStreamContext.PullSubscription:
        plain = await super().pull_subscribe_bind(*arguments, **named)
        return EagerPull(self, plain._sub, plain._stream, plain._consumer, plain._deliver.encode())


class EagerPull(JetStreamContext.PullSubscription):
    """Gives what is there. A caller who then asks for the rest of the batch hears at once that nothing came."""

    _asked = 0
    _until = 0.0
    _gave_all = False

    async def fetch(
        self,
        batch: int = 1,
        timeout: float | None = 5,  # noqa: ASYNC109 - nats-py's own signature
        heartbeat: float | None = None,
    ) -> list[Msg]:
        """What is there, `batch` at most; when nothing is, the first that comes. Raises TimeoutError: nothing came, and
        ConnectionClosedError: nothing ever will."""
        if self._nc.is_closed:
            await asyncio.sleep(EXPIRES)  # FastStream asks again at once: nothing else of this process would ever run
            raise ConnectionClosedError
        found = self._at_hand(batch)
        if not found and self._gave_all:
            self._gave_all = False
            raise NothingCame
        await self._ask(batch)
        if not found:
            found = [await self._first(timeout), *self._at_hand(batch - 1)]
        self._asked -= len(found)
        self._gave_all = len(found) < batch
        return found

    async def _ask(self, batch: int) -> None:
        """Keep the server busy sending: the next request leaves when half of the last one has come."""
        now = time.monotonic()
        if now < self._until and self._asked > batch // 2:
            return
        self._asked, self._until = (self._asked if now < self._until else 0) + batch, now + EXPIRES
        wanted = {"batch": batch, "expires": int(EXPIRES * 1e9)}
        await self._nc.publish(self._nms, json.dumps(wanted).encode(), self._deliver)

    async def _first(self, within: float | None) -> Msg:
        """The next message; raises TimeoutError when the request is over without one."""
        message = await self._sub.next_msg(within)
        status = JetStreamContext.is_status_msg(message)
        if not status:
            return message
        self._asked = 0
        if status not in (api.StatusCode.NO_MESSAGES, api.StatusCode.REQUEST_TIMEOUT):
            await asyncio.sleep(EXPIRES)  # the reader is gone, or the server has no leader: do not hammer it
        raise NothingCame

    def _at_hand(self, most: int) -> list[Msg]:
        queue = self._sub._pending_queue
        found: list[Msg] = []
        while len(found) < most and not queue.empty():
            message = queue.get_nowait()
            self._sub._pending_size -= len(message.data)
            if not JetStreamContext.is_status_msg(message):
                found.append(message)
        return found
