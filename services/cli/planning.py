"""How is the engine asked « what if » from a terminal? Files in, files out, no server."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

if TYPE_CHECKING:
    from services.planning.deciding import Decided

err = Console(stderr=True, highlight=False, soft_wrap=True)

Requests = Annotated[Path, typer.Option(help="CSV : id,profession,lat,lon,urgency,earliest,deadline,modes,...")]
Slots = Annotated[Path, typer.Option(help="CSV : id,practitioner,profession,lat,lon,start,minutes,capacity,modes")]
Now = Annotated[str, typer.Option(help="The moment of the plan, ISO 8601 (without an offset: French time).")]
Policy = Annotated[
    Literal["online", "batch", "late"],
    typer.Option(help="online (one by one), batch (all at once) or late (with promises)."),
]
EdgesFile = Annotated[Path | None, typer.Option("--edges", help="Write every (request, slot, cost) considered.")]
Out = Annotated[Path | None, typer.Option(help="Write the plan here instead of to standard output.")]
Explain = Annotated[bool, typer.Option("--explain", help="Say why, request by request.")]
SHOWN = 20


def plan(
    requests: Requests, slots: Slots, now: Now, policy: Policy = "batch", edges: EdgesFile = None, out: Out = None,
    explain: Explain = False,
) -> None:  # fmt: skip
    """What if: who would be seen where, with these requests and these slots? See docs/plan.md."""
    from services.planning.reading import Unusable

    try:
        _plan(requests, slots, now, policy, edges, out, explain)
    except Unusable as unusable:
        for line in unusable.mistakes[:SHOWN]:
            err.print(f"[red]✗[/red] {_plain(line)}")
        if len(unusable.mistakes) > SHOWN:
            err.print(f"… et {len(unusable.mistakes) - SHOWN} autres lignes à corriger.")
        raise typer.Exit(2) from None


def _plan(
    requests: Path,
    slots: Path,
    now: str,
    policy: Literal["online", "batch", "late"],
    edges: Path | None,
    out: Path | None,
    explain: bool,
) -> None:
    from services.planning.deciding import decide
    from services.planning.reading import Unusable, read_moment, read_requests, read_slots
    from services.planning.writing import EDGES, PLAN, as_csv, edge_rows, plan_rows, write_all

    try:
        moment = read_moment(now)
    except ValueError:
        raise Unusable([f"--now « {now} » illisible. Écrivez-le ainsi : 2026-01-05T09:00+01:00"]) from None
    decided = decide(read_requests(requests), read_slots(slots), moment, policy, explain=explain)
    table = as_csv(PLAN, plan_rows(decided.decisions))
    files = {edges: as_csv(EDGES, edge_rows(decided.best.edges))} if edges else {}
    write_all(files | ({out: table} if out else {}))
    if out is None:
        sys.stdout.write(table)
    if explain:
        _explain(decided)
    _sum_up(decided)


def _explain(decided: "Decided") -> None:
    for one in decided.decisions:
        err.print(_plain(f"{one.request_id} → {one.slot_id or 'personne'} : {', '.join(one.reasons)}"))
        for other in one.others:
            err.print(_plain(f"    ensuite : {other}"))


def _sum_up(decided: "Decided") -> None:
    served = sum(one.slot_id is not None for one in decided.decisions)
    total = sum(one.cost for one in decided.decisions)
    err.print(f"{served} demandes servies sur {len(decided.decisions)}, coût {total} minutes équivalentes.")
    if total != decided.best.cost:
        err.print(f"Toutes ensemble (batch) : {decided.best.cost} minutes équivalentes.")


def _plain(text: str) -> str:
    """What the files say is no markup."""
    from rich.markup import escape

    return escape(text)
