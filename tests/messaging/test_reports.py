"""Is what mail servers write of a mail that did not arrive understood, and nothing else taken for it?"""

from typing import Any

import pytest

from notifications.channels.bounces import read_report
from notifications.outcome import Receipt
from tests.messaging import reports
from tests.messaging.reports import MARK, report

DOMAIN = "cpts.example.org"


@pytest.mark.parametrize(
    ("text", "fate", "code"),
    [
        (reports.POSTFIX, "undelivered", "dsn 5.1.1"),
        (reports.POSTFIX_HEADERS, "undelivered", "dsn 5.1.1"),
        (reports.EXCHANGE, "undelivered", "dsn 5.1.10"),
        (reports.GMAIL, "undelivered", "dsn 5.2.1"),
        (reports.EXIM, "undelivered", "dsn 5.2.2"),
        (reports.GIVEN_UP, "undelivered", "dsn 4.4.1"),
        (reports.DELIVERED, "delivered", ""),
    ],
)
def test_a_report_says_what_became_of_which_message(text: str, fate: Any, code: str) -> None:
    assert read_report(report(text), DOMAIN) == [Receipt(MARK, fate, code)]


def test_a_mail_that_is_only_late_is_nothing() -> None:
    assert read_report(report(reports.DELAYED), DOMAIN) == []


@pytest.mark.parametrize(
    "text",
    [
        reports.NO_REPORT, reports.OF_ANOTHER, reports.PASSED_ON, "", "Content-Type: multipart/report\n\n--x",
        reports.POSTFIX.replace("@cpts.", "@cptsx"), reports.POSTFIX.replace("message/delivery-status", "text/plain"),
    ],
)  # fmt: skip
def test_what_is_no_report_about_a_mail_of_ours_is_none(text: str) -> None:
    assert read_report(report(text), DOMAIN) is None


def test_a_report_that_is_cut_short_says_what_it_can() -> None:
    octets = report(reports.GMAIL)
    assert read_report(octets[: octets.index(b"X-Google-DKIM")], DOMAIN) == [Receipt(MARK, "undelivered", "dsn 5.2.1")]
