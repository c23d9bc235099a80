"""Does Debian's Kannel, an SMPP client of other people, get along with the SMSC that our own tests trust?"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from services.ports import free_port
from tests.messaging.smsc import Phones, Smsc
from tests.messaging.web_side import WebSide
from tests.servers import missing

CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = x
smsbox-port = {box}
box-deny-ip = ""
box-allow-ip = "127.0.0.1"
log-level = 1

group = smsc
smsc = smpp
smsc-id = ours
host = 127.0.0.1
port = {smsc}
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = ""
msg-id-type = 0x03

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {send}
global-sender = 38000

group = sendsms-user
username = t
password = t
concatenation = true
max-messages = 5

group = sms-service
keyword = default
get-url = "{web}/in?text=%a"
max-messages = 0
"""


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(f"/usr/sbin/{name}") or shutil.which(f"/usr/lib/kannel/{name}")
    if found is None:
        missing("Debian's kannel is not installed (apt-get install kannel): no independent SMPP client here")
    return found


@asynccontextmanager
async def kannel(folder: Path, smsc: Smsc, web: WebSide) -> AsyncIterator[str]:
    """Its HTTP door, once it is bound to our SMSC."""
    ports = {"admin": free_port(), "box": free_port(), "send": free_port()}
    file = folder / "kannel.conf"
    file.write_text(CONFIGURATION.format(**ports, smsc=smsc.port, web=web.url))
    running = []
    try:
        for name in ("bearerbox", "smsbox"):
            quiet = asyncio.subprocess.DEVNULL
            running.append(await asyncio.create_subprocess_exec(program(name), str(file), stdout=quiet, stderr=quiet))
            await asyncio.sleep(1)
        async with asyncio.timeout(20):
            while not smsc.binds:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{ports['send']}/cgi-bin/sendsms?username=t&password=t"
    finally:
        for one in running[::-1]:
            one.kill()
            await one.wait()


@pytest.mark.slow
async def test_kannel_binds_submits_hears_receipts_and_what_people_write(tmp_path: Path) -> None:
    program("bearerbox")
    async with Smsc(Phones(), "ours") as smsc, WebSide() as web, kannel(tmp_path, smsc, web) as door:
        receipt = quote(f"{web.url}/receipt?kind=%d", safe="")
        long_text = "Un long texte, ou l'on dit tout ce qu'il y a a dire. " * 6
        async with httpx.AsyncClient() as client:
            for number, text, coding in (
                ("33639980001", "Bonjour", 0),
                ("33639980002", long_text, 0),
                ("33639980003", "Déjà ⚕", 2),
            ):
                url = f"{door}&to={number}&text={quote(text)}&coding={coding}&dlr-mask=1&dlr-url={receipt}"
                answer = await client.get(url + ("&charset=UTF-8" if coding else ""))
                assert answer.status_code == 202, answer.text
        smsc.say("+33639980001", "OUI")
        async with asyncio.timeout(20):
            while len(web.told) < 4 or smsc.pending:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    shown = {number: "".join(texts) for number, texts in smsc.phones.shown.items()}
    assert shown == {"33639980001": "Bonjour", "33639980002": long_text, "33639980003": "Déjà ⚕"}
    asked = sorted({path for _, path, _, _ in web.told})
    assert asked == ["/in?text=OUI", "/receipt?kind=1"]
