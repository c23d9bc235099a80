"""Does what must hold at every door hold? Size, origin, host, headers, and no fault that leaks."""

import json
import logging

import httpx
import pytest
from fastapi import FastAPI

from services.web.guards import CSP, LARGEST_BODY
from tests.web.conftest import SignIn, entry, key

JSON = {"Content-Type": "application/json"}


async def chunks(count: int, size: int = 64 * 1024):
    for _ in range(count):
        yield b" " * size


@pytest.mark.parametrize(("language", "words"), [("fr", "au plus 256 ko"), ("en", "at most 256 kB")])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_of_ten_megabytes_is_refused(sign_in: SignIn, language, words, chunked) -> None:
    regulator = await sign_in("reg-tarn-ouest", language)
    body = chunks(160) if chunked else b" " * 10_000_000
    answer = await regulator.post("/api/requests", content=body, headers=JSON | key())
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]


async def test_a_body_just_small_enough_is_read(regulator) -> None:
    typed = json.dumps(entry()).encode()
    for extra, status in ((0, 201), (1, 413)):
        body = typed + b" " * (LARGEST_BODY - len(typed) + extra)
        answer = await regulator.post("/api/requests", content=body, headers=JSON | key())
        assert answer.status_code == status


async def test_what_is_not_a_json_object_is_refused_in_words(regulator) -> None:
    for body in [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b"[" * 100_000, b"null", b"1" * 5000, b"phone=06"]:
        answer = await regulator.post("/api/requests", content=body, headers=JSON | key())
        assert answer.status_code in (400, 422), body[:9]
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]


async def test_no_number_breaks_the_entry(regulator) -> None:
    for name in ("hours", "radius_km", "birth_year"):
        for value in ("NaN", "Infinity", "1e400", "9" * 400, "-1", "[]", '{"a":1}'):
            body = json.dumps(entry())[:-1] + f', "{name}": {value}}}'
            answer = await regulator.post("/api/requests", content=body.encode(), headers=JSON | key())
            assert answer.status_code in (400, 422), (name, value, answer.text)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://127.0.0.1:8016"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
    ],
)
async def test_only_our_own_pages_may_act(regulator, headers, status) -> None:
    answer = await regulator.post("/api/holds/release", json={"request_id": "draft-0123456789"}, headers=headers)
    assert answer.status_code == status
    assert (await regulator.get("/api/session", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8016", 200),
        ("localhost", 200),
        ("[::1]:8016", 200),
        ("10.0.0.7", 200),
        ("rebound.example", 421),
        ("localhost.evil.example:8016", 421),
        ("", 421),
        ("[::1", 421),
        ("a:b:c", 421),
        ("127.0.0.1@rebound.example", 421),
    ],
)
async def test_another_name_for_this_machine_is_not_answered(sign_in: SignIn, host, status) -> None:
    nobody = await sign_in(None)
    assert (await nobody.get("/health", headers={"Host": host})).status_code == status


@pytest.mark.parametrize(
    "path", ["/", "/health", "/api/session", "/nowhere", "/static/nowhere.js", "/p/none", "/docs/asyncapi"]
)
async def test_every_answer_carries_the_security_headers(sign_in: SignIn, path) -> None:
    nobody = await sign_in(None)
    answer = await nobody.get(path)
    assert answer.headers["content-security-policy"] == CSP
    assert "'none'" in CSP.split(";")[0]
    assert "unsafe" not in CSP
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")


async def test_our_own_files_are_asked_for_again_by_their_tag(sign_in: SignIn) -> None:
    nobody = await sign_in(None)
    first = await nobody.get("/static/vendor/htmx.min.js")
    assert first.status_code == 200
    again = await nobody.get("/static/vendor/htmx.min.js", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert (await nobody.get("/static/../app.py")).status_code == 404
    assert (await nobody.get("/static/%2e%2e/app.py")).status_code == 404


def ours(caplog: pytest.LogCaptureFixture) -> str:
    """Every line but those of the test's own browser."""
    return "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("http"))


async def test_a_fault_of_ours_says_nothing_of_what_was_typed(app: FastAPI, caplog) -> None:
    @app.get("/broken", dependencies=[])
    async def broken() -> None:
        raise RuntimeError("Delmas 0639981234")

    from services.web.access import ACCESS, ANYONE

    ACCESS["GET", "/broken"] = ANYONE
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as client:
            with caplog.at_level(logging.DEBUG):
                answer = await client.get("/broken?name=Delmas", headers={"Accept-Language": "en"})
    finally:
        del ACCESS["GET", "/broken"]
    assert answer.status_code == 500
    said = answer.json()
    assert said["title"] == "Our mistake"
    assert "Delmas" not in answer.text
    (line,) = [record for record in caplog.records if record.name == "relais.web"]
    assert said["detail"].split()[-1].rstrip(".") in line.getMessage()
    assert "RuntimeError" in line.getMessage()
    assert not any(word in ours(caplog) for word in ("Delmas", "0639981234"))


async def test_what_a_person_types_is_in_no_log_line(regulator, anne, settle, caplog) -> None:
    with caplog.at_level(logging.DEBUG):
        await regulator.post("/api/requests", json=entry(), headers=key())
        await regulator.post("/api/requests", json=entry(phone="06 39 98 12 3", note="Xyzzy"), headers=key("b"))
        await regulator.post("/api/requests", json=entry(deadline="Xyzzy", hours="Xyzzy"), headers=key("c"))
        await settle()
    for word in ("Delmas", "0639981234", "+33639981234", "06 39 98", "Xyzzy"):
        assert word not in ours(caplog), word


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("fr-FR,fr;q=0.9,en;q=0.8", "Page introuvable"),
        ("en-GB,en;q=0.9,fr;q=0.1", "Not found"),
        ("de", "Page introuvable"),
        ("", "Page introuvable"),
        ("en;q=nonsense", "Page introuvable"),
        ("*", "Page introuvable"),
    ],
)
async def test_a_problem_speaks_the_askers_language_and_french_otherwise(sign_in: SignIn, asked, title) -> None:
    nobody = await sign_in(None)
    answer = await nobody.get("/nowhere", headers={"Accept-Language": asked})
    assert (answer.status_code, answer.json()["title"]) == (404, title)


async def test_a_person_gets_a_page_and_a_program_gets_problem_details(regulator) -> None:
    html = {"Accept": "text/html,application/xhtml+xml"}
    for path, status in (("/nowhere", 404), ("/operations", 403), ("/console/requests/none", 404)):
        page = await regulator.get(path, headers=html)
        assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert "<h1>" in page.text
        script = await regulator.get(path, headers=html | {"HX-Request": "true"})
        assert script.headers["content-type"] == "application/problem+json"
    assert (await regulator.get("/api/nowhere", headers=html)).headers["content-type"] == "application/problem+json"


async def test_a_wrong_method_says_where_the_right_ones_are(sign_in: SignIn) -> None:
    nobody = await sign_in(None)
    answer = await nobody.put("/api/requests")
    assert answer.status_code == 405
    assert "/docs/openapi.json" in answer.json()["detail"]
