"""Does a practitioner who is asked answer with one press, with or without scripts, and does the regulator follow it?"""

import pytest
from playwright.sync_api import expect

from tests.browser.accessible import barriers
from tests.browser.conftest import PHONE
from tests.browser.people import practitioner, request, sooner_or_later

pytestmark = pytest.mark.browser

LOOKS = ({"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"})
HAND = 44
"""Pixels: what a thumb hits."""


def asked(live, territory, commune, last_name, **terms):
    """A dietician who agreed to be asked, and her patient who finds no seat within the hour: (who, request).

    At home: no dietician of the demonstration opens such a slot, whatever the time of day.
    """
    with live.client(f"reg-{territory}") as regulator:
        who = practitioner(regulator, profession="95")["id"]
        with live.client(who) as hands:
            allowed = hands.post(f"/api/practitioners/{who}/terms", json={"offers": True, **terms})
            assert allowed.status_code == 200, allowed.text
            said = {"profession": "95", "deadline": "dans 59 min", "radius_km": 200, "modes": ["home"]}
            said |= {"usual_practitioner": who, "last_name": last_name, "phone": "06 39 98 06 01"}
            request_id = request(regulator, commune, **said)
            sooner_or_later(lambda: hands.get("/api/offers").json())
    return who, request_id


def test_without_any_script_a_yes_is_one_press(desk, live):
    who, request_id = asked(live, "grand-narbonne", "11262", "Oui")
    page = desk.sit(who, "/me", viewport=PHONE, java_script_enabled=False)
    offer = page.locator(".asked li").first
    expect(offer).to_contain_text("Narbonne")
    expect(offer).to_contain_text("dans les 6 h")
    expect(page.locator("main")).not_to_contain_text("Oui,")
    offer.get_by_role("button", name="Accepter").click()
    expect(page.locator("p[role=status]")).to_contain_text("ce patient est pour vous")
    with live.client("reg-grand-narbonne") as regulator:
        sooner_or_later(lambda: regulator.get(f"/api/requests/{request_id}").json()["practitioner_id"] == who)
    page.reload()
    expect(page.locator(".visits")).to_contain_text("Oui")
    expect(page.locator(".asked")).to_have_count(0)


def test_a_no_at_a_thumbs_size_and_nobody_is_kept_out(desk, live):
    who, _ = asked(live, "volvestre", "31107", "Non")
    for look in LOOKS:
        page = desk.sit(who, "/me", viewport=PHONE, **look)
        page.wait_for_timeout(300)
        assert not barriers(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    for name in ("Accepter", "Pas cette fois"):
        box = page.locator(".asked li").first.get_by_role("button", name=name).bounding_box()
        assert box["height"] >= HAND
        assert box["width"] >= HAND
    page.locator(".asked li").first.get_by_role("button", name="Pas cette fois").click()
    expect(page.locator("p[role=status]")).to_contain_text("merci d’avoir répondu")
    expect(page.locator(".asked")).to_have_count(0)


def test_an_offer_comes_by_itself_while_the_page_is_open(desk, live):
    with live.client("reg-var-golfe") as regulator:
        who = practitioner(regulator, profession="95")["id"]
    page = desk.sit(who, "/me", viewport=PHONE)
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    asked(live, "var-golfe", "83118", "Vite")
    expect(page.locator(".asked li")).to_have_count(1, timeout=15_000)


def test_what_one_allows_is_ticked_and_kept(desk, live):
    with live.client("reg-var-ouest") as regulator:
        who = practitioner(regulator, profession="95")["id"]
    page = desk.sit(who, "/me", viewport=PHONE)
    page.get_by_label("donner mon numéro à la régulation").check()
    page.get_by_label("Au plus par jour").fill("3")
    page.get_by_label("En pause jusqu’à").fill("demain 8h")
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.locator("p[role=status]")).to_contain_text("C’est noté")
    expect(page.get_by_label("donner mon numéro à la régulation")).to_be_checked()
    expect(page.get_by_label("Au plus par jour")).to_have_value("3")
    expect(page.get_by_label("En pause jusqu’à")).to_have_value("demain à\u00a08\u00a0h")


def test_the_regulator_sees_who_was_asked_phones_and_writes_the_time(desk, live):
    _, request_id = asked(live, "var-provence-mediterranee", "83137", "Appel", extra=True)
    page = desk.sit("reg-var-provence-mediterranee", "/console")
    page.locator("#board a", has_text="Appel").click()
    drawer = page.locator("#drawer")
    expect(drawer).to_contain_text("Demandé à des praticiens")
    expect(drawer).to_contain_text("pas encore de réponse")
    expect(drawer).to_contain_text("Qui appeler pour un patient de plus")
    assert not barriers(page)
    form = drawer.locator("form[data-act]").first
    form.locator("[name=start]").fill("dans 50 min")
    form.get_by_role("button", name="D’accord à cette heure").click()
    expect(page.locator("#toasts")).to_contain_text("ce praticien prend le patient")
    with live.client("reg-var-provence-mediterranee") as regulator:
        sooner_or_later(lambda: regulator.get(f"/api/requests/{request_id}").json()["state"] == "booked")


def test_the_coordinator_sees_everybodys_week(desk, live):
    asked(live, "var-dracenie-provence-verdon", "83050", "Semaine")
    page = desk.sit("coord-var-dracenie-provence-verdon", "/coordination")
    expect(page.locator("#week-title")).to_have_text("La semaine de chacun")
    expect(page.locator("section", has=page.locator("#week-title")).locator("tbody tr").first).to_be_visible()
    assert not barriers(page)
