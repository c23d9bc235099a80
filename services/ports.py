"""Which ports of this machine does Relais listen on? The one it was given, or one nobody will take meanwhile."""

import contextlib
import random
import socket

FREE = range(20_000, 32_768)
"""Below what Linux (32768), macOS and Windows (49152) give to connections that leave: one of those would hold the port
when a server wants it back after its restart."""


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    while True:
        port = random.choice(FREE)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def take_port(host: str, port: int) -> socket.socket:
    """A socket bound to this address; the caller closes it. Raises OSError with words of action when it is taken."""
    taken = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError:
        taken.close()
        raise OSError(
            f"le port {port} est déjà pris : choisissez-en un autre, par exemple `relais up --port {port + 1}`."
        ) from None
    return taken
