"""Does each import contract and each ban fail when it is broken? Each is, here, in a copy of the tree."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

HOUSE = Path(__file__).parents[2]
SETTINGS: dict[str, Any] = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["tool"]
ROOMS: list[str] = SETTINGS["importlinter"]["root_packages"]
CONTRACTS: list[dict[str, Any]] = SETTINGS["importlinter"]["contracts"]
BANNED: list[str] = list(SETTINGS["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"])


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the Python of the house that may be spoilt."""
    shutil.copy(HOUSE / "pyproject.toml", tmp_path)
    only_python = shutil.ignore_patterns("__pycache__", "static", "data", "templates")
    for room in ROOMS:
        shutil.copytree(HOUSE / room, tmp_path / room, ignore=only_python)
    return tmp_path


@pytest.fixture(scope="session")
def graph_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What import-linter has already read, kept from one test to the next."""
    return tmp_path_factory.mktemp("import-linter")


def lint_imports(house: Path, cache: Path, *contracts: str) -> tuple[int, str]:
    """The exit code and the words of the real import-linter; quotes and line ends are flattened."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--cache-dir", str(cache)]
    for contract in contracts:
        command += ["--contract", contract]
    done = subprocess.run(command, cwd=house, capture_output=True, text=True, timeout=60)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def ruff(house: Path, *paths: str) -> list[dict[str, Any]]:
    """What the real ruff finds in these files."""
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "json", *paths]
    done = subprocess.run(command, cwd=house, capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1), done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def file_of(house: Path, module: str) -> Path:
    """Where a dotted module lives, a package or a file."""
    place = house.joinpath(*module.split("."))
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def teach(house: Path, module: str, other: str) -> None:
    """Makes one module import another, whatever the house thinks of it."""
    with file_of(house, module).open("a", encoding="utf-8") as text:
        text.write(f"\nimport {other}\n")


def forbidden_arrows(contract: dict[str, Any]) -> list[tuple[str, str]]:
    """For each pair of neighbours in a layers contract, the import that would go the wrong way."""
    arrows: list[tuple[str, str]] = []
    for room in contract.get("containers", [""]):
        layers = [
            [f"{room}.{name}" if room else name for name in re.split(r"\s*[|:]\s*", layer)]
            for layer in contract["layers"]
        ]
        arrows += [(below[0], above[0]) for above, below in pairwise(layers)]
        arrows += [(many[0], many[1]) for many, layer in zip(layers, contract["layers"], strict=True) if "|" in layer]
    return arrows


def contracts_of(kind: str) -> list[Any]:
    return [pytest.param(one, id=one["id"]) for one in CONTRACTS if one["type"] == kind]


def test_the_house_as_it_stands_keeps_all_its_contracts(house: Path, graph_cache: Path) -> None:
    code, words = lint_imports(house, graph_cache)
    assert code == 0, words
    assert f"{len(CONTRACTS)} kept, 0 broken" in words


@pytest.mark.parametrize("contract", contracts_of("layers"))
def test_an_import_that_goes_up_or_aside_is_refused(house: Path, graph_cache: Path, contract: dict[str, Any]) -> None:
    arrows = forbidden_arrows(contract)
    for module, other in arrows:
        teach(house, module, other)
    code, words = lint_imports(house, graph_cache, contract["id"])
    assert code == 1, words
    for module, other in arrows:
        assert f"{module} -> {other}" in words


@pytest.mark.parametrize("room", ["dispatcher", "availability", "notifications"])
def test_a_module_without_a_place_in_its_room_is_refused(house: Path, graph_cache: Path, room: str) -> None:
    (house / room / "stray.py").write_text('"""Where do I belong?"""\n', encoding="utf-8")
    code, words = lint_imports(house, graph_cache, f"inside-{room}")
    assert code == 1, words
    assert f"{room}.stray" in words


@pytest.mark.parametrize("contract", contracts_of("forbidden"))
def test_a_broker_a_database_or_a_clock_is_refused_where_it_is_forbidden(
    house: Path, graph_cache: Path, contract: dict[str, Any]
) -> None:
    first, *others = contract["source_modules"]
    for outside in contract["forbidden_modules"]:
        teach(house, first, outside)
    for module in others:
        teach(house, module, contract["forbidden_modules"][0])
    code, words = lint_imports(house, graph_cache, contract["id"])
    assert code == 1, words
    for outside in contract["forbidden_modules"]:
        assert f"{first} is not allowed to import {outside}" in words
    for module in others:
        assert f"{module} is not allowed to import" in words


def test_every_module_that_decides_is_on_the_list_of_pure_modules() -> None:
    pure = next(one["source_modules"] for one in CONTRACTS if one["id"] == "pure")
    deciding = {
        f"{one['containers'][0]}.{name}"
        for one in CONTRACTS
        if one["id"].startswith("inside-")
        for layer in one["layers"][one["layers"].index("tables") + 1 :]
        for name in re.split(r"\s*:\s*", layer)
    }
    assert deciding == set(pure) - {"schemas"}


def test_every_package_of_the_house_is_under_contract() -> None:
    packages = {init.parent.name for init in HOUSE.glob("*/__init__.py")} - {"tests"}
    assert packages == set(ROOMS)


@pytest.mark.parametrize("room", ["schemas", "dispatcher", "availability", "notifications"])
def test_the_clock_ids_and_dice_are_refused_in_a_room(house: Path, room: str) -> None:
    spoilt = ['"""What time is it?"""', ""]
    spoilt += [f"import {name.split('.')[0]}" for name in BANNED]
    spoilt += [f"x = {name}()" for name in BANNED if "." in name]
    (house / room / "spoilt.py").write_text("\n".join(spoilt) + "\n", encoding="utf-8")
    said = [row["message"] for row in ruff(house, f"{room}/spoilt.py") if row["code"] == "TID251"]
    for name in BANNED:
        assert any(message.startswith(f"`{name}` is banned") for message in said), name


def test_services_may_read_the_clock(house: Path) -> None:
    text = '"""What time is it?"""\n\nimport time\n\nSTART = time.monotonic()\n'
    (house / "services" / "spoilt.py").write_text(text, encoding="utf-8")
    assert ruff(house, "services/spoilt.py") == []


LONG = "def long() -> None:\n" + "\n".join(f"    x{n} = {n}" for n in range(31))
WINDING = "def winding(n: int) -> int:\n" + "".join(f"    if n == {n}:\n        n += {n}\n" for n in range(11))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("D100", "X = 1"),
        ("DTZ001", "import datetime\n\nX = datetime.datetime(2026, 1, 1)"),
        ("TID252", "from . import store"),
        ("PLR0915", LONG),
        ("C901", WINDING),
        ("G004", "import logging\n\nname = 'Zoé'\nlogging.getLogger().info(f'hello {name}')"),
        ("T201", "print('hello')"),
        ("F401", "import json"),
        ("PGH003", "x: int = 'a'  # type: ignore"),
    ],
)
def test_a_habit_we_refuse_is_found(house: Path, code: str, text: str) -> None:
    head = "" if code == "D100" else '"""What is wrong here?"""\n\n'
    (house / "dispatcher" / "spoilt.py").write_text(f"{head}{text}\n", encoding="utf-8")
    assert code in {row["code"] for row in ruff(house, "dispatcher/spoilt.py")}
