"""Which names does a typed text match? Sorted keys and bisection over names ranked by size."""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest
from itertools import accumulate, product
from string import ascii_lowercase

from services.reference.packed import Packed
from services.reference.spelling import words

ARTICLES = frozenset({"l", "la", "le", "les"})
# Said but seldom typed right; skipped when the text finds nothing with them.
SMALL_WORDS = ARTICLES | {"d", "de", "des", "du", "en", "et", "sous", "sur", "cedex"}
# "st" may also be the beginning of Strasbourg, so the short form is one reading more, never the only one.
SHORT_FORMS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
# Names whose article grew into the word: who says "L'Isle" spells Lisle-sur-Tarn "isle sur tarn".
GROWN_TOGETHER = {"lisle": "isle", "lherm": "herm"}
LONGEST_TEXT = 80  # signs; the longest name has 45
SHORT_PREFIX = 2  # letters; their large answers are kept: at most some hundreds of sets
SHORTEST_SLIP = 4  # letters; in a shorter word a wrong letter makes too many other words
AFTER_ANY = "\uffff"  # sorts after every letter: the end of a range of keys that share a beginning


class Prefixes:
    """Sorted keys, each with the ranks it stands for: all that begins with a text, by two bisections."""

    def __init__(self, pairs: Iterable[tuple[str, int]]) -> None:
        grouped: defaultdict[str, list[int]] = defaultdict(list)
        for key, rank in pairs:
            grouped[key].append(rank)
        keys = sorted(grouped)
        self._keys = Packed(keys)
        self._ranks = array("i", (rank for key in keys for rank in grouped[key]))
        self._ends = array("i", accumulate((len(grouped[key]) for key in keys), initial=0))
        self._short: dict[str, frozenset[int]] = {}

    def starting(self, prefix: str) -> frozenset[int]:
        """The ranks of every key that begins with `prefix`."""
        if len(prefix) > SHORT_PREFIX:
            return self._collect(prefix)
        if prefix not in self._short:
            found = self._collect(prefix)
            if not found:  # so that odd text cannot fill the memory
                return found
            self._short[prefix] = found
        return self._short[prefix]

    def exactly(self, key: str) -> frozenset[int]:
        """The ranks of this key itself."""
        at = bisect_left(self._keys, key)
        return self._between(at, at + 1) if at < len(self._keys) and self._keys[at] == key else frozenset()

    def has(self, prefix: str) -> bool:
        """Whether any key begins with `prefix`."""
        at = bisect_left(self._keys, prefix)
        return at < len(self._keys) and self._keys[at].startswith(prefix)

    def _collect(self, prefix: str) -> frozenset[int]:
        first, last = bisect_left(self._keys, prefix), bisect_left(self._keys, prefix + AFTER_ANY)
        return self._between(first, last)

    def _between(self, first: int, last: int) -> frozenset[int]:
        """The ranks of these keys, by their places among the sorted ones."""
        return frozenset(self._ranks[self._ends[first] : self._ends[last]])


class NameIndex:
    """Names and postal codes in order of rank (0 = the largest); answers are ranks."""

    def __init__(self, entries: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        spelt = [words(name) for name, _ in entries]
        self._words = Prefixes((word, rank) for rank, name in enumerate(spelt) for word in _spellings(name))
        self._names = Prefixes((whole, rank) for rank, name in enumerate(spelt) for whole in _wholes(name))
        self._codes = Prefixes((code, rank) for rank, (_, codes) in enumerate(entries) for code in codes)

    def search(self, text: str, own: set[int], limit: int) -> list[int]:
        """At most `limit` ranks, best first; those in `own` before all others."""
        typed = words(text[:LONGEST_TEXT])
        for reading in self._readings(typed):
            found = self._tiers(reading)
            if any(found):
                return _best(found, own, limit)
        return []

    def _readings(self, typed: list[str]) -> Iterator[list[list[str]]]:
        """Ways to read the text, each a list of spellings; the next only if the last found nothing."""
        yield _long_forms(typed)
        # "Lyon 3", "81020 graulhet cedex": the name decides where the number or a small word misleads.
        telling = [word for word in typed if word not in SMALL_WORDS and not word[0].isdigit()]
        if telling and telling != typed:
            yield _long_forms(telling)
        if telling:
            yield [spelling for spelling in self._slips(telling) for spelling in _long_forms(spelling)]

    def _tiers(self, spellings: list[list[str]]) -> list[frozenset[int]]:
        """Ranks in order of likeliness: the exact name, the beginning of the name, of words in it."""
        exact: set[int] = set()
        begins: set[int] = set()
        within: set[int] = set()
        for spelling in spellings:
            numbers = [word for word in spelling if word[0].isdigit()]
            letters = [word for word in spelling if not word[0].isdigit()]
            allowed = self._all_of(self._codes, numbers) if numbers else None
            if any(len(number) < 2 for number in numbers) or allowed == frozenset():
                continue
            if not letters:
                exact |= self._codes.exactly(numbers[0])
                within |= allowed or frozenset()
                continue
            whole = "".join(letters)
            for tier, ranks in (
                (exact, self._names.exactly(whole)),
                (begins, self._names.starting(whole)),
                (within, self._all_of(self._words, letters)),
            ):
                tier.update(ranks if allowed is None else ranks & allowed)
        return [frozenset(exact), frozenset(begins - exact), frozenset(within - begins - exact)]

    @staticmethod
    def _all_of(keys: Prefixes, prefixes: list[str]) -> frozenset[int]:
        return frozenset.intersection(*(keys.starting(prefix) for prefix in prefixes))

    def _slips(self, typed: list[str]) -> Iterator[list[str]]:
        """The same words with one letter mended: in the one that begins no name's word, or else in any."""
        unknown = [at for at, word in enumerate(typed) if not self._words.has(word)]
        if len(unknown) > 1:
            return
        for at in unknown or range(len(typed)):
            if len(typed[at]) >= SHORTEST_SLIP:
                for mended in sorted(set(_one_letter_off(typed[at]))):
                    if self._words.has(mended):
                        yield [*typed[:at], mended, *typed[at + 1 :]]


def _best(tiers: list[frozenset[int]], own: set[int], limit: int) -> list[int]:
    best: list[int] = []
    for ours in (True, False):
        for tier in tiers:
            left = limit - len(best)
            if left <= 0:
                return best
            best += nsmallest(left, tier & own if ours else tier - own)
    return best


def _spellings(name: list[str]) -> Iterable[str]:
    return [*name, GROWN_TOGETHER[name[0]]] if name[0] in GROWN_TOGETHER else name


def _wholes(name: list[str]) -> Iterable[str]:
    """The name in one piece, and without its article, so that "lisle", "l'isle" and "isle" all begin it."""
    whole = "".join(name)
    if name[0] in GROWN_TOGETHER:
        return whole, "".join([GROWN_TOGETHER[name[0]], *name[1:]])
    return (whole, "".join(name[1:])) if name[0] in ARTICLES and len(name) > 1 else (whole,)


def _long_forms(typed: list[str]) -> list[list[str]]:
    """The words as typed, and with Saint for "st": every mix, at most 16."""
    mixes = product(*((word, SHORT_FORMS[word]) if word in SHORT_FORMS else (word,) for word in typed))
    return [list(mix) for mix, _ in zip(mixes, range(16), strict=False)] if typed else []


def _one_letter_off(word: str) -> Iterator[str]:
    """Every word one letter away: one left out, two swapped, one wrong, one too many."""
    heads = ["", *accumulate(word)]
    for at, head in enumerate(heads):
        tail = word[at:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in ascii_lowercase:
            if tail:
                yield head + letter + tail[1:]
            yield head + letter + tail
