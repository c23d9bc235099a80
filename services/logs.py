"""How does Relais write what it does? One line an event: time, level, who says it, ids; never a name or a number."""

import logging
import sys


def set_up_logs(verbose: bool = False) -> None:
    """Log to standard error; `verbose` adds a line per message handled."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("relais").setLevel(logging.DEBUG if verbose else logging.INFO)
    # Both repeat at WARNING what our own relay and health check say better.
    logging.getLogger("nats").setLevel(logging.CRITICAL)
    # Its sweeps log their own failures; what is left is the cancellation of those that run when we stop.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
