"""Where do the shipped tables lie, and how is one read? Sources and licences: README.md beside this file."""

import csv
import gzip
import io
from collections.abc import Iterator
from importlib.resources import files


def read_table(name: str) -> Iterator[dict[str, str]]:
    """Every row of a shipped CSV table (plain, or `.csv.gz`), as text by column, in the file's order."""
    raw = files(__package__).joinpath(name).read_bytes()
    text = (gzip.decompress(raw) if name.endswith(".gz") else raw).decode("utf-8")
    return csv.DictReader(io.StringIO(text, newline=""))
