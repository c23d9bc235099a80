"""What does a mailbox look like to its server? Debian's Dovecot, on ports of this machine, with files of its own."""

import grp
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services.ports import free_port
from tests.messaging.authority import Authority
from tests.servers import missing, not_root

STARTS_WITHIN = 20.0
PASSWORD = "pass(word)-1"
CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
ssl_dh =
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {port_tls}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


class Dovecot:
    """An IMAP server; anybody has a mailbox there, with PASSWORD."""

    def __init__(self, folder: Path, someone: Any) -> None:
        self.port, self.port_tls = free_port(), free_port()
        self.authority = Authority(folder)
        certificate, key = self.authority.signs("imap", "127.0.0.1")
        user = pwd.getpwuid(someone.get("user", os.geteuid()))
        (folder / "dovecot.conf").write_text(
            CONFIGURATION.format(
                folder=folder, user=user.pw_name, group=grp.getgrgid(user.pw_gid).gr_name, certificate=certificate,
                key=key, port=self.port, port_tls=self.port_tls, password=PASSWORD,
            )
        )  # fmt: skip
        self._folder, self._someone = folder, someone
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        command = [_program(), "-F", "-c", str(self._folder / "dovecot.conf")]
        with (self._folder / "out").open("ab") as out:
            self._server = subprocess.Popen(command, cwd=self._folder, stdout=out, stderr=out, **self._someone)
        until = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < until and self._server.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as door:
                    if door.recv(4) == b"* OK":
                        return
            except OSError:
                time.sleep(0.02)
        said = [(self._folder / name).read_text() for name in ("out", "log") if (self._folder / name).exists()]
        raise RuntimeError(f"Dovecot did not start: {said}")

    def stop(self) -> None:
        """Returns when it is gone, and everybody who was connected."""
        if self._server is not None:
            self._server.terminate()
            self._server.wait(timeout=30)
            self._server = None

    def put(self, user: str, *mails: bytes, folder: str = "INBOX") -> None:
        """These mails arrive."""
        with self._entered(user) as imap:
            imap.create(folder)
            for mail in mails:
                assert imap.append(folder, "", "", mail)[0] == "OK"

    def unread(self, user: str, folder: str = "INBOX") -> list[str]:
        """The subjects of what nobody has read, as it lies there."""
        with self._entered(user) as imap:
            imap.select(folder, readonly=True)
            _, (found,) = imap.search(None, "UNSEEN")
            subjects = []
            for number in found.split():
                _, parts = imap.fetch(number.decode(), "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
                subjects.append(parts[0][1].decode().removeprefix("Subject: ").strip())  # type: ignore[index,union-attr]
            return subjects

    def kept(self, user: str, folder: str = "INBOX") -> int:
        """How many mails there are, read or not."""
        with self._entered(user) as imap:
            _, (number,) = imap.select(folder, readonly=True)
            return int(number or 0)

    @contextmanager
    def _entered(self, user: str) -> Iterator[imaplib.IMAP4]:
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=10) as imap:
            imap.login(user, PASSWORD)
            yield imap


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """A server for as long as the block lasts; its files are gone afterwards. Ends the test when there is none."""
    said = subprocess.run([_program(), "--version"], capture_output=True, text=True).stdout
    if not said.startswith("2.3"):
        missing(f"Dovecot {said[:10]} reads another configuration than 2.3 (Debian 12)")
    folder = Path(tempfile.mkdtemp(prefix="relais-imap-"))
    someone = not_root(folder)
    server = Dovecot(folder, someone)
    for path in folder.iterdir():
        not_root(path)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _program() -> str:
    found = shutil.which("dovecot") or shutil.which("/usr/sbin/dovecot")
    if found is None or not Path("/usr/lib/dovecot/imap").exists():
        missing("Debian's dovecot-imapd is not installed (apt-get install dovecot-imapd): no mailbox here")
    return found
