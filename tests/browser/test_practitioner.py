"""Does a practitioner open her time and take it back, on a phone, between two patients?"""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Desk, Live
from tests.browser.people import free_soon, practitioner, request, sooner_or_later, words

pytestmark = pytest.mark.browser


@pytest.fixture
def doctor(live):
    with live.client("reg-tarn-ouest") as regulator:
        return practitioner(regulator, profession="50")["id"]  # a midwife: few others compete for her patients


TWO_PLACES = (
    "RPPS;Nom;Profession;Adresse;Code postal;Commune\n"
    "10002909371;Fontmerle Rose;Sage-femme;1 rue Haute;81500;Lavaur\n"
    "10002909371;Fontmerle Rose;Sage-femme;3 quai Neuf;81600;Gaillac\n"
)


def test_several_slots_are_read_back_and_opened_with_one_press_where_one_was_last(desk, live):
    with live.client("coord-tarn-ouest") as coordinator:
        assert coordinator.post("/api/members/import?dry_run=false", content=TWO_PLACES.encode()).json()["done"]
    page = desk.sit("rpps-10002909371", "/me", viewport=PHONE)
    page.locator("#place").select_option(label="3 quai Neuf, Gaillac")
    page.reload()
    expect(page.locator("#place option:checked")).to_have_text("3 quai Neuf, Gaillac")
    page.get_by_label("Début").fill("après-demain 6h05")
    page.get_by_label("Durée").select_option("20")
    page.get_by_label("Répéter", exact=True).select_option("next")
    page.get_by_label("Combien de fois").fill("3")
    page.get_by_label("Combien de fois").press("Tab")
    preview = page.locator("#preview li")
    expect(preview).to_have_count(3)
    assert "6 h 25 – 6 h 45" in words(preview.nth(1).inner_text())
    page.get_by_role("button", name="Ouvrir", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("3 créneaux ouverts.")
    opened = page.locator(".slots li", has_text="6 h 25 – 6 h 45")
    expect(opened).to_contain_text("1 place libre")
    expect(opened).to_contain_text("3 quai Neuf, Gaillac")


def test_a_slot_that_overlaps_another_is_refused_in_words_of_action(desk, live, doctor):
    page = desk.sit(doctor, "/me", viewport=PHONE)
    for _ in range(2):
        page.get_by_label("Début").fill("dans 3 jours")
        page.get_by_label("Début").press("Tab")
        expect(page.locator("#preview li")).to_have_count(1)
        page.get_by_role("button", name="Ouvrir", exact=True).click()
        page.wait_for_timeout(500)
    expect(page.locator("#publish-problem")).not_to_be_empty()
    desk.complaints.clear()  # the browser itself notes the refusal


def test_words_that_are_no_date_are_answered_at_the_field(desk, live, doctor):
    page = desk.sit(doctor, "/me", viewport=PHONE)
    page.get_by_label("Début").fill("un de ces jours")
    page.get_by_label("Début").press("Tab")
    expect(page.locator("#start-error")).to_contain_text("demain 14h")


def test_taking_back_a_slot_says_whom_it_concerns_and_the_patient_is_sought_another(desk, live):
    with live.client("reg-tarn-ouest") as regulator:
        midwife = practitioner(regulator, profession="50")["id"]
        with live.client(midwife) as hands:
            slot = free_soon(hands)
        need = {"profession": "50", "slot_id": slot["id"], "hours": 48}
        booked = request(regulator, "81105", last_name="Lacaze", phone="06 39 98 02 01", **need)
        sooner_or_later(lambda: regulator.get(f"/api/requests/{booked}").json()["state"] == "booked")
        page = desk.sit(midwife, "/me", viewport=PHONE)
        visit = page.locator(f".visits li[data-slot='{slot['id']}']")
        expect(visit).to_contain_text("Lacaze")
        expect(visit).to_contain_text("06 39 98 02 01")
        start = regulator.get(f"/api/requests/{booked}").json()["start"]
        assert start == slot["start"]

        taken = page.locator(".slots li", has_text="1 place prise sur 1").first
        taken.get_by_role("button", name="Retirer").click()
        expect(page.locator("#sure h2")).to_contain_text("Un patient y a rendez-vous")
        page.get_by_role("button", name="Non, revenir").click()
        expect(visit).to_be_visible()
        taken.get_by_role("button", name="Retirer").click()
        page.locator("#sure").get_by_role("button", name="Retirer le créneau").click()
        expect(page.locator("#toasts")).to_contain_text("Créneau retiré.")
        expect(visit).to_have_count(0)
        sooner_or_later(lambda: regulator.get(f"/api/requests/{booked}").json()["slot_id"] != slot["id"])


def test_a_secretary_chooses_for_whom_she_opens_time(desk, live):
    page = desk.sit("sec-tarn-ouest", "/me", viewport=PHONE)
    chooser = page.get_by_label("Pour", exact=True)
    expect(chooser).to_be_visible()
    second = chooser.locator("option").nth(1).inner_text()
    chooser.select_option(label=second)
    expect(page.locator("h1")).to_have_text(second)


@pytest.fixture
def hurried(tmp_path):
    """A Relais whose clock runs a hundred times faster: an hour of waiting is half a minute."""
    relais = Live(tmp_path, options=("--speed", "100"))
    relais.start()
    yield relais
    relais.stop()


@pytest.mark.slow
def test_after_the_time_one_says_whether_the_patient_came(browser, hurried):
    with hurried.client("reg-tarn-ouest") as regulator:
        physio = practitioner(regulator, profession="70")
        with hurried.client(physio["id"]) as hands:
            slot = free_soon(hands, after=60)
        need = {"profession": "70", "usual_practitioner": physio["id"], "hours": 24}
        request(regulator, physio["commune"], last_name="Lacaze", **need)
    desk = Desk(browser, hurried)
    page = desk.sit(physio["id"], "/me", viewport=PHONE)
    visit = page.locator(f".visits li[data-slot='{slot['id']}']")
    expect(visit).to_contain_text("Lacaze")
    came = visit.get_by_role("button", name="Venu", exact=True)
    expect(came).to_have_count(0)
    for _ in range(60):  # nothing passes on the bus meanwhile: the page is looked at again
        page.reload()
        if came.count():
            break
        page.wait_for_timeout(1000)
    came.click()
    expect(visit.locator(".chip")).to_contain_text("venu")
    assert not desk.complaints
    desk.leave()
