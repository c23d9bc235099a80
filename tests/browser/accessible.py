"""Can everybody use this page? axe-core's answer, in words."""

from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def barriers(page: Page) -> list[str]:
    """What axe finds: the rule, what it is about, the element. Empty when everybody can use the page."""
    page.evaluate(AXE.read_text("utf-8"))  # through the inspector: the page's policy allows no script of others
    found = page.evaluate("(tags) => axe.run({ runOnly: tags })", RULES)
    return [
        f"{fault['id']}: {fault['help']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]


def weight(page: Page, path: str) -> int:
    """How many bytes the page needs when nothing of it is cached, as they travel."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(path)
    page.wait_for_timeout(1000)
    session.detach()
    return round(sum(sizes))
