"""What does a person need to sit down before Relais? A running one, a browser, and somebody to be."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from services.ports import free_port
from tests.servers import missing

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
STARTS_WITHIN = 90.0
"""Seconds; the first start loads every demonstration territory."""

DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

# Runs before the page's own scripts: what the policy refuses is heard even when it happens at load.
LISTEN = """
window.refusedByPolicy = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refusedByPolicy.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


@dataclass
class Live:
    """A whole Relais in a process of its own, as `relais up` starts it."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it (again, on the same data) and wait until it answers."""
        command = [sys.executable, "-c", "from services.cli.main import app; app()", "up"]
        command += ["--port", str(self.port), "--data", str(self.folder / "data"), *self.options]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RELAIS_")}
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        until = time.monotonic() + STARTS_WITHIN
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                pytest.fail("Relais did not start:\n" + (self.folder / "log").read_text()[-3000:])
            time.sleep(0.1)

    def stop(self, how: int = signal.SIGINT) -> None:
        """Ask it to end, as Ctrl-C does; SIGKILL is a power cut."""
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        # Killed, the supervisor cannot tell its part: that ends by itself, a moment later.
        for _ in range(400):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)):
                    return
            time.sleep(0.05)

    @contextmanager
    def client(self, account: str) -> Iterator[httpx.Client]:
        """Somebody who speaks to the JSON doors: what another person does meanwhile."""
        with httpx.Client(base_url=self.url, timeout=20) as client:
            client.post("/api/session", json={"account": account}).raise_for_status()
            yield client

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url + "/health", timeout=1).status_code == 200
        except httpx.HTTPError:
            return False


@pytest.fixture(scope="package")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One Relais for all browser tests; each test takes a territory or a patient of its own."""
    if not CHROMIUM.exists():
        missing(f"{CHROMIUM} is missing: apt install chromium")
    relais = Live(tmp_path_factory.mktemp("live"))
    relais.start()
    yield relais
    relais.stop()


@pytest.fixture(scope="package")
def browser(live: Live) -> Iterator[Browser]:
    # Ends with this folder's tests: while it runs, no other event loop can.
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield chromium
        chromium.close()


@dataclass
class Desk:
    """Opens pages as somebody, and remembers what went wrong on any of them."""

    browser: Browser
    live: Live
    contexts: list[BrowserContext] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def sit(self, account: str | None = None, path: str = "/", **options: Any) -> Page:
        """A page at `path`, in a browser context of its own, signed in as `account`."""
        settings = {"viewport": DESK, "locale": "fr-FR", "base_url": self.live.url} | options
        settings.setdefault("reduced_motion", "reduce")  # a notice half faded in has no contrast yet
        context = self.browser.new_context(**settings)
        context.set_default_timeout(10_000)
        context.add_init_script(LISTEN)
        self.contexts.append(context)
        if account:
            answer = context.request.post("/api/session", data={"account": account})
            assert answer.ok, answer.text()
        return self.open(context, path)

    def open(self, context: BrowserContext, path: str) -> Page:
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("console", self._note)
        self.pages.append(page)
        page.goto(path)
        return page

    def _note(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.complaints.append(f"console: {said.text}")

    def refused(self) -> list[str]:
        """What the content security policy refused on the pages that are open."""
        found: list[str] = []
        for page in self.pages:
            if not page.is_closed() and page.context.pages:
                found += page.evaluate("window.refusedByPolicy || []")
        return found

    def leave(self) -> None:
        for context in self.contexts:
            context.close()


@pytest.fixture
def desk(browser: Browser, live: Live) -> Iterator[Desk]:
    """Where a test's people sit. No page may have a script error, nor anything the policy refuses."""
    desk = Desk(browser, live)
    yield desk
    refused = desk.refused()
    desk.leave()
    assert not refused, f"refused by the content security policy: {refused}"
    assert not desk.complaints, desk.complaints
