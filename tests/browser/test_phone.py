"""Is the practitioner's page an app on her phone? Few touches, a pause in one, and no network is no obstacle."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import barriers, weight
from tests.browser.conftest import PHONE, Desk, Live
from tests.browser.people import practitioner, sooner_or_later

pytestmark = pytest.mark.browser

LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced": {"forced_colors": "active"},
}
WEIGHS = 120_000
"""Bytes, nothing cached."""


@pytest.fixture
def doctor(live: Live) -> str:
    with live.client("reg-volvestre") as regulator:
        return practitioner(regulator, profession="50")["id"]


def sit(desk: Desk, who: str, **look: object) -> Page:
    page = desk.sit(who, "/me", viewport=PHONE, has_touch=True, **look)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    return page


def opened(live: Live, who: str, minutes: int) -> list[str]:
    """The starts of the doctor's open slots of that length."""
    with live.client(who) as hands:
        slots = hands.get("/api/slots").json()
    return [one["start"] for one in slots if one["status"] == "open" and one["minutes"] == minutes]


def choose(page: Page, day: int, hour: str, length: str) -> int:
    """Three fields and one button; the touches it took. A list takes two: it opens, one is chosen."""
    page.locator(".touch").first.locator("label").nth(day).tap()
    page.get_by_label("Heure").select_option(hour)
    page.locator(".touch").nth(1).get_by_text(length).tap()
    page.get_by_role("button", name="Ouvrir ce créneau").tap()
    return 1 + 2 + 1 + 1


def test_a_slot_is_opened_in_six_touches_at_most(desk: Desk, live: Live, doctor: str) -> None:
    page = sit(desk, doctor)
    before = len(opened(live, doctor, 45))
    assert choose(page, 5, "07:15", "45 min") <= 6
    expect(page.locator("#toasts")).to_contain_text("Créneau ouvert")
    expect(page.locator(".slots li", has_text="7 h 15 – 8 h")).to_have_count(1)
    assert len(opened(live, doctor, 45)) == before + 1


def test_one_touch_says_that_one_is_free_now(desk: Desk, live: Live, doctor: str) -> None:
    with live.client(doctor) as hands:
        for slot in hands.get("/api/slots").json()[:40]:
            hands.post(f"/api/slots/{slot['id']}/cancel")
    page = sit(desk, doctor)
    page.get_by_role("button", name="Libre maintenant, 2 h").tap()
    expect(page.locator("#toasts")).to_contain_text("Créneau ouvert\u00a0: maintenant")
    expect(page.locator(".slots li").first).to_contain_text("6 places libres".replace(" places", "\u00a0places"))
    assert len(opened(live, doctor, 120)) == 1


def test_one_touch_pauses_and_one_resumes(desk: Desk, live: Live, doctor: str) -> None:
    page = sit(desk, doctor)
    page.get_by_role("button", name="Pause 2 h").tap()
    expect(page.locator("#control-title + .note")).to_contain_text("En pause jusqu’à")
    with live.client(doctor) as hands:
        assert hands.get(f"/api/practitioners/{doctor}/terms").json()["paused_until"]
    page.get_by_role("button", name="Reprendre").tap()
    expect(page.get_by_role("button", name="Pause 2 h")).to_be_visible()
    with live.client(doctor) as hands:
        assert hands.get(f"/api/practitioners/{doctor}/terms").json()["paused_until"] is None


def test_what_is_opened_without_a_network_is_seen_once_when_it_is_back(desk: Desk, live: Live, doctor: str) -> None:
    page = sit(desk, doctor)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    sooner_or_later(lambda: page.evaluate("Boolean(navigator.serviceWorker.controller)"))
    before = opened(live, doctor, 15)
    page.context.set_offline(True)
    page.goto("/me")
    expect(page.locator("h1")).to_have_text("Pas de réseau")
    assert "patient" not in page.locator(".publish").inner_text()
    choose(page, 4, "07:30", "15 min")
    expect(page.locator("#queue li")).to_have_count(1)
    expect(page.locator("#queue")).to_contain_text("en attente du réseau")
    page.reload()
    expect(page.locator("#queue li")).to_have_count(1)
    assert opened(live, doctor, 15) == before
    page.context.set_offline(False)
    expect(page).to_have_url(f"{live.url}/me")  # by itself
    expect(page.locator("#queue li")).to_have_count(0)
    expect(page.locator(".slots li", has_text="7 h 30 – 7 h 45")).to_have_count(1)
    page.reload()
    page.wait_for_timeout(500)
    assert len(opened(live, doctor, 15)) == len(before) + 1
    desk.complaints.clear()  # the browser itself notes that there was no network


def test_what_is_refused_later_is_said_and_not_lost(desk: Desk, live: Live, doctor: str) -> None:
    page = sit(desk, doctor)
    for _ in range(2):
        choose(page, 3, "08:00", "30 min")
        page.wait_for_timeout(500)
    refused = page.locator("#queue li.bad")
    expect(refused).to_contain_text("occupe déjà ce temps")
    refused.get_by_role("button", name="Compris").tap()
    expect(page.locator("#queue li")).to_have_count(0)
    assert len(opened(live, doctor, 30)) >= 1
    desk.complaints.clear()  # the browser itself notes the refusal


def test_a_week_is_set_changed_and_ended(desk: Desk, live: Live, doctor: str) -> None:
    page = sit(desk, doctor)
    week = page.locator("#week")
    week.get_by_text("dimanche", exact=True).tap()
    week.get_by_label("De", exact=True).fill("6h")
    week.get_by_label("à", exact=True).fill("7h")
    week.get_by_text("Préciser").tap()
    week.get_by_text("Aussi la nuit, le dimanche").tap()
    week.get_by_role("button", name="Enregistrer la semaine").tap()
    shown = page.locator("[aria-labelledby=weeks-title] li", has_text="dim.")
    expect(shown).to_contain_text("6 h – 7 h".replace(" h", "\u00a0h"))
    assert not barriers(page)
    shown.get_by_role("button", name="Modifier").tap()
    expect(page.locator("#repeat-title")).to_have_text("Modifier ma semaine type")
    week.get_by_label("à", exact=True).fill("6h40")
    week.get_by_role("button", name="Enregistrer la semaine").tap()
    expect(shown).to_contain_text("6\u00a0h\u00a040")
    expect(page.locator("#repeat-title")).to_have_text("Répéter chaque semaine")
    shown.get_by_role("button", name="Arrêter").tap()
    page.locator("#sure").get_by_role("button", name="Arrêter").tap()
    expect(shown).to_have_count(0)


@pytest.mark.parametrize("look", LOOKS)
def test_no_barrier_without_a_network_nor_on_pause(desk: Desk, doctor: str, look: str) -> None:
    page = desk.sit(doctor, "/me/offline", viewport=PHONE, **LOOKS[look])
    assert not barriers(page)
    page.goto("/me")
    page.get_by_role("button", name="Pause jusqu’à demain").click()
    expect(page.get_by_role("button", name="Reprendre")).to_be_visible()
    assert not barriers(page)
    page.get_by_role("button", name="Reprendre").click()
    expect(page.get_by_role("button", name="Pas ce soir")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"


def test_it_can_be_installed_and_is_light(desk: Desk, doctor: str) -> None:
    page = sit(desk, doctor)
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    session = page.context.new_cdp_session(page)
    manifest = session.send("Page.getAppManifest")
    assert not manifest["errors"]
    assert json.loads(manifest["data"])["start_url"] == "/me"
    found = [one["errorId"] for one in session.send("Page.getInstallabilityErrors")["installabilityErrors"]]
    assert set(found) <= {"in-incognito"}  # a test's browser context is one
    size = weight(sit(desk, doctor, service_workers="block"), "/me")
    print(f"practitioner's page: {size} bytes")
    assert size <= WEIGHS
