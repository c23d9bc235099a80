"""Which commune is meant? All the communes of France, by INSEE code and by what people type."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from sys import intern

from services.reference.commune_search import NameIndex
from services.reference.data import read_table


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune of 2026. `lat`, `lon`: WGS 84 degrees of its town hall, None where unknown (102 communes)."""

    insee: str
    name: str
    departement: str
    region: str
    postal_codes: tuple[str, ...]
    population: int
    lat: float | None
    lon: float | None


class Communes:
    """The communes of France, in memory, unchanging: ask by code, or by what a person types."""

    def __init__(self, communes: Iterable[Commune]) -> None:
        # By size: a position in this list is also a rank, which is what the search sorts by.
        self._by_size = sorted(communes, key=lambda commune: (-commune.population, commune.insee))
        self._rank = {commune.insee: rank for rank, commune in enumerate(self._by_size)}
        self._index = NameIndex([(commune.name, commune.postal_codes) for commune in self._by_size])

    def __len__(self) -> int:
        return len(self._by_size)

    def __iter__(self) -> Iterator[Commune]:
        """Every commune, the largest first."""
        return iter(self._by_size)

    def get(self, insee: str) -> Commune | None:
        """The commune with this INSEE code, or None."""
        rank = self._rank.get(insee)
        return None if rank is None else self._by_size[rank]

    def search(self, text: str, *, near: frozenset[str] = frozenset(), limit: int = 8) -> list[Commune]:
        """At most `limit` communes that `text` may mean, the likeliest first; for a list that follows typing.

        `text`: the beginning of the name or of any of its words, several in any mix, or two or more digits of
        a postal code, with or without the name. Accents, case, hyphens and apostrophes are forgiven, "st" and
        "ste" stand for Saint and Sainte, a leading article may be left out. One wrong letter is forgiven only
        when nothing matches otherwise. First the communes of `near` (INSEE codes of the own territory), then
        the exact name, then names that begin so, then names with a word that begins so; among equals the
        larger first, then by INSEE code. Never raises.
        """
        own = {self._rank[insee] for insee in near if insee in self._rank}
        return [self._by_size[rank] for rank in self._index.search(text, own, limit)]


@cache
def load_communes() -> Communes:
    """The shipped communes; read once (about half a second), then the same object for ever."""
    return Communes(_commune(row) for row in read_table("communes.csv.gz"))


def _commune(row: dict[str, str]) -> Commune:
    return Commune(
        insee=row["insee_code"],
        name=row["name"],
        departement=intern(row["departement"]),
        region=intern(row["region"]),
        postal_codes=tuple(map(intern, row["postal_codes"].split())),
        population=int(row["population"] or 0),
        lat=float(row["lat"]) if row["lat"] else None,
        lon=float(row["lon"]) if row["lon"] else None,
    )
