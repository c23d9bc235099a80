"""How does Relais run beside people who have a quarter of an hour? As it ships, but for two things no setting changes.

Linked agendas of this machine may be read, and an hour is told later also when it would be told in half a minute.
"""

from datetime import timedelta
from functools import partial

from dispatcher import life
from services.cli.main import app
from services.feeds import outside, polling
from services.web.api import feeds

WORTH_WAITING = timedelta(seconds=30)


def main() -> None:
    """The command line of Relais, in this process."""
    vars(life)["WORTH_WAITING"] = WORTH_WAITING
    vars(feeds)["fault_in"] = partial(outside.fault_in, loopback=True)
    vars(polling)["Web"] = partial(outside.Web, loopback=True)
    app()


if __name__ == "__main__":
    main()
