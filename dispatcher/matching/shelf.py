"""Which rows begin when? Rows of slots by half an hour, taken in and out without moving the others."""

from array import array
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

SECONDS = 1800
FIRST_LOOK = 64
"""Rows judged at first: where seats are many, the best are among them. Each further look takes twice as many."""


class Shelf:
    """Row numbers in bins of half an hour of their slot's start. No order within a bin: whoever asks sorts.

    `places` says by row where in its bin it lies. Shelves share it of which a row lies on one at most.
    """

    def __init__(self, places: "array[int]") -> None:
        self.bins: dict[int, array[int]] = {}
        self._at = places
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, row: int, start: int) -> None:
        """Take in a row (which is not here) whose slot begins at `start` (epoch seconds)."""
        number = start // SECONDS
        rows = self.bins.get(number)
        if rows is None:
            rows = self.bins[number] = array("q")
        self._at[row] = len(rows)
        rows.append(row)
        self._count += 1

    def remove(self, row: int, start: int) -> None:
        """Take out a row that came in with that start. The last of its bin takes its place."""
        number, index = start // SECONDS, self._at[row]
        rows = self.bins[number]
        self._count -= 1
        last = rows.pop()
        if last != row:
            rows[index] = last
            self._at[last] = index
        if not rows:
            del self.bins[number]


def by_start(
    shelves: Iterable[Shelf], since: int, until: int, enough: int = FIRST_LOOK, *, twice: bool = False
) -> Iterator[tuple[NDArray[np.int64], int]]:
    """Rows that may begin in [since, until], soonest bins first: each time some rows (`enough`, then twice as many…),
    and the moment (epoch seconds) before which no later row begins. Bins are not cut: a few rows before `since` or
    after `until` may be there. `twice` = a row may lie on two of the shelves; it comes once."""
    last = until // SECONDS
    bins = [shelf.bins for shelf in shelves if shelf.bins]
    parts: list[array[int]] = []
    count = 0
    for number in range(since // SECONDS, last + 1) if bins else ():
        for one in bins:
            rows = one.get(number)
            if rows is not None:
                parts.append(rows)
                count += len(rows)
        if count >= enough or (parts and number == last):
            found = np.frombuffer(b"".join(parts), np.int64)
            yield np.unique(found) if twice else found, (number + 1) * SECONDS
            parts, count, enough = [], 0, enough * 2
