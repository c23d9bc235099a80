"""Is a list of members, as French spreadsheets save it, read right, and said line by line where it is wrong?"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from availability import members as kept
from availability import store
from schemas.values import Role
from services.build import build_house
from services.house import House
from services.members.importing import Outcome, bring
from services.members.reading import Found, luhn, read_members
from services.reference.communes import load_communes
from services.reference.territories import load_territories
from services.settings import Settings
from services.storage.ledger import OUTBOX
from tests.builders import somebody

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TARN = load_territories()["tarn-ouest"]
COORDINATOR = somebody(Role.COORDINATOR, "coord-tarn-ouest")
HEAD = "RPPS;Nom;Prénom;Profession;Spécialité;Adresse;Code postal;Commune;Téléphone;Courriel"
ROSE = "10002909371;Fontmerle;Rose;Médecin;Médecine générale;1 rue de l'Été;81500;Lavaur;06 39 98 12 34;rose@exemple.fr"
LUC = "10005681340;Valsonge;Luc;Infirmier;;2 place du Port;81500;LAVAUR;;"


def table(*lines: str, head: str = HEAD, end: str = "\r\n") -> str:
    return end.join([head, *lines, ""])


def read(content: str | bytes, territory=TARN) -> Found:
    content = content.encode() if isinstance(content, str) else content
    return read_members(content, territory, load_communes(), demonstration=True)


def stops(found: Found) -> dict[int, str]:
    return {one.line: one.words for one in found.remarks if one.stops}


def looks(found: Found) -> dict[int, str]:
    return {one.line: one.words for one in found.remarks if not one.stops}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_whatever_a_french_spreadsheet_saves_is_read(encoding: str, separator: str, end: str) -> None:
    content = table(ROSE, LUC, end=end).replace(";", separator).encode(encoding)
    found = read(content)
    assert found.remarks == []
    rose, luc = found.people
    assert (rose.national_id, rose.id, rose.name) == ("810002909371", "rpps-10002909371", "Rose Fontmerle")
    assert (rose.profession, rose.phone, rose.email) == ("10", "+33639981234", "rose@exemple.fr")
    assert (rose.places[0].commune, rose.places[0].postal_code) == ("81140", "81500")
    assert rose.places[0].address == "1 rue de l'Été"
    assert (luc.profession, luc.phone, luc.email) == ("60", None, None)


def test_cells_with_separators_quotes_and_line_ends() -> None:
    quoted = '10002909371;"Font""merle";Rose;"Médecin";;"1 rue; du\nPort";81500;Lavaur;;'
    (rose,) = read(table(quoted)).people
    assert (rose.name, rose.places[0].address) == ('Rose Font"merle', "1 rue; du Port")


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("Identifiant PP;Nom d'exercice;Prénom d'exercice;Libellé profession;Code commune",
         "810002909371;Fontmerle;Rose;Médecin;81140"),
        ("numéro RPPS,praticien,métier,ville,CP", "10002909371,Rose Fontmerle,Médecin,Lavaur,81500"),
        ("N° ADELI;Nom;Prénom;Profession;Commune", "812345678;Fontmerle;Rose;Infirmière;Lavaur"),
    ],
)  # fmt: skip
def test_columns_may_have_the_names_people_give_them(head: str, line: str) -> None:
    found = read(table(line, head=head))
    assert stops(found) == {}
    assert [(one.name, one.places[0].commune) for one in found.people] == [("Rose Fontmerle", "81140")]


@pytest.mark.parametrize(
    ("was", "now", "words"),
    [
        ("10002909371", "", "RPPS (ou ADELI) manque"),
        ("10002909371", "1000290937", "11 chiffres"),
        ("10002909371", "1,00029E+10", "format Texte"),
        ("10002909371", "12345678", "zéro du début"),
        ("10002909371", "abc", "vérifiez-le"),
        ("Fontmerle;Rose", ";", "nom manque"),
        ("Médecin;", "Astrologue;", "écrivez l'une de celles-ci"),
        ("Lavaur", "Atlantis", "commune inconnue"),
        ("81500;Lavaur", ";Sainte-Marie", "plusieurs communes"),
        ("06 39 98 12 34", "06 39", "téléphone"),
        ("rose@exemple.fr", "rose chez exemple", "courriel"),
    ],
)
def test_what_stops_a_line_is_said_with_what_to_do(was: str, now: str, words: str) -> None:
    found = read(table(LUC, ROSE.replace(was, now)))
    assert found.stopped
    assert list(stops(found)) == [3]
    assert words in stops(found)[3]


def test_every_problem_is_listed_not_the_first_alone() -> None:
    found = read(table(ROSE.replace("Lavaur", "Atlantis").replace("10002909371", "1"), LUC.replace("Infirmier", "?")))
    assert len([one for one in found.remarks if one.stops]) == 3


@pytest.mark.parametrize("number", ["10100050075", "10002673899", "10001288385"])
def test_a_wrong_key_is_a_warning_never_a_refusal(number: str) -> None:
    """These three are in the national guide's own examples."""
    found = read(table(ROSE.replace("10002909371", number)))
    assert not found.stopped
    assert "clé" in looks(found)[2]
    assert found.people[0].national_id == f"8{number}"


@pytest.mark.parametrize("number", ["10002909371", "10005681340", "10002725272", "99700218896"])
def test_a_right_key_is_right(number: str) -> None:
    assert luhn(number)
    assert not luhn(str(int(number) + 1))


def test_several_lines_are_several_places_of_one_person() -> None:
    elsewhere = ROSE.replace("1 rue de l'Été;81500;Lavaur", "3 quai Neuf;81600;Gaillac")
    (rose,) = read(table(ROSE, elsewhere, elsewhere)).people
    assert [place.commune for place in rose.places] == ["81140", "81099"]
    assert "ne compte qu'une fois" in looks(read(table(ROSE, elsewhere, elsewhere)))[4]


def test_two_people_with_one_number_are_a_mistake() -> None:
    assert "ligne 2" in stops(read(table(ROSE, LUC.replace("10005681340", "10002909371"))))[3]


def test_a_place_outside_the_territory_is_to_be_looked_at() -> None:
    found = read(table(ROSE.replace("81500;Lavaur", "31000;Toulouse")))
    assert not found.stopped
    assert "hors du territoire" in looks(found)[2]


def test_of_a_shared_commune_the_postal_code_says_which_part_is_here() -> None:
    shared = TARN.model_copy(update={"communes": frozenset({"83137"}), "partial_communes": frozenset({"83137"})})
    half = shared.model_copy(update={"parts": (("83137", ("83200",)),)})
    inside = ROSE.replace("81500;Lavaur", "83200;Toulon")
    outside = ROSE.replace("81500;Lavaur", "83000;Toulon")
    assert looks(read(table(inside), half)) == {}
    assert "hors du territoire" in looks(read(table(outside), half))[2]
    assert looks(read(table(outside), shared)) == {}, "nothing tells the parts apart"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Médecine générale", "SM54"), ("medecine generale", "SM54"), ("SM26", "SM26"), ("", None),
        ("Cardiologie et maladies vasculaires (SM)", "SM04"), ("cardiologie et maladies vasculaires", "SM04"),
    ],
)  # fmt: skip
def test_a_specialty_is_its_code(typed: str, code: str | None) -> None:
    (rose,) = read(table(ROSE.replace("Médecine générale", typed))).people
    assert rose.specialty == code


def test_a_doctor_of_unknown_specialty_is_not_taken_for_a_general_practitioner() -> None:
    assert "spécialité inconnue" in stops(read(table(ROSE.replace("Médecine générale", "Cardio"))))[2]
    nurse = read(table(LUC.replace("Infirmier;", "Infirmier;Cardio")))
    assert (nurse.stopped, nurse.people[0].specialty) == (False, None)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "il faut au moins les colonnes"),
        (b"Nom;Commune\r\nFontmerle;Lavaur\r\n", "il faut au moins les colonnes"),
        (HEAD.encode(), "aucun professionnel"),
        (b"PK\x03\x04spreadsheet", "CSV UTF-8"),
        (b"\x00\x01\x02", "CSV UTF-8"),
        (f"{HEAD};Nom".encode() + b"\r\nx", "la même chose"),
    ],
)
def test_what_is_no_list_is_said(content: bytes, words: str) -> None:
    assert words in stops(read(content))[1]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_never_worse(noise: bytes) -> None:
    read(noise)
    read(table(ROSE).encode() + noise)


# --- taken in -------------------------------------------------------------------------------------------


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = await build_house(Settings(data_dir=tmp_path, start=MONDAY))
    work = asyncio.create_task(house.mailbox.run())
    yield house
    work.cancel()
    await house.vault.close()
    await house.database.close()


async def take(house: House, content: str, *, dry_run: bool = False, territory=TARN) -> Outcome:
    return await bring(house, COORDINATOR, territory, content.encode(), dry_run=dry_run)


def figures(outcome: Outcome) -> tuple[int, int, int]:
    return len(outcome.joining), len(outcome.changed), outcome.same


async def facts(house: House) -> int:
    async with house.database.read() as db:
        return (await db.execute(select(func.count()).select_from(OUTBOX))).scalar_one()


async def member(house: House, member_id: str):
    async with house.database.read() as db:
        return await store.practitioner(db, member_id)


async def test_the_same_file_twice_changes_nothing_and_says_nothing(house: House) -> None:
    assert figures(await take(house, table(ROSE, LUC))) == (2, 0, 0)
    said, rose = await facts(house), await member(house, "rpps-10002909371")
    assert figures(await take(house, table(ROSE, LUC))) == (0, 0, 2)
    assert await facts(house) == said
    assert await member(house, "rpps-10002909371") == rose


async def test_a_dry_run_changes_nothing_and_counts_the_same(house: House) -> None:
    assert figures(await take(house, table(ROSE, LUC), dry_run=True)) == (2, 0, 0)
    assert await facts(house) == 0
    assert await member(house, "rpps-10002909371") is None


async def test_one_wrong_line_and_nothing_is_done(house: House) -> None:
    assert (await take(house, table(ROSE, LUC.replace("LAVAUR", "Atlantis")))).stopped
    assert await facts(house) == 0


async def test_what_changed_is_brought_up_to_date_and_what_is_empty_stays(house: House) -> None:
    await take(house, table(ROSE, LUC))
    moved = ROSE.replace("81500;Lavaur", "81600;Gaillac").replace("06 39 98 12 34", "").replace("rose@exemple.fr", "")
    assert figures(await take(house, table(moved, LUC))) == (0, 1, 1)
    rose = await member(house, "rpps-10002909371")
    assert rose.commune == "81099"
    assert await house.vault.open(rose.phone) == "+33639981234"
    assert await house.vault.open(rose.email) == "rose@exemple.fr"
    assert figures(await take(house, table(moved, LUC))) == (0, 0, 2)


async def test_further_places_are_kept_and_go_when_the_file_leaves_them_out(house: House) -> None:
    other = ROSE.replace("1 rue de l'Été;81500;Lavaur", "3 quai Neuf;81600;Gaillac")
    await take(house, table(ROSE, other))
    async with house.database.read() as db:
        (place,) = (await kept.practices(db, ["rpps-10002909371"]))["rpps-10002909371"]
    assert (place.commune, place.postal_code, place.address) == ("81099", "81600", "3 quai Neuf")
    assert figures(await take(house, table(ROSE, other))) == (0, 0, 1)
    assert figures(await take(house, table(ROSE))) == (0, 1, 0)
    async with house.database.read() as db:
        assert await kept.practices(db, ["rpps-10002909371"]) == {}


async def test_nobody_takes_a_member_of_another_community(house: House) -> None:
    await take(house, table(ROSE))
    other = load_territories()["toulouse-ouest"]
    outcome = await take(house, table(LUC, ROSE), territory=other)
    assert outcome.stopped
    assert "autre territoire" in stops(outcome.found)[3]
    assert await member(house, "rpps-10005681340") is None


async def test_numbers_and_addresses_of_the_net_rest_sealed(house: House, tmp_path: Path) -> None:
    await take(house, table(ROSE))
    await house.database.settle()
    content = b"".join(file.read_bytes() for file in [*tmp_path.glob("relais.db*")])  # noqa: ASYNC240
    assert b"rose@exemple.fr" not in content
    assert b"639981234" not in content


async def test_five_hundred_members_are_one_order(house: House) -> None:
    lines = [LUC.replace("10005681340", f"{10_000_000_000 + n}").replace("Luc", f"Luc {n}") for n in range(500)]
    assert figures(await take(house, table(*lines))) == (500, 0, 0)
    assert figures(await take(house, table(*lines))) == (0, 0, 500)
