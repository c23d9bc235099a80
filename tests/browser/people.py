"""What do people do, key by key? A regulator who types and counts, a practitioner who has time today."""

import re
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
from playwright.sync_api import Page, expect


class Keyboard:
    """The regulator's hands: every key is counted, and there is no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keys = 0

    def type(self, text: str) -> None:
        """One key for each sign."""
        self.page.keyboard.type(text)
        self.keys += len(text)

    def press(self, key: str) -> None:
        """One press; a key held with another (Alt+1) counts for two."""
        self.page.keyboard.press(key)
        self.keys += len(key.split("+"))


def enter(page: Page, phone: str, last: str, first: str, year: str, commune: str) -> Keyboard:
    """Types a request in the order of speech, from the empty form to the first proposals."""
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    expect(page.locator("#phone")).to_be_focused()
    hands = Keyboard(page)
    for text in (phone, last, first, year):
        hands.type(text)
        hands.press("Tab")
    hands.type(commune)
    hands.press("Enter")
    return hands


def request(client: httpx.Client, commune: str, **said: Any) -> str:
    """A care request through the JSON door; its id. `slot_id` is first held, as while one talks."""
    body = {"phone": "06 39 98 00 11", "last_name": "Exemple", "commune": commune, **said}
    if "slot_id" in said:
        body["request_id"] = uuid.uuid4().hex
        seat = {"request_id": body["request_id"], "slot_id": said["slot_id"], "mode": "office"}
        assert client.post("/api/holds", json=seat).status_code == 200
    answer = client.post("/api/requests", json=body, headers={"Idempotency-Key": uuid.uuid4().hex})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def practitioner(client: httpx.Client, profession: str = "10", words: str = "") -> dict[str, str]:
    """A practitioner of the client's territory."""
    found = client.get("/api/practitioners", params={"q": words, "profession": profession}).json()
    return dict(found[0])


def free_soon(client: httpx.Client, capacity: int = 1, after: int = 50, each: int = 5) -> dict[str, Any]:
    """Opens a slot of the practitioner who is signed in, as soon as she has time."""
    now = datetime.fromisoformat(client.get("/health").json()["now"]).replace(second=0, microsecond=0)
    for wait in range(after, after + 600, 5):
        slot = {"start": (now + timedelta(minutes=wait)).isoformat(), "minutes": each * capacity, "capacity": capacity}
        body = {"slots": [slot | {"modes": ["office"]}]}
        answer = client.post("/api/slots", json=body, headers={"Idempotency-Key": uuid.uuid4().hex})
        if answer.status_code == 201:
            time.sleep(0.5)  # until the dispatcher has heard of it: nothing but a proposal would show that
            return dict(answer.json()["slots"][0])
    raise AssertionError(f"no time at all: {answer.text}")


def words(text: str) -> str:
    """The text with plain single spaces: French puts no-break ones."""
    return re.sub(r"\s+", " ", text).strip()


def link_of(client: httpx.Client, phone: str) -> str:
    """The path of the link in the latest message to this number; "" while there is none."""
    told = [one["body"] for one in client.get("/api/messages").json() if one["to"] == phone]
    return "/p/" + told[0].rsplit("/p/", 1)[1].split()[0] if told else ""


def sooner_or_later(question: Callable[[], Any]) -> Any:
    """Asks again until the answer is true, within 15 s: what comes by itself comes when it comes."""
    end = time.monotonic() + 15
    while not (answer := question()) and time.monotonic() < end:
        time.sleep(0.1)
    assert answer, "it never came"
    return answer
