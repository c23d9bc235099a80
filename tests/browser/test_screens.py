"""What does it look like? Pictures of a believable morning, for a person to look at."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.browser.people import enter, free_soon, link_of, practitioner, request, sooner_or_later

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HERE = Path(__file__).parent / "screenshots"
DOCS = Path(__file__).parents[2] / "docs" / "screens"
"""Written only when RELAIS_SCREENS=1: pictures of the documentation change when somebody wants them to."""

WIDE = {"width": 1440, "height": 900}
PEOPLE: tuple[tuple[str, str, int, str, dict[str, Any]], ...] = (
    ("Cazals", "Jeanne", 1941, "81105", {"hours": 24}),
    ("Benali", "Karim", 1986, "81140", {"hours": 24, "no_vehicle": True}),
    ("Martinez", "Lou", 2022, "81099", {"hours": 6}),
    (
        "Roques",
        "Paul",
        1979,
        "81099",
        {"hours": 48, "profession": "60", "modes": ["home"], "address": "3 rue des Lilas"},
    ),
    ("Nguyen", "Anh", 1995, "81220", {"hours": 24, "modes": ["office", "teleconsultation"]}),
    ("Fabre", "Odette", 1933, "81105", {"hours": 24, "profession": "70"}),
    ("Lemaire", "Hugo", 2010, "81271", {"deadline": "dans 14 min"}),
    ("Sanchez", "Ines", 1968, "81140", {"deadline": "dans 2h50", "profession": "92", "radius_km": 1}),
    ("Galtier", "Yves", 1957, "81099", {"deadline": "dans 55 min", "profession": "95", "radius_km": 1}),
)


@pytest.fixture(scope="module")
def morning(live):
    """Requests of every kind, some placed, some not, one that needs a human; the patients' links by number."""
    with live.client("reg-tarn-ouest") as regulator:
        known = set()
        for number, (last, first, year, commune, said) in enumerate(PEOPLE):
            who = {"last_name": last, "first_name": first, "birth_year": year, "phone": f"06 39 98 05 {number:02d}"}
            known.add(request(regulator, commune, **who, **said))
        sooner_or_later(lambda: link_of(regulator, "06 39 98 05 00"))
        sooner_or_later(lambda: link_of(regulator, "06 39 98 05 04"))
        doctor = practitioner(regulator)
        with live.client(doctor["id"]) as hands:
            slot = free_soon(hands, capacity=3, after=60, each=15)
        for number, name in enumerate(("Vidal", "Serres"), start=20):
            who = {"last_name": name, "phone": f"06 39 98 05 {number}", "birth_year": 1970 + number}
            request(regulator, "81105", reason="Douleur au genou", slot_id=slot["id"], **who)
        yield {"doctor": doctor["id"], "link": link_of(regulator, "06 39 98 05 00")}


def keep(page: Page, name: str) -> None:
    """The picture, where a person looks for it."""
    folders = [HERE, DOCS] if os.environ.get("RELAIS_SCREENS") == "1" else [HERE]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(folder / f"{name}.png"))


def test_the_console_at_work(desk, morning):
    page = desk.sit("reg-tarn-ouest", "/console", viewport=WIDE)
    hands = enter(page, "0639980130", "Durand", "Jeanne", "1958", "graul")
    expect(page.locator("#offers .offer")).to_have_count(3)
    keep(page, "console")
    hands.press("Alt+1")
    expect(page.locator("#offers .held")).to_be_visible()
    keep(page, "console-held")
    page.locator("#board a", has_text="Cazals").click()
    expect(page.locator("#drawer h2")).to_be_visible()
    keep(page, "request")


def test_the_console_at_night(desk, morning):
    page = desk.sit("reg-tarn-ouest", "/console", color_scheme="dark")
    expect(page.locator("#board tbody tr").first).to_be_visible()
    page.wait_for_timeout(300)
    keep(page, "console-dark")


def test_the_other_pages(desk, morning):
    for name, account, path, look in (
        ("welcome", None, "/", {}),
        ("practitioner", morning["doctor"], "/me", {"viewport": PHONE}),
        ("patient", None, morning["link"], {"viewport": PHONE}),
        ("coordination", "coord-tarn-ouest", "/coordination", {}),
        ("messages", "reg-tarn-ouest", "/messages", {}),
        ("operations", "ops", "/operations", {}),
    ):
        page = desk.sit(account, path, **look)
        page.wait_for_timeout(500)
        keep(page, name)
