"""Does an alert that a push service delivers show on the phone, and is that told to Relais?"""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import PHONE, Desk, Live
from tests.browser.people import practitioner

ID = "b" * 32


def wait(page: Page, question: Callable[[], Any]) -> Any:
    """The answer, once there is one; the browser's events are heard meanwhile."""
    for _ in range(600):
        if answer := question():
            return answer
        page.wait_for_timeout(50)
    raise AssertionError("it never came")


@pytest.mark.browser
def test_a_pushed_alert_is_shown_and_said_to_be(desk: Desk, live: Live) -> None:
    with live.client("reg-volvestre") as regulator:
        doctor = practitioner(regulator, profession="50")["id"]
    page = desk.sit(doctor, "/me", viewport=PHONE)
    page.context.grant_permissions(["notifications"])
    # "ready" comes while the worker is still activating, and a message delivered then is dropped.
    wait(page, lambda: page.evaluate("navigator.serviceWorker.ready.then((one) => one.active.state === 'activated')"))
    said: list[str] = []
    page.context.on("request", lambda one: said.append(one.post_data or "") if one.url.endswith("/push/seen") else None)
    session = page.context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(one["registrationId"] for one in event["registrations"] if not one["isDeleted"]),
    )
    session.send("ServiceWorker.enable")
    wait(page, lambda: found)
    pushed = {"origin": live.url, "registrationId": found[-1], "data": f'{{"id": "{ID}", "text": "Un patient"}}'}
    session.send("ServiceWorker.deliverPushMessage", pushed)
    shown = (
        "navigator.serviceWorker.ready.then((one) => one.getNotifications()).then((all) => all.map((one) => one.body))"
    )
    assert wait(page, lambda: page.evaluate(shown)) == ["Un patient"]
    assert wait(page, lambda: said) == [f'{{"id":"{ID}","opened":false}}']
