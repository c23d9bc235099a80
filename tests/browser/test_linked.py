"""Does a practitioner link an agenda from her phone, and a coordinator bring her list of members?"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.availability.feeds.conftest import calendar
from tests.browser.accessible import barriers
from tests.browser.conftest import PHONE
from tests.browser.people import practitioner, words

pytestmark = pytest.mark.browser

LIST = (
    "RPPS;Nom;Prénom;Profession;Code postal;Commune;Téléphone\r\n"
    "10002909371;Fontmerle;Rose;Médecin;81500;Lavaur;06 39 98 12 34\r\n"
    "10100050075;Valsonge;Luc;Infirmier;81600;Gaillac;\r\n"
)


@pytest.fixture
def doctor(live):
    with live.client("reg-tarn-ouest") as regulator:
        return practitioner(regulator, profession="92")["id"]


def agenda(folder: Path) -> Path:
    start = (datetime.now(UTC) + timedelta(days=5)).replace(hour=3, minute=0, second=0, microsecond=0)
    file = folder / "agenda.ics"
    file.write_bytes(
        calendar(
            f"DTSTART:{start:%Y%m%dT%H%M%SZ}|DURATION:PT1H|SUMMARY:SNP",
            f"DTSTART;VALUE=DATE:{start:%Y%m%d}|SUMMARY:Congé de M. Exemple",
        )
    )
    return file


def test_a_file_is_sent_its_slots_are_open_and_what_was_left_out_is_said(desk, doctor, tmp_path):
    page = desk.sit(doctor, "/feeds", viewport=PHONE)
    page.get_by_label("D’où vient-il").select_option("file")
    page.get_by_label("Fichier .ics").set_input_files(agenda(tmp_path))
    page.get_by_label("Durée d’une visite").select_option("20")
    page.get_by_role("button", name="Relier").click()
    expect(page.locator("#toasts")).to_contain_text("Agenda relié.")
    card = page.locator("#follow .card").first
    expect(card).to_contain_text("à jour")
    assert "1 horaire" in words(card.inner_text())
    card.get_by_text("Ce qui n’a pas été repris").click()
    expect(card).to_contain_text("événement sur la journée entière")
    assert "Exemple" not in page.content()
    assert not barriers(page)
    page.goto("/me")
    expect(page.locator(".slots li", has_text="3 places libres").first).to_be_visible()
    page.goto("/feeds")
    page.get_by_role("button", name="Délier").first.click()
    page.locator("#sure").get_by_role("button", name="Délier").click()
    expect(page.locator("#toasts")).to_contain_text("Agenda délié.")
    expect(page.locator("#follow")).to_contain_text("Aucun agenda n’est relié.")


def test_an_address_is_checked_at_its_field_and_then_read(desk, doctor):
    page = desk.sit(doctor, "/feeds", viewport=PHONE)
    page.get_by_role("button", name="Relier").click()
    expect(page.locator("#url-error")).to_contain_text("Collez l’adresse")
    page.get_by_label("Adresse", exact=True).fill("http://agenda.exemple.fr/a.ics")
    page.get_by_role("button", name="Relier").click()
    expect(page.locator("#url-error")).to_contain_text("https://")
    desk.complaints.clear()  # the browser itself notes the refusal
    page.get_by_label("Adresse", exact=True).fill("https://127.0.0.1/prive.ics?cle=s3cret")
    page.get_by_role("button", name="Relier").click()
    expect(page.locator("#follow .card").first).to_contain_text("réseau privé", timeout=15_000)
    assert "s3cret" not in page.content()
    assert not barriers(page)


def test_a_list_is_looked_at_first_and_brought_when_she_says_so(desk, tmp_path):
    file = tmp_path / "membres.csv"
    file.write_bytes(LIST.replace("81500;Lavaur", "81500;Lavor").encode("cp1252"))
    page = desk.sit("coord-tarn-ouest", "/members")
    page.get_by_label("Fichier CSV").set_input_files(file)
    page.get_by_role("button", name="Vérifier").click()
    verdict = page.locator("#verdict")
    expect(verdict).to_contain_text("rien n’a été importé")
    expect(verdict).to_contain_text("commune inconnue")
    expect(page.get_by_role("button", name="Importer")).to_be_hidden()
    file.write_bytes(LIST.encode("cp1252"))
    page.get_by_label("Fichier CSV").set_input_files(file)
    page.get_by_role("button", name="Vérifier").click()
    expect(verdict).to_contain_text("nouveaux membres")
    assert "2 nouveaux membres" in words(verdict.inner_text())
    assert "la clé du RPPS ne correspond pas" in words(verdict.inner_text())
    assert not barriers(page)
    page.get_by_role("button", name="Importer").click()
    expect(page.locator("#toasts")).to_contain_text("Liste importée.")
    page.get_by_label("Chercher un nom").fill("fontmerle")
    page.get_by_role("button", name="Chercher").click()
    expect(page.locator("#follow")).to_contain_text("Rose Fontmerle")
