"""What does a command leave behind in the process that runs it? Nothing."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command sets up the logs of its whole process, which here is that of all tests."""
    loggers = [logging.getLogger(name) for name in ("", "relais", "nats", "apscheduler")]
    kept = [(logger, logger.handlers[:], logger.level) for logger in loggers]
    yield
    for logger, handlers, level in kept:
        logger.handlers[:] = handlers
        logger.setLevel(level)
