"""Does a regulator find a place for a patient without a mouse, whatever happens meanwhile?"""

import re
import signal

import pytest
from playwright.sync_api import expect

from tests.browser.people import Keyboard, enter, request, words

pytestmark = pytest.mark.browser

MOST_KEYS = 45
"""Most keys for a standard request, taking proposal 1 included."""

TAKEN = "Ce créneau vient d’être pris"


def test_a_request_is_entered_by_keyboard_takes_proposal_1_and_the_patient_confirms(desk, live):
    regulator = desk.sit("reg-tarn-ouest", "/console")
    colleague = desk.sit("reg-tarn-ouest", "/console")
    expect(colleague.locator("#live")).to_have_attribute("data-state", "live")

    hands = enter(regulator, "0639980101", "Durand", "Jeanne", "1958", "graul")
    expect(regulator.locator("#offers .offer")).to_have_count(3)
    expect(regulator.locator("#phone")).to_have_value("06 39 98 01 01")
    hands.press("Alt+1")
    expect(regulator.locator("#offers .held")).to_contain_text("encore 1")
    hands.press("Control+Enter")

    expect(regulator.locator("#toasts")).to_contain_text("Demande enregistrée")
    assert hands.keys <= MOST_KEYS, f"{hands.keys} keys; the figure to hold is {MOST_KEYS}"
    print(f"{hands.keys} keys, no mouse")
    expect(regulator.locator("#phone")).to_be_focused()
    expect(regulator.locator("#phone")).to_have_value("")

    # The colleague's board moves by itself, without a reload.
    row = colleague.locator("#board tr", has_text="Durand Jeanne")
    expect(row.locator(".chip")).to_contain_text("placée")

    # The SMS waits for the ten seconds in which one may still undo; its link opens without any script.
    outbox = desk.sit("reg-tarn-ouest", "/messages")
    sms = outbox.locator(".phone", has_text="06 39 98 01 01")
    expect(sms).to_contain_text("parti", timeout=20_000)
    text = words(sms.locator(".bubble").inner_text())
    assert "Durand" not in text
    assert "Médecin" not in text
    link = sms.locator(".bubble a").get_attribute("href")
    patient = desk.sit(None, link, java_script_enabled=False)
    expect(patient.locator("h1")).to_have_text("Votre rendez-vous")
    patient.get_by_role("button", name="Je confirme ma venue").click()
    expect(patient.locator("h1")).to_have_text("Rendez-vous confirmé")
    expect(row.locator(".chip")).to_contain_text("confirmée")


def test_the_drawer_opens_and_closes_by_keyboard_and_gives_the_focus_back(desk):
    page = desk.sit("reg-toulouse-ouest", "/console")
    hands = enter(page, "0639980102", "Pujol", "Marc", "44", "colomiers")
    expect(page.locator("#offers .offer, #offers .note").first).to_be_visible()
    hands.press("Control+Enter")
    expect(page.locator("#board tr", has_text="Pujol Marc")).to_be_visible()
    hands.press("Escape")
    hands.press("j")
    link = page.locator("#board a", has_text="Pujol Marc")
    expect(link).to_be_focused()
    hands.press("Enter")
    drawer = page.locator("#drawer")
    expect(drawer).to_contain_text("06 39 98 01 02")
    expect(drawer).to_contain_text("Demande enregistrée")
    expect(drawer.locator("h2")).to_be_focused()
    hands.press("Escape")
    expect(drawer).to_be_hidden()
    expect(link).to_be_focused()


def test_undone_within_ten_seconds_the_words_come_back_and_no_message_leaves(desk):
    page = desk.sit("reg-grand-narbonne", "/console")
    hands = enter(page, "0639980103", "Sirven", "Odile", "1949", "narbonne")
    expect(page.locator("#offers .offer").first).to_be_visible()
    hands.press("Alt+1")
    expect(page.locator("#offers .held")).to_be_visible()
    hands.press("Control+Enter")
    expect(page.locator("#board tr", has_text="Sirven Odile")).to_contain_text("placée")
    hands.press("Escape")
    hands.press("u")
    expect(page.locator("#last_name")).to_have_value("Sirven")
    expect(page.locator("#commune")).to_have_value(re.compile("Narbonne"))
    expect(page.locator("#board tr", has_text="Sirven Odile")).to_contain_text("annulée")
    page.goto("/messages")
    expect(page.locator(".phone", has_text="06 39 98 01 03")).to_contain_text("remplacé, non envoyé")


def test_what_is_typed_survives_a_reload(desk):
    page = desk.sit("reg-tarn-ouest", "/console")
    enter(page, "0639980104", "Cazals", "Line", "1990", "lavaur")
    expect(page.locator("#offers .offer").first).to_be_visible()
    page.reload()
    expect(page.locator("#last_name")).to_have_value("Cazals")
    expect(page.locator("#commune")).to_have_value("Lavaur (81500)")
    expect(page.locator("#offers .offer").first).to_be_visible()


def test_a_place_taken_by_a_colleague_is_said_and_the_next_ones_are_shown(desk, live):
    page = desk.sit("reg-toulouse-ouest", "/console")
    with page.expect_response("**/api/proposals") as answer:
        hands = enter(page, "0639980105", "Roques", "Ana", "2001", "tournefeuille")
    seen = answer.value.json()
    first = seen["proposals"][0]
    # This regulator's list is a moment old, until she asks for a place on it.
    old = {"list": True}

    def hold(route):
        old["list"] = False
        route.continue_()

    page.route("**/api/proposals", lambda route: route.fulfill(json=seen) if old["list"] else route.continue_())
    page.route("**/api/holds", hold)
    with live.client("reg-toulouse-ouest") as colleague:
        for number in range(50):  # every seat of it
            draft = {"request_id": f"colleague-{number:08d}", "slot_id": first["slot_id"], "mode": first["mode"]}
            if colleague.post("/api/holds", json=draft).status_code == 409:
                break
        best = page.locator("#offers .offer").first
        before = best.inner_text()
        hands.press("Alt+1")
        expect(page.locator("#offers")).to_contain_text(TAKEN)
        expect(best).not_to_have_text(before)
        for taken in range(number):
            colleague.post("/api/holds/release", json={"request_id": f"colleague-{taken:08d}"})
    desk.complaints.clear()  # the browser itself notes the 409


def test_nobody_in_time_says_why_and_what_can_be_done(desk):
    page = desk.sit("reg-volvestre", "/console")
    enter(page, "0639980106", "Bru", "Paul", "1970", "carbonne")
    page.locator("#deadline").fill("dans 20 min")
    page.locator("#deadline").press("Tab")
    expect(page.locator("#deadline-hint")).to_contain_text("Avant")
    offers = page.locator("#offers")
    expect(offers).to_contain_text("Aucune place ne convient")
    expect(offers.locator("li").first).to_contain_text(re.compile(r"\d+ créneau"))
    expect(offers.get_by_role("button", name="Accepter la téléconsultation")).to_be_visible()
    offers.get_by_role("button", name="Accepter la téléconsultation").click()
    expect(page.locator("[name=tele]")).to_be_checked()


def test_what_is_missing_is_said_at_the_field_and_in_a_summary_with_the_focus(desk):
    page = desk.sit("reg-tarn-ouest", "/console")
    hands = Keyboard(page)
    expect(page.locator("#phone")).to_be_focused()
    hands.type("0639980107")
    hands.press("Control+Enter")
    expect(page.locator("#entry-errors")).to_be_focused()
    expect(page.locator("#entry-errors")).to_contain_text("Écrivez le nom du patient.")
    expect(page.locator("#commune-error")).to_have_text("Choisissez la commune dans la liste.")
    expect(page.locator("#commune")).to_have_attribute("aria-invalid", "true")


def test_a_number_that_is_none_is_said_in_words_of_action(desk):
    page = desk.sit("reg-tarn-ouest", "/console")
    hands = enter(page, "0612", "Faure", "Zoé", "1999", "gaillac")
    expect(page.locator("#offers .offer, #offers .note").first).to_be_visible()
    hands.press("Control+Enter")
    expect(page.locator("#phone-error")).to_contain_text("numéro")
    expect(page.locator("#last_name")).to_have_value("Faure")
    desk.complaints.clear()  # the browser itself notes the 422


def test_a_patient_who_calls_again_is_recognised(desk, live):
    page = desk.sit("reg-tarn-ouest", "/console")
    hands = enter(page, "0639980108", "Vidal", "Sam", "1985", "rabastens")
    expect(page.locator("#offers .offer, #offers .note").first).to_be_visible()
    hands.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("Demande enregistrée")
    hands.type("06.39.98.01.08")
    hands.press("Tab")
    expect(page.locator("#known")).to_contain_text("Déjà ouverte")
    expect(page.locator("#known")).to_contain_text("Vidal Sam")
    hands.press("Alt+o")
    expect(page.locator("#drawer h2")).to_contain_text("Vidal Sam")


def test_when_the_session_is_over_the_console_leads_to_the_first_page(desk, live):
    page = desk.sit("reg-var-ouest", "/console")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    page.context.clear_cookies()
    with live.client("reg-var-ouest") as colleague:
        request(colleague, "83129")
    expect(page).to_have_url(live.url + "/")
    expect(page.locator("h1")).to_contain_text("Relais trouve")
    desk.complaints.clear()  # the browser itself notes the 401


@pytest.mark.slow
def test_a_request_being_saved_when_the_power_fails_is_there_once(desk, live):
    page = desk.sit("reg-var-golfe", "/console")
    hands = enter(page, "0639980109", "Olivier", "Rose", "1962", "grimaud")
    expect(page.locator("#offers .offer, #offers .note").first).to_be_visible()
    live.stop(signal.SIGKILL)
    hands.press("Control+Enter")
    expect(page.locator("#saving")).to_contain_text("Votre saisie est gardée")
    expect(page.locator("#live")).to_contain_text("Reconnexion depuis")
    live.start()
    expect(page.locator("#toasts")).to_contain_text("Demande enregistrée", timeout=20_000)
    expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=20_000)
    expect(page.locator("#board tr", has_text="Olivier Rose")).to_have_count(1)
    desk.complaints.clear()  # the browser itself notes what it could not reach


def test_a_request_that_changes_while_it_is_being_opened_opens_all_the_same(desk, live):
    with live.client("reg-grand-narbonne") as regulator:
        request_id = request(regulator, "11262", last_name="Pendant")
    page = desk.sit("reg-grand-narbonne", "/console")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    slow = iter([True])

    def answer(route):
        if next(slow, False):
            page.evaluate(f"import('/static/js/live.js').then((live) => live.refresh({{request_id: '{request_id}'}}))")
            page.wait_for_timeout(400)
        route.continue_()

    page.route("**/console/requests/*", answer)
    page.locator(f"#board tr[data-request='{request_id}'] a").click()
    expect(page.locator("#drawer")).to_be_visible()
    expect(page.locator("#drawer h2")).to_contain_text("Pendant")
