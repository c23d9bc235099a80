"""Do the published documents say what Relais really does?"""

from schemas.event import FACTS
from services.web.access import ACCESS
from services.web.words.fields import FIELDS
from services.web.words.problems import PROBLEMS
from tests.web.conftest import SignIn, publish


async def test_openapi_describes_every_door_for_programs_and_no_page(sign_in: SignIn) -> None:
    document = (await (await sign_in(None)).get("/docs/openapi.json")).json()
    told = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    expected = {
        (method, path)
        for method, path in ACCESS
        if path.startswith(("/api/", "/p/{token}/", "/health", "/readyz", "/metrics", "/hooks/", "/push/"))
    }
    assert told == expected
    for methods in document["paths"].values():
        for door in methods.values():
            assert "application/problem+json" in str(door["responses"])
            assert door["summary"]


async def test_asyncapi_describes_every_fact(sign_in: SignIn) -> None:
    nobody = await sign_in(None)
    document = (await nobody.get("/docs/asyncapi.json")).json()
    assert document["asyncapi"].startswith("3.")
    assert {one["address"] for one in document["channels"].values()} == {
        f"care.{{territory}}.{subject}" for subject in FACTS
    }
    assert "#/$defs" not in str(document)
    for schema in document["components"]["messages"].values():
        assert schema["payload"]["properties"]["territory"]
    page = await nobody.get("/docs/asyncapi")
    assert all(subject in page.text for subject in FACTS)
    assert "<script" not in page.text


async def test_health_says_what_works_while_there_is_no_bus(sign_in: SignIn, anne) -> None:
    nobody = await sign_in(None)
    waiting = (await nobody.get("/health")).json()["outbox_waiting"]
    await publish(anne)
    answer = await nobody.get("/health")
    assert (answer.status_code, answer.json()) == (
        200,
        answer.json() | {"ok": True, "bus": False, "database": True, "outbox_waiting": waiting + 1},
    )


def test_every_refusal_is_said_in_both_languages_and_says_what_to_do() -> None:
    for code, words in PROBLEMS.items():
        assert 400 <= words.status < 600
        for said in (words.fr, words.en):
            assert said.title, code
            assert not said.title.endswith("."), code
            assert said.detail.endswith((".", "}.")), code
            assert len(said.detail) > 20, code
        assert words.fr != words.en, code
    for code, (french, english) in FIELDS.items():
        assert french != english, code
        assert french.endswith((".", "}")), code
        assert english.endswith("."), code
