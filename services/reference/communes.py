"""Which commune is meant? All the communes of France, by INSEE code and by what people type."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from services.reference.commune_search import NameIndex, Prefixes
from services.reference.data import read_table
from services.reference.packed import Packed

COLUMNS = ("insee_code", "name", "departement", "region", "postal_codes", "population", "lat", "lon")


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
        # By size: a position among these is also a rank, which is what the search sorts by.
        by_size = sorted(communes, key=lambda commune: (-commune.population, commune.insee))
        self._by_size = Packed(map(_line, by_size))
        self._insee = Prefixes((commune.insee, rank) for rank, commune in enumerate(by_size))
        self._index = NameIndex([(commune.name, commune.postal_codes) for commune in by_size])

    def __len__(self) -> int:
        return len(self._by_size)

    def __iter__(self) -> Iterator[Commune]:
        """Every commune, the largest first."""
        return (self._at(rank) for rank in range(len(self)))

    def get(self, insee: str) -> Commune | None:
        """The commune with this INSEE code, or None."""
        return next((self._at(rank) for rank in self._insee.exactly(insee)), None)

    def search(self, text: str, *, near: frozenset[str] = frozenset(), limit: int = 8) -> list[Commune]:
        """At most `limit` communes that `text` may mean, the likeliest first; for a list that follows typing.

        `text`: the beginning of the name or of any of its words, several in any mix, or two or more digits of
        a postal code, with or without the name. Accents, case, hyphens and apostrophes are forgiven, "st" and
        "ste" stand for Saint and Sainte, a leading article may be left out. One wrong letter is forgiven only
        when nothing matches otherwise. First the communes of `near` (INSEE codes of the own territory), then
        the exact name, then names that begin so, then names with a word that begins so; among equals the
        larger first, then by INSEE code. Never raises.
        """
        own = {rank for insee in near for rank in self._insee.exactly(insee)}
        return [self._at(rank) for rank in self._index.search(text, own, limit)]

    def _at(self, rank: int) -> Commune:
        return _commune(self._by_size[rank].split("\t"))


@cache
def load_communes() -> Communes:
    """The shipped communes; read once (about half a second), then the same object for ever."""
    return Communes(_commune([row[column] for column in COLUMNS]) for row in read_table("communes.csv.gz"))


def _commune(fields: list[str]) -> Commune:
    insee, name, departement, region, codes, population, lat, lon = fields
    return Commune(
        insee,
        name,
        departement,
        region,
        tuple(codes.split()),
        int(population or 0),
        float(lat) if lat else None,
        float(lon) if lon else None,
    )


def _line(one: Commune) -> str:
    """The commune as text, 80 octets of it: all of them as objects take 14 MB."""
    lat, lon = ("" if degrees is None else str(degrees) for degrees in (one.lat, one.lon))
    codes = " ".join(one.postal_codes)
    return "\t".join((one.insee, one.name, one.departement, one.region, codes, str(one.population), lat, lon))
