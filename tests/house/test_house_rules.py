"""Does every file of the house keep the rules no linter knows?"""

import ast
import hashlib
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
ROOMS = ("schemas", "dispatcher", "availability", "notifications", "services")
MODULES = sorted(path for room in (*ROOMS, "tests") for path in (HOUSE / room).rglob("*.py"))

# Who may open a transaction that writes, and why.
MAY_WRITE = {
    "services/mailbox.py": "one message, one transaction, one effect",
    "services/storage/database.py": "is that door",
    "services/storage/sqlite.py": "is that door for SQLite",
    "services/storage/later.py": "ends the savepoints of the mailbox, inside its transaction",
    "services/storage/migrate.py": "makes and changes the tables at start, before any message",
    "services/simulation/stepping.py": "lends the door of SQLite to a simulated process, and counts the steps",
    "services/storage/keyring.py": "a store of its own: the key commits before what it seals",
}
# A name that refuses nothing grows for ever.
EMPTY_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "base", "service", "flows", "misc"}
LONGEST_MODULE = 300


def named(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


def files_of_the_house() -> list[Path]:
    """Every file that is, or would be, in version control."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=HOUSE,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git clone: nothing tells the files of the house from what lies about")
    paths = [HOUSE / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


OF_A_DATABASE = re.compile(r"(engine|reader|writer|connection|conn|session|db)$")


def writes(tree: ast.Module) -> list[int]:
    """The lines that open a writing transaction or end one, in whatever way it is written."""
    lines: list[int] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute):
            act, of = node.func.attr, ast.unparse(node.func.value)
            if act in {"writing", "commit"} or (act == "begin" and OF_A_DATABASE.search(of)):
                lines.append(node.lineno)
        words = [str(arg.value) for arg in node.args if isinstance(arg, ast.Constant)]
        if any(word.strip().upper().startswith(("COMMIT", "BEGIN")) for word in words):
            lines.append(node.lineno)
    return lines


@pytest.mark.parametrize(
    "line",
    [
        "await session.commit()",
        "async with database.writing() as db: pass",
        "async with self._engine.begin() as db: pass",
        "await db.execute(text('commit'))",
        "await db.exec_driver_sql('BEGIN IMMEDIATE')",
    ],
)
def test_a_transaction_that_writes_is_seen_however_it_is_written(line: str) -> None:
    assert writes(ast.parse(line)) == [1]


def test_reading_and_savepoints_are_not_taken_for_writing() -> None:
    assert writes(ast.parse("async with database.read() as db: pass")) == []
    assert writes(ast.parse("savepoint = await db.begin_nested()")) == []


def test_only_the_mailbox_commits() -> None:
    found = [
        f"{named(path)}:{line}"
        for path in MODULES
        if not named(path).startswith("tests/") and named(path) not in MAY_WRITE
        for line in writes(ast.parse(path.read_text("utf-8")))
    ]
    assert not found, f"only {', '.join(MAY_WRITE)} may open a transaction that writes: {found}"


def test_those_who_may_write_do() -> None:
    for name in MAY_WRITE:
        assert writes(ast.parse((HOUSE / name).read_text("utf-8"))), f"take {name} off the list"


def test_every_module_says_first_which_question_it_answers() -> None:
    silent = [named(path) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert not silent, f"no docstring: {silent}"


def test_no_module_has_a_name_that_refuses_nothing() -> None:
    empty = [named(path) for path in MODULES if {path.stem, path.parent.name} & EMPTY_NAMES]
    assert not empty, f"name these after the question they answer: {empty}"


def test_no_module_is_too_long_to_read_at_once() -> None:
    sizes = {named(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    long = {name: size for name, size in sizes.items() if size > LONGEST_MODULE}
    assert not long, f"is there a second noun in these? {long}"


# Written in pieces, so that this file does not find itself.
HOSTS = ("pypi" + ".org", "python" + "hosted.org", "registry." + "npmjs", "registry." + "yarnpkg")
FOLDERS = re.compile(r"(?<![\w.~-])/" + "(?:root|home|Users|work)" + r"/\w")


@pytest.mark.parametrize("path", ["/" + "home/zoe/relais", "see (/" + "work/x)", "=/" + "Users/zoe"])
def test_a_path_of_somebodys_machine_is_seen(path: str) -> None:
    assert FOLDERS.search(path)


def test_no_file_names_a_package_registry_or_somebodys_machine() -> None:
    found = []
    for path in files_of_the_house():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # an image, a compressed table
        for number, line in enumerate(text.splitlines(), 1):
            if any(host in line for host in HOSTS) or FOLDERS.search(line[:2000]):
                found.append(f"{named(path)}:{number}")
    assert not found, f"a registry host, or an absolute path of one machine: {found[:20]}"


def test_vendored_files_are_the_ones_their_manifest_names() -> None:
    manifests = [
        HOUSE / "services/web/static/vendor/MANIFEST.json",
        HOUSE / "tests/browser/vendor/MANIFEST.json",
    ]
    for manifest in manifests:
        rows = json.loads(manifest.read_text("utf-8"))
        present = {path.name for path in manifest.parent.iterdir()} - {manifest.name}
        assert {row["file"] for row in rows} == present
        for row in rows:
            content = (manifest.parent / row["file"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == row["sha256"], row["file"]
            assert {"package", "version", "licence", "taken_from"} <= row.keys()


@pytest.mark.parametrize(("lock", "extras"), [("requirements.lock", ()), ("requirements-dev.lock", ("dev",))])
def test_the_lock_holds_every_requirement_and_no_address(lock: str, extras: tuple[str, ...]) -> None:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["project"]
    asked = project["dependencies"] + [row for extra in extras for row in project["optional-dependencies"][extra]]
    entries = re.split(r"\n(?=[a-z])", (HOUSE / lock).read_text("utf-8"))[1:]
    pinned = {re.split(r"[=\s]", entry)[0]: entry for entry in entries}
    for requirement in asked:
        name = re.split(r"[\[<>=;\s]", requirement)[0].lower()
        assert name in pinned, f"run make lock: {name} is missing from {lock}"
    for name, entry in pinned.items():
        assert re.match(rf"{re.escape(name)}==\S+", entry), entry
        assert "--hash=sha256:" in entry, f"{name} has no hash"
        assert "://" not in entry
        assert "--index" not in entry
        assert "--find-links" not in entry
