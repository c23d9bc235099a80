"""Is the batch's cost the optimum, as other solvers find it on the edges that `relais plan --edges` writes?"""

import csv
from pathlib import Path
from random import Random

import numpy as np
import pytest
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from typer.testing import CliRunner

from services.cli.main import app

MISS = {"1": 4 * 3 * 24 * 60, "2": 2 * 3 * 24 * 60, "3": 3 * 24 * 60}
runner = CliRunner()


def write_instance(folder: Path, seed: int) -> None:
    """A small town on one morning, short of seats or not, with patients who share practitioners."""
    dice = Random(seed)
    asked, open_slots = dice.randint(1, 40), dice.randint(1, 40)
    with (folder / "R.csv").open("w") as file:
        file.write("id,profession,lat,lon,urgency,earliest,deadline,modes,usual_practitioner\n")
        for at in range(asked):
            urgency = dice.choice("1233")
            hours = {"1": 6, "2": 12, "3": 24}[urgency]
            end = f"2026-01-0{5 + (9 + hours) // 24}T{(9 + hours) % 24:02d}:00"
            file.write(
                f"r{at},{dice.choice(['10', '10', '60'])},{43.8 + dice.random() / 4:.4f},{1.7 + dice.random() / 4:.4f},"
                f"{urgency},2026-01-05T09:00,{end},{dice.choice(['office', 'home|office', 'teleconsultation|office'])},"
                f"{dice.choice(['', 'p1', 'p2'])}\n"
            )
    with (folder / "S.csv").open("w") as file:
        file.write("id,practitioner,profession,lat,lon,start,minutes,capacity,modes\n")
        for at in range(open_slots):
            minute = dice.randrange(30, 24 * 60)
            start = f"2026-01-0{5 + (9 * 60 + minute) // 1440}T{(9 + minute // 60) % 24:02d}:{minute % 60:02d}"
            file.write(
                f"s{at},p{at % 7},{'60' if at % 7 == 3 else '10'},{43.8 + dice.random() / 4:.4f},"
                f"{1.7 + dice.random() / 4:.4f},{start},15,{dice.choice('1112')},"
                f"{dice.choice(['office', 'office|home', 'teleconsultation'])}\n"
            )


Instance = tuple[list[str], dict[str, int], list[tuple[str, str, int]], dict[str, int]]


def read_instance(folder: Path) -> tuple[Instance, int]:
    """Requests, seats by slot, edges, misses, from the files alone; and the cost of the plan that was written."""
    rows = list(csv.DictReader((folder / "R.csv").read_text().splitlines()))
    seats = {row["id"]: int(row["capacity"]) for row in csv.DictReader((folder / "S.csv").read_text().splitlines())}
    edges = [
        (row["request"], row["slot"], int(row["cost"]))
        for row in csv.DictReader((folder / "E.csv").read_text().splitlines())
    ]
    plan = list(csv.DictReader((folder / "P.csv").read_text().splitlines()))
    of = {(request, slot): cost for request, slot, cost in edges}
    misses = {row["id"]: MISS[row["urgency"]] for row in rows}
    taken = [row["slot"] for row in plan if row["slot"]]
    assert all(taken.count(slot) <= seats[slot] for slot in taken)
    for row in plan:
        known = of[row["request"], row["slot"]] if row["slot"] else misses[row["request"]]
        assert int(row["cost_minutes"]) == known
    return ([row["id"] for row in rows], seats, edges, misses), sum(int(row["cost_minutes"]) for row in plan)


def by_ortools(instance: Instance) -> int:
    requests, seats, edges, misses = instance
    node = {name: at for at, name in enumerate([*requests, *seats])}
    sink, solver = len(node), SimpleMinCostFlow()
    for request, slot, cost in edges:
        solver.add_arc_with_capacity_and_unit_cost(node[request], node[slot], 1, cost)
    for slot, count in seats.items():
        solver.add_arc_with_capacity_and_unit_cost(node[slot], sink, count, 0)
    for request in requests:
        solver.add_arc_with_capacity_and_unit_cost(node[request], sink, 1, misses[request])
        solver.set_node_supply(node[request], 1)
    solver.set_node_supply(sink, -len(requests))
    assert solver.solve() == solver.OPTIMAL
    return int(solver.optimal_cost())


def by_scipy(instance: Instance) -> int:
    """A column for each seat, and one of its own for each request that is the miss. Weights one higher: none is 0."""
    requests, seats, edges, misses = instance
    first, columns = {}, 0
    for slot, count in seats.items():
        first[slot] = columns
        columns += count
    row = {name: at for at, name in enumerate(requests)}
    cells = [
        (row[request], first[slot] + seat, cost + 1) for request, slot, cost in edges for seat in range(seats[slot])
    ]
    cells += [(row[request], columns + row[request], misses[request] + 1) for request in requests]
    rows, cols, weights = (np.array(one) for one in zip(*cells, strict=True))
    shape = (len(requests), columns + len(requests))
    matrix = coo_array((weights.astype(float), (rows, cols)), shape=shape).tocsr()
    at, to = min_weight_full_bipartite_matching(matrix)
    return int(matrix[at, to].sum()) - len(requests)


@pytest.mark.slow
@pytest.mark.parametrize("begin", range(0, 200, 25))
def test_two_other_solvers_find_the_same_cost(begin: int, tmp_path: Path) -> None:
    for seed in range(begin, begin + 25):
        write_instance(tmp_path, seed)
        files = ["--requests", "R.csv", "--slots", "S.csv", "--edges", "E.csv", "--out", "P.csv"]
        named = [str(tmp_path / word) if word.endswith(".csv") else word for word in files]
        said = runner.invoke(app, ["plan", *named, "--now", "2026-01-05T09:00"])
        assert said.exit_code == 0, said.output
        instance, cost = read_instance(tmp_path)
        assert cost == by_ortools(instance) == by_scipy(instance), seed
