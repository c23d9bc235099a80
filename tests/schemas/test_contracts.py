"""Can everything that was ever said still be read? One golden file for every version of every fact."""

import importlib
import json
import pkgutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

import schemas
from schemas.event import FACTS, Event, derived_id, durable, fact_of
from schemas.request import CareRequested, RequestBooked, RequestConfirmed
from schemas.sealed import Sealed
from schemas.slot import SlotOpened
from schemas.values import Place, Role
from services.ids import new_id
from tests.builders import MONDAY, a_need, a_patient, a_slot, an_order, somebody

for module in pkgutil.iter_modules(schemas.__path__):
    importlib.import_module(f"schemas.{module.name}")

GOLDEN = Path(__file__).parent / "golden"
SUBJECTS = sorted(FACTS)


def golden(subject: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((GOLDEN / f"{subject}.json").read_text("utf-8"))
    return said


# --- the contract ---------------------------------------------------------------------------------------


def test_every_fact_has_its_golden_file_and_every_golden_file_its_fact() -> None:
    kept = {path.stem for path in GOLDEN.glob("*.json")}
    assert kept == set(SUBJECTS), "a fact nobody wrote down, or one that streams still hold and nobody can read"


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_was_said_then_is_understood_today(subject: str) -> None:
    then = golden(subject)
    understood = FACTS[subject].model_validate_json(json.dumps(then)).model_dump(mode="json")
    assert _as_far_as_said(understood, then) == then


def _as_far_as_said(understood: Any, then: Any) -> Any:
    """What is understood of the fields that were said then, at any depth."""
    if isinstance(then, dict) and isinstance(understood, dict):
        return {field: _as_far_as_said(understood.get(field), said) for field, said in then.items()}
    if isinstance(then, list) and isinstance(understood, list) and len(then) == len(understood):
        return [_as_far_as_said(*both) for both in zip(understood, then, strict=True)]
    return understood


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_field_that_was_not_said_then_has_a_default(subject: str) -> None:
    fields = FACTS[subject].model_fields
    new = set(fields) - set(golden(subject))
    assert not [name for name in new if fields[name].is_required()]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_fact_of_tomorrow_with_one_more_field_is_understood_today(subject: str) -> None:
    FACTS[subject].model_validate({**golden(subject), "said_only_tomorrow": 1})


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_is_missing_is_not_guessed(subject: str) -> None:
    said = golden(subject)
    for field in ("id", "territory", "at", "actor", "cause"):
        with pytest.raises(ValidationError):
            FACTS[subject].model_validate({name: value for name, value in said.items() if name != field})


# --- what a fact is -------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_fact_is_named_noun_past_tense_version(subject: str) -> None:
    noun, fact, version = subject.split(".")
    assert noun.isalpha()
    assert fact.isalpha()
    assert version.startswith("v")
    assert int(version[1:]) >= 1


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_fact_does_not_change(subject: str) -> None:
    fact = FACTS[subject].model_validate(golden(subject))
    for name in type(fact).model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(fact, name, None)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_moment_without_a_time_zone_is_refused(subject: str) -> None:
    with pytest.raises(ValidationError):
        FACTS[subject].model_validate({**golden(subject), "at": "2026-01-05T08:00:00"})


def test_two_facts_may_not_say_the_same() -> None:
    with pytest.raises(TypeError, match="give the second a new version"):
        type("SlotOpenedAgain", (Event,), {"subject": "slot.opened.v1", "__module__": __name__, "__annotations__": {}})
    assert FACTS["slot.opened.v1"] is SlotOpened


def test_the_same_cause_says_the_same_fact_and_siblings_differ() -> None:
    order = an_order(id="one")
    first, again = (
        CareRequested.after(order, MONDAY, request_id="r", need=a_need(), patient=a_patient()) for _ in range(2)
    )
    other = CareRequested.after(order, MONDAY, key="2", request_id="r", need=a_need(), patient=a_patient())
    assert first.id == again.id != other.id
    assert first.cause == "one"


def test_what_follows_from_a_fact_keeps_its_territory_and_its_author() -> None:
    author = somebody(Role.DELEGATE, "deleg-1", "volvestre")
    order = an_order(author, territory="volvestre")
    first = CareRequested.after(order, MONDAY, request_id="r", need=a_need(), patient=a_patient())
    second = RequestConfirmed.after(first, MONDAY, request_id="r", slot_id="s")
    assert (second.territory, second.actor, second.cause) == ("volvestre", author, first.id)


def test_ids_depend_on_every_part_and_on_where_it_ends() -> None:
    assert derived_id("a", "b") == derived_id("a", "b")
    assert len({derived_id("a", "b"), derived_id("ab"), derived_id("b", "a"), derived_id("a", "b", "")}) == 4
    assert len(derived_id("a")) == 32


def test_an_id_keeps_the_moment_of_its_parent() -> None:
    request = new_id(datetime(2026, 1, 5, 8, tzinfo=UTC))
    child, grandchild = derived_id(request, "booked"), derived_id(derived_id(request, "booked"), "told")
    assert child[:12] == grandchild[:12] == request[:12] == "019b8d2b8c00"
    assert len({request, child, grandchild}) == 3
    assert len(grandchild) == 32
    assert new_id(datetime(2026, 1, 5, 9, tzinfo=UTC)) > request


def test_a_topic_names_territory_and_fact_and_leads_back_to_the_class() -> None:
    slot = a_slot()
    assert slot.topic() == "care.tarn-ouest.slot.opened.v1"
    assert fact_of(slot.topic()) is SlotOpened
    assert fact_of("care.tarn-ouest.slot.dreamt.v1") is None
    assert fact_of("nonsense") is None


def test_a_reader_is_named_from_the_contract() -> None:
    assert durable("dispatcher", SlotOpened) == "dispatcher-slot-opened-v1"


# --- what nobody may see --------------------------------------------------------------------------------

SECRET = "Mireille Testard 0639980001"


@pytest.mark.parametrize("subject", SUBJECTS)
def test_an_error_does_not_show_what_was_wrong(subject: str) -> None:
    for field in golden(subject):
        with pytest.raises(ValidationError) as error:
            FACTS[subject].model_validate({**golden(subject), field: {"x": SECRET}})
        assert SECRET not in str(error.value)
        assert SECRET not in repr(error.value)


@pytest.mark.parametrize("value", [Place, Sealed[str]])
def test_an_error_in_a_value_does_not_show_it_either(value: Any) -> None:
    with pytest.raises(ValidationError) as error:
        TypeAdapter(value).validate_python({"commune": [SECRET], "box": [SECRET]})
    assert SECRET not in str(error.value)


def test_a_sealed_value_shows_neither_its_content_nor_its_box() -> None:
    sealed = Sealed[str](subject="req-1", field="phone", key_version=1, box="c2VjcmV0")
    assert repr(sealed) == str(sealed) == f"{sealed}" == "Sealed(req-1/phone)"
    assert "c2VjcmV0" not in repr(a_patient(phone=sealed))


def test_a_fact_about_a_patient_shows_no_box() -> None:
    fact = RequestBooked.model_validate(golden("request.booked.v1"))
    assert golden("request.booked.v1")["patient"]["phone"]["box"] not in repr(fact)
