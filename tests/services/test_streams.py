"""When does a message that failed come again, what may leave the stream, when is it full?"""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.js import api

from services.bus import server
from services.bus.server import EmbeddedNats, NatsMissing, writes_synced
from services.bus.streams import FIRST_DELAY, LONGEST_DELAY, TRIES, retry_delay
from services.bus.upkeep import nearly_full, purgeable
from services.run import _stream_limit
from services.settings import Settings
from tests.builders import MONDAY


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_a_delay_grows_with_the_tries_and_has_an_end(tries: int, luck: float) -> None:
    delay = retry_delay(tries, luck)
    assert 0.75 * FIRST_DELAY <= delay <= 1.25 * LONGEST_DELAY
    assert retry_delay(tries + 1, luck) >= delay


def test_what_failed_together_does_not_come_back_together() -> None:
    spread = {round(retry_delay(5, luck / 10), 3) for luck in range(11)}
    assert len(spread) == 11
    assert max(spread) - min(spread) == retry_delay(5, 0.5) / 2


def test_every_try_but_the_last_has_a_delay_within_minutes() -> None:
    assert 60 < sum(retry_delay(tries, 0.5) for tries in range(1, TRIES)) < 600


# --- what may leave ---------------------------------------------------------------------------------------


def reader(name: str, *, acked: tuple[int, int], delivered: tuple[int, int], pending: int = 0, unacked: int = 0) -> Any:
    """A durable reader; `acked` and `delivered` are (its own count, the stream's sequence)."""
    return api.ConsumerInfo(
        name=name, created=MONDAY, stream_name="CARE",
        config=api.ConsumerConfig(), num_pending=pending, num_ack_pending=unacked,
        ack_floor=api.SequenceInfo(*acked), delivered=api.SequenceInfo(*delivered),
    )  # fmt: skip


BOTH = frozenset({"a", "b"})


def test_what_the_slowest_has_acknowledged_may_leave() -> None:
    fast = reader("a", acked=(90, 900), delivered=(90, 900))
    slow = reader("b", acked=(20, 200), delivered=(50, 500), pending=400, unacked=30)
    assert purgeable([fast, slow], BOTH, 1000, margin=0) == 200
    assert purgeable([fast, slow], BOTH, 1000, margin=150) == 50
    assert purgeable([fast, slow], BOTH, 1000, margin=5000) == 0


def test_one_that_rarely_hears_anything_holds_nothing_back() -> None:
    rare = reader("b", acked=(1, 3), delivered=(1, 3))
    assert purgeable([reader("a", acked=(90, 900), delivered=(90, 900)), rare], BOTH, 1000, margin=0) == 1000


@pytest.mark.parametrize(
    "busy",
    [
        reader("b", acked=(0, 0), delivered=(0, 0), pending=1),
        reader("b", acked=(0, 0), delivered=(3, 30), unacked=3),
        reader("b", acked=(0, 0), delivered=(3, 30)),
    ],
)
def test_one_that_has_not_begun_keeps_everything(busy: Any) -> None:
    assert purgeable([reader("a", acked=(9, 90), delivered=(9, 90)), busy], BOTH, 100, margin=0) == 0


def test_as_long_as_a_reader_is_missing_nothing_leaves() -> None:
    assert purgeable([reader("a", acked=(9, 90), delivered=(9, 90))], BOTH, 100, margin=0) == 0


def test_nearly_full_is_said_before_it_is_too_late() -> None:
    assert not nearly_full(10**9, 10**6, -1)
    assert not nearly_full(0, 0, 10_000)
    assert not nearly_full(900_000, 900, 1_000_000)
    assert nearly_full(960_000, 960, 1_000_000)
    assert nearly_full(30_000, 30, 36_000)


# --- the server -------------------------------------------------------------------------------------------


def test_beside_other_files_the_stream_has_a_limit(tmp_path: Path) -> None:
    limit = _stream_limit(Settings(data_dir=tmp_path))
    assert limit is not None
    assert 0 < limit <= 2**30
    assert _stream_limit(Settings(data_dir=tmp_path, nats_url="nats://somewhere")) is None
    assert _stream_limit(Settings(data_dir=tmp_path, stream_max_bytes=5000)) == 5000


@pytest.mark.journey
async def test_an_embedded_server_that_does_not_sync_each_write_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = server._configuration
    monkeypatch.setattr(server, "_configuration", lambda *said: honest(*said).replace("sync_interval: always", ""))
    nats = EmbeddedNats(tmp_path)
    with pytest.raises(NatsMissing, match="power cut"):
        await nats.start()
    monkeypatch.setattr(server, "_configuration", honest)
    with monkeypatch.context() as patched:  # somebody asked for /varz too early: it will never tell
        patched.setattr(server, "writes_synced", lambda monitor: None)
        await nats.start()
    await nats.start()
    assert writes_synced(nats.monitor) is True
    await nats.stop()
    assert writes_synced(nats.monitor) is None
