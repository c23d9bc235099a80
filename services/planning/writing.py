"""How is a plan written? Two tables, whole or not at all."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dispatcher.planning.edges import Edges
from services.planning.deciding import Decision
from services.planning.reading import Unusable

PLAN = ("request", "slot", "cost_minutes", "reasons")
EDGES = ("request", "slot", "cost")


def plan_rows(decisions: Iterable[Decision]) -> Iterator[Sequence[object]]:
    """One row a request, an empty slot when nobody serves it."""
    for one in decisions:
        yield one.request_id, one.slot_id or "", one.cost, " ; ".join(one.reasons)


def edge_rows(edges: Edges) -> Iterator[Sequence[object]]:
    """One row for each pair considered, by request, then by slot."""
    each = zip(edges.request.tolist(), edges.slot.tolist(), edges.cost.tolist(), strict=True)
    for request, slot, cost in each:
        yield edges.requests[request], edges.slots[slot], cost


def as_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of comma-separated values, lines ended by one line feed."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(header)
    table.writerows(rows)
    return text.getvalue()


def write_all(files: dict[Path, str]) -> None:
    """Write every file, or none: each beside its place first. Raises Unusable when a folder takes no file."""
    beside = {path: path.with_name(f".{path.name}.part") for path in files}
    try:
        for path, text in files.items():
            beside[path].write_text(text, "utf-8")
        for path in files:
            beside[path].replace(path)
    except OSError as wrong:
        for part in beside.values():
            part.unlink(missing_ok=True)
        raise Unusable([f"{wrong.filename} : impossible d'écrire ici. Choisissez un dossier qui existe."]) from None
