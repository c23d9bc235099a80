"""Can everybody use every page, in light, dark and forced colours, at a desk and on a phone?"""

import pytest
from playwright.sync_api import expect

from tests.browser.accessible import barriers, weight
from tests.browser.conftest import DESK, PHONE
from tests.browser.people import enter, link_of, practitioner, request, sooner_or_later

pytestmark = pytest.mark.browser

PAGES = {
    "/": None,
    "/console": "reg-tarn-ouest",
    "/messages": "reg-tarn-ouest",
    "/coordination": "coord-tarn-ouest",
    "/operations": "ops",
    "/me": "sec-tarn-ouest",
    "/feeds": "sec-tarn-ouest",
    "/members": "coord-tarn-ouest",
    "/roster": "coord-tarn-ouest",
    "/texts": "coord-tarn-ouest",
}
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced": {"forced_colors": "active"},
}
SCREENS = {"desk": DESK, "phone": PHONE}
CONSOLE_WEIGHS, PATIENT_WEIGHS = 120_000, 30_000
"""Bytes, nothing cached."""


@pytest.fixture(scope="module")
def patient_link(live):
    """A patient's own page, found where the regulator finds it."""
    with live.client("reg-tarn-ouest") as regulator:
        request(regulator, "81105", last_name="Marty", phone="06 39 98 03 01", hours=48)
        return sooner_or_later(lambda: link_of(regulator, "06 39 98 03 01"))


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("path", PAGES)
def test_no_barrier_on_any_page(desk, path, look, screen):
    page = desk.sit(PAGES[path], path, viewport=SCREENS[screen], **LOOKS[look])
    page.wait_for_timeout(300)
    assert not barriers(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("ask", ["", "?act=cancel", "?lang=en"])
def test_no_barrier_on_the_patients_page(desk, patient_link, ask, look):
    page = desk.sit(None, patient_link + ask, viewport=PHONE, **LOOKS[look])
    assert not barriers(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"


@pytest.mark.parametrize("look", LOOKS)
def test_no_barrier_while_the_console_is_at_work(desk, look):
    page = desk.sit("reg-tarn-ouest", "/console", **LOOKS[look])
    hands = enter(page, "0639980302", "Blanc", look, "2019", "gail")
    expect(page.locator("#offers .offer").first).to_be_visible()
    assert not barriers(page)
    hands.press("Alt+1")
    expect(page.locator("#offers .held")).to_be_visible()
    assert not barriers(page)
    page.locator("#usual").press_sequentially("dr")
    expect(page.locator("#usual-list")).to_be_visible()
    assert not barriers(page)
    hands.press("Escape")
    hands.press("Control+Enter")
    expect(page.locator("#toasts .toast")).to_be_visible()
    assert not barriers(page)
    page.locator("#board a", has_text=f"Blanc {look}").click()
    expect(page.locator("#drawer h2")).to_be_visible()
    assert not barriers(page)
    hands.press("Escape")
    hands.press("Escape")
    hands.press("?")
    expect(page.locator("#help")).to_be_visible()
    assert not barriers(page)


def test_an_alert_is_taken_in_hand_by_the_coordinator(desk, live):
    with live.client("reg-var-ouest") as regulator:
        left_alone = request(regulator, "83129", last_name="Isnard", deadline="dans 14 min", phone="06 39 98 03 03")
        sooner_or_later(lambda: regulator.get(f"/api/requests/{left_alone}").json()["state"] == "escalated")
    page = desk.sit("coord-var-ouest", "/coordination")
    alert = page.locator("#follow li", has_text="Isnard")
    alert.get_by_role("button", name="Prendre en main").click()
    expect(alert).to_contain_text("en main")
    expect(alert.get_by_role("button")).to_have_count(0)
    assert not barriers(page)


def test_a_link_that_leads_nowhere_says_what_to_do(desk):
    page = desk.sit(None, "/p/abcdefghjkmn", viewport=PHONE)
    expect(page.locator("h1")).to_have_text("Ce lien n’est plus valable")
    expect(page.locator("main")).to_contain_text("116 117")
    assert not barriers(page)
    desk.complaints.clear()  # the browser itself notes the 404


def test_the_patient_cancels_without_any_script_and_may_change_her_mind_before(desk, live):
    with live.client("reg-grand-narbonne") as regulator:
        doctor = practitioner(regulator)["id"]
        phone = "06 39 98 03 04"
        request(regulator, "11262", last_name="Bonnet", phone=phone, hours=48, usual_practitioner=doctor)
        link = sooner_or_later(lambda: link_of(regulator, phone))
        page = desk.sit(None, link, viewport=PHONE, java_script_enabled=False)
    page.get_by_role("link", name="Je ne peux pas venir").click()
    expect(page.locator("h1")).to_contain_text("Annuler ce rendez-vous")
    page.get_by_role("link", name="Non, je garde mon rendez-vous").click()
    expect(page.locator("h1")).to_have_text("Votre rendez-vous")
    page.get_by_role("link", name="Je ne peux pas venir").click()
    page.get_by_role("button", name="Oui, annuler mon rendez-vous").click()
    expect(page.locator("h1")).to_have_text("Rendez-vous annulé")
    page.reload()
    expect(page.locator("h1")).to_have_text("Rendez-vous annulé")


def test_the_patients_page_speaks_english_to_who_asks(desk, patient_link):
    page = desk.sit(None, patient_link, viewport=PHONE, locale="en-GB")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("h1")).to_have_text("Your appointment")
    page.get_by_role("link", name="Français").click()
    expect(page.locator("h1")).to_have_text("Votre rendez-vous")


def test_pages_stay_light(desk, patient_link):
    page = desk.sit("reg-tarn-ouest", "/")
    console = weight(page, "/console")
    patient = weight(page, patient_link)
    print(f"console {console} bytes, patient {patient} bytes")
    assert console <= CONSOLE_WEIGHS
    assert patient <= PATIENT_WEIGHS
