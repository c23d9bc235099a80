"""How are many short texts kept in little room? End to end: as Python objects they take five times as much."""

from array import array
from collections.abc import Iterable
from itertools import accumulate


class Packed:
    """Texts in their order, each made again when it is asked for. Any sorted ones can be searched with `bisect`."""

    def __init__(self, texts: Iterable[str]) -> None:
        octets = [text.encode() for text in texts]
        self._ends = array("i", accumulate(map(len, octets), initial=0))
        self._octets = b"".join(octets)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, at: int) -> str:
        """The text at this place, 0 the first; IndexError behind the last."""
        return self._octets[self._ends[at] : self._ends[at + 1]].decode()
