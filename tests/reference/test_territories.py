"""Are the territories what their sources say, and does a community's own file get clear answers?"""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.territory import Territory
from services.reference.communes import Communes
from services.reference.territories import DEMONSTRATIONS, import_territory, load_territories

GOOD = """territory,name,departement,insee_code,phone,radius_km
essai,CPTS d'Été,81,81105,05 36 49 12 00,25
essai,CPTS d'Été,81,81145,,
"""


@pytest.fixture
def write(tmp_path: Path):
    def written(content: str | bytes) -> Path:
        path = tmp_path / "territoire.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


def told(path: Path) -> list[str]:
    with pytest.raises(ValueError) as refusal:
        import_territory(path)
    return str(refusal.value).splitlines()


def test_tarn_ouest_has_its_fifty_communes_and_the_hour_of_paris() -> None:
    territory = load_territories()["tarn-ouest"]
    assert territory.name == "CPTS Tarn Ouest"
    assert len(territory.communes) == 50
    assert territory.professionals == 406
    assert territory.evidence == "confirme"
    assert territory.tz.key == "Europe/Paris"
    assert territory.sender == "CPTS Tarn O"


def test_every_territory_is_made_of_known_communes_and_says_its_evidence(communes: Communes) -> None:
    territories = load_territories()
    assert len(territories) == 12
    for name, territory in territories.items():
        assert territory.id == name
        assert all(communes.get(insee) for insee in territory.communes)
        assert territory.evidence_note.startswith(("Périmètre", "38 communes"))
        assert territory.phone.startswith(("05 36 49", "04 65 71"))  # numbers of fiction, nobody is rung up


def test_toulon_is_a_part_of_two_territories() -> None:
    sharing = [one for one in load_territories().values() if "83137" in one.communes]
    assert {one.id for one in sharing} == {"var-la-seyne-toulon-ouest", "var-provence-mediterranee"}
    assert all(one.partial_communes == {"83137"} for one in sharing)


def test_the_five_communities_of_the_demonstration_cover_every_territory_once() -> None:
    assert list(DEMONSTRATIONS) == ["tarn-ouest", "toulouse-ouest", "volvestre", "var", "grand-narbonne"]
    assert len(DEMONSTRATIONS["var"]) == 8
    played = [territory for group in DEMONSTRATIONS.values() for territory in group]
    assert sorted(played) == sorted(load_territories())


def test_a_folder_with_the_same_two_tables_can_replace_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "territories.csv").write_text(
        "territory,name,departement,declared_professionals,sender,phone,evidence,note\n"
        "ici,CPTS Ici,974,,CPTS Ici,116 117,probable,\n",
        encoding="utf-8",
    )
    (tmp_path / "territory_communes.csv").write_text(
        "territory,insee_code,name,evidence\nici,97411,Saint-Denis,probable\n", encoding="utf-8"
    )
    here = load_territories(tmp_path)["ici"]
    assert (here.zone, here.professionals) == ("Indian/Reunion", None)
    assert here.communes == {"97411"}
    (tmp_path / "territory_communes.csv").write_text("territory,name\nici,Saint-Denis\n", encoding="utf-8")
    with pytest.raises(ValueError, match="insee_code"):
        load_territories(tmp_path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sender", "CPTS Tarn Ouest"),
        ("sender", "CPTS Été"),
        ("sender", "123456"),
        ("zone", "Europe/Toulouse"),
        ("zone", "../etc"),
        ("id", "Tarn.Ouest"),
        ("communes", frozenset()),
        ("communes", frozenset({"8110"})),
        ("radius_km", 0),
        ("evidence", "sûr"),
    ],
)
def test_a_territory_refuses_what_would_fail_later(field: str, value: object) -> None:
    good = load_territories()["tarn-ouest"].model_dump()
    with pytest.raises(ValidationError):
        Territory.model_validate(good | {field: value})


def test_a_territory_does_not_change_and_can_be_a_key() -> None:
    territory = load_territories()["tarn-ouest"]
    with pytest.raises(ValidationError):
        territory.name = "autre"  # type: ignore[misc]
    assert territory == load_territories()["tarn-ouest"]
    assert len({territory, load_territories()["tarn-ouest"]}) == 1


def test_a_community_brings_its_own_file(write) -> None:
    territory = import_territory(write(GOOD))
    assert territory.communes == {"81105", "81145"}
    assert (territory.id, territory.name, territory.radius_km) == ("essai", "CPTS d'Été", 25)
    assert (territory.phone, territory.sender) == ("05 36 49 12 00", "CPTS d Ete")


@pytest.mark.parametrize(
    "content",
    [
        GOOD.replace(",", ";"),
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n") + "\r\n\r\n",
        GOOD.replace("insee_code", " INSEE_code "),
    ],
)
def test_the_ways_a_spreadsheet_writes_csv_are_accepted(write, content: str) -> None:
    assert len(import_territory(write(content)).communes) == 2


def test_what_the_file_leaves_out_has_a_default(write) -> None:
    territory = import_territory(write("territory,name,departement,insee_code\nsud,CPTS Sud,974,97416\n"))
    assert (territory.phone, territory.radius_km, territory.zone) == ("116 117", 30, "Indian/Reunion")


def test_every_problem_is_told_with_its_line(write) -> None:
    problems = told(
        write(
            "territory,name,departement,insee_code,phone\n"
            "essai,CPTS Essai,81,81105,\n"
            "essai,CPTS Essai,81,99999,zéro\n"
            "autre,CPTS Essai,81,81145,\n"
            "essai,CPTS Essai,81,81105,\n"
            "essai,CPTS Essai,81,,\n"
            "essai,CPTS Essai,01,1001,\n"
        )
    )
    assert [problem.split(" :")[0].split(",")[0] for problem in problems] == [
        "Ligne 4",
        "Ligne 7",
        "Ligne 3",
        "Ligne 5",
        "Ligne 6",
        "Ligne 7",
        "Ligne 3",
    ]
    text = "\n".join(problems)
    assert "commune inconnue « 99999 »" in text
    assert "déjà à la ligne 2" in text
    assert "un seul territoire" in text
    assert "écrivez 01001" in text
    assert "phone : le numéro" in text
    assert "zéro" not in text.replace("le zéro du début", "")


def test_missing_columns_are_all_named(write) -> None:
    problems = told(write("territory,insee\nessai,81105\n"))
    assert [problem.split("«")[1].split("»")[0].strip() for problem in problems] == [
        "name",
        "departement",
        "insee_code",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "manque"),
        ("territory,name,departement,insee_code\n", "aucune commune"),
        ("territory,name,departement,insee_code\nessai,,81,81105\n", "« name » est vide"),
        ("territory,name,departement,insee_code\nessai,CPTS,99,81105\n", "Département inconnu"),
        ("territory,name,departement,insee_code\nEssai Ouest,CPTS,81,81105\n", "minuscules"),
        ("territory,name,departement,insee_code\nessai,ÀÀ,81,81105\n", "expéditeur"),
        ("territory,name,departement,insee_code,name\nessai,CPTS,81,81105,a\n", "deux fois"),
        (GOOD.encode("cp1252"), "CSV UTF-8"),
    ],
)
def test_a_file_that_is_not_a_territory_gets_an_answer_that_says_what_to_do(write, content, words: str) -> None:
    assert words in "\n".join(told(write(content)))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "absent.csv" in told(tmp_path / "absent.csv")[0]
    assert "ne peut pas être lu" in told(tmp_path)[0]


@settings(deadline=None, max_examples=150)
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda rows: (GOOD + rows).encode()))
def test_no_file_whatsoever_raises_anything_but_a_value_error(tmp_path_factory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    sentence = ""
    try:
        import_territory(path)
    except ValueError as refusal:
        assert type(refusal) is ValueError  # noqa: PT017 -- pydantic's own words are not for a coordinator
        sentence = str(refusal)
    assert all(line.endswith((".", ").")) for line in sentence.splitlines())


PROTOCOLS = """territory;name;departement;insee_code;postal_codes;protocol
essai;CPTS Essai;83;83137;83200;Pansement: 60 | Infection urinaire: 10 21
essai;CPTS Essai;83;83126;;Entorse: 10,70
"""


def test_a_communitys_own_file_carries_its_protocols_and_parts_of_communes(write) -> None:
    territory = import_territory(write(PROTOCOLS))
    assert territory.protocols == (
        ("Pansement", ("60",)), ("Infection urinaire", ("10", "21")), ("Entorse", ("10", "70"))
    )  # fmt: skip
    assert territory.parts == (("83137", ("83200",)),)
    assert territory.partial_communes == {"83137"}
    assert territory.covers("83137", "83200")
    assert not territory.covers("83137", "83000")
    assert territory.covers("83126", "83500")
    assert Territory.model_validate_json(territory.model_dump_json()) == territory


@pytest.mark.parametrize(
    ("was", "now", "words"),
    [
        ("Pansement: 60", "Pansement", "écrivez motif: codes"),
        ("Pansement: 60", ": 60", "écrivez motif: codes"),
        ("Pansement: 60", "Pansement: 99", "profession inconnue"),
        ("Entorse: 10,70", "Pansement: 10", "déjà dit"),
        ("83200", "81000", "n'est pas un code postal de Toulon"),
    ],
)
def test_a_wrong_protocol_or_part_has_its_line(write, was: str, now: str, words: str) -> None:
    (problem,) = told(write(PROTOCOLS.replace(was, now)))
    assert problem.startswith("Ligne ")
    assert words in problem
