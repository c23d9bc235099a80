"""Is a number read however it is written, and refused in words that do not repeat it?"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.reference.phones import is_mobile, parse_phone, show_phone


@pytest.mark.parametrize(
    "written",
    [
        "0612345678",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "06-12-34-56-78",
        " 06 12/34/56 78 ",
        "06\u00a012\u202f34 56 78",
        "+33612345678",
        "+33 (0)6 12 34 56 78",
        "0033 6 12 34 56 78",
        "0612 345678",
        "０６１２３４５６７８",
    ],
)
def test_any_spacing_is_accepted(written: str) -> None:
    assert parse_phone(written, demonstration=False) == "+33612345678"


@pytest.mark.parametrize(
    ("written", "e164"),
    [
        ("0690 30 12 34", "+590690301234"),
        ("0691 22 12 34", "+590691221234"),
        ("0590 81 12 34", "+590590811234"),
        ("0694 20 12 34", "+594694201234"),
        ("0696 20 12 34", "+596696201234"),
        ("0692 12 34 56", "+262692123456"),
        ("0262 20 12 34", "+262262201234"),
        ("0639 01 02 03", "+262639010203"),
        ("07 09 35 12 34", "+262709351234"),
        ("07 09 31 12 34", "+594709311234"),
    ],
)
def test_an_overseas_number_is_known_by_its_prefix_wherever_one_types_it(written: str, e164: str) -> None:
    assert parse_phone(written, demonstration=False) == e164
    assert parse_phone(written, region_hint="RE", demonstration=False) == e164


def test_the_territory_s_region_tells_the_short_numbers_of_the_pacific() -> None:
    assert parse_phone("87 12 34 56", region_hint="PF", demonstration=False) == "+68987123456"
    assert parse_phone("25 12 34", region_hint="NC", demonstration=False) == "+687251234"


@pytest.mark.parametrize("region", ["FR", "GP", "RE", "NC", "PM"])
def test_a_metropolitan_number_is_read_overseas_as_well(region: str) -> None:
    assert parse_phone("06 12 34 56 78", region_hint=region, demonstration=False) == "+33612345678"


def test_a_foreign_visitor_may_be_called_back() -> None:
    assert parse_phone("+44 7400 123456", demonstration=False) == "+447400123456"


@pytest.mark.parametrize("written", ["06 39 98 12 34", "+33 6 39 98 12 34", "05 36 49 00 81", "01 99 00 12 34"])
def test_numbers_of_fiction_pass_in_a_demonstration_only(written: str) -> None:
    for region in ("FR", "YT"):
        assert parse_phone(written, region_hint=region, demonstration=True).startswith("+33")
    with pytest.raises(ValueError, match="fiction"):
        parse_phone(written, demonstration=False)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", "Écrivez le numéro"),
        ("06 12 34 56", "n'existe pas"),
        ("06 12 34 56 78 9", "n'existe pas"),
        ("00 00 00 00 00", "n'existe pas"),
        ("116 117", "n'existe pas"),
        ("15", "n'existe pas"),
        ("0639 98 02", "n'existe pas"),
        ("+999 12 34 56 78", "n'existe pas"),
        ("+", "chiffres"),
        ("le 06 12 34 56 78", "chiffres"),
        ("0612345678 poste 12", "chiffres"),
        ("0612345678" * 10, "chiffres"),
        ("08 91 12 34 56", "surtaxé"),
    ],
)
def test_what_is_no_number_is_answered_with_what_to_do(written: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_phone(written, demonstration=True)


def test_a_number_is_shown_as_people_read_it() -> None:
    assert show_phone("+33639981234") == "06 39 98 12 34"
    assert show_phone("+262692123456") == "0692 12 34 56"
    assert show_phone("+68987123456") == "+689 87 12 34 56"
    assert show_phone("+447400123456") == "+44 7400 123456"


def test_an_sms_goes_to_mobiles_only() -> None:
    assert is_mobile("+33639981234")
    assert is_mobile("+33612345678")
    assert is_mobile("+262692123456")
    assert not is_mobile("+33536490081")
    assert not is_mobile("+33972123456")


@pytest.mark.parametrize("text", ["", "0612345678", "+", "+33", "+0612345678", "tel", "+3361234567890123456"])
def test_only_e164_is_shown(text: str) -> None:
    for ask in (show_phone, is_mobile):
        with pytest.raises(ValueError):
            ask(text)


@settings(deadline=None)
@given(
    text=st.text(max_size=60) | st.text(alphabet="0123456789+ .()-", max_size=30),
    region=st.sampled_from(["FR", "GP", "YT", "NC", "PM", "XX", ""]),
    demonstration=st.booleans(),
)
def test_any_text_is_a_number_or_a_sentence_that_does_not_hold_it(text: str, region: str, demonstration: bool) -> None:
    sentence = e164 = ""
    try:
        e164 = parse_phone(text, region_hint=region, demonstration=demonstration)
    except ValueError as refusal:
        sentence = str(refusal)
    if sentence:
        assert not any(sign.isdigit() for sign in sentence)
        assert sentence.endswith(".")
    else:
        assert parse_phone(e164, demonstration=demonstration) == e164
        assert is_mobile(e164) in (True, False)


@settings(deadline=None)
@given(last=st.integers(0, 9999), region=st.sampled_from(["FR", "GP", "YT", "NC"]))
def test_what_is_shown_is_read_back_as_the_same_number(last: int, region: str) -> None:
    for start in ("+33639", "+33612", "+262692", "+590690"):
        e164 = f"{start}{98:02d}{last:04d}"
        read = parse_phone(e164, demonstration=True)
        assert parse_phone(show_phone(read), region_hint="FR", demonstration=True) == read
