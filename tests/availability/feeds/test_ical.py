"""What do the calendars of four producers say, and what do the corners of RFC 5545 mean?"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import dateutil.tz
import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from availability.feeds.ical_events import times_of
from availability.feeds.source import Unreadable
from tests.availability.feeds.conftest import FILES, PARIS, QUARTER, calendar, left_out, local, read
from tests.builders import MONDAY

MARCH, OCTOBER = datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 10, 16, tzinfo=UTC)
AT_NINE = "DTSTART;TZID=Europe/Paris:20260106T090000|DTEND;TZID=Europe/Paris:20260106T091500"


def test_google_a_series_with_a_day_left_out_one_moved_and_one_cancelled() -> None:
    content = (FILES / "google.ics").read_bytes()
    assert local(read(content)) == [
        "05/01 17:00 30", "06/01 14:00 120", "08/01 17:00 30", "15/01 18:00 30", "19/01 17:00 30", "26/01 17:00 30",
        "29/01 17:00 30",
    ]  # fmt: skip
    assert left_out(content) == {"all_day": 1}


def test_outlook_windows_zones_and_whole_days_and_its_own_word_for_free() -> None:
    content = (FILES / "outlook.ics").read_bytes()
    assert local(read(content, "busy")) == [
        "06/01 09:00 180", "07/01 09:00 180", "07/01 16:00 30", "08/01 09:00 180", "12/01 00:00 2880",
    ]  # fmt: skip
    assert "07/01 14:00 60" in local(read(content, "open"))


def test_apple_second_thursdays_further_dates_an_hour_without_a_zone_and_no_tasks() -> None:
    assert local(read((FILES / "apple.ics").read_bytes())) == [
        "08/01 09:30 60", "09/01 14:00 45", "29/01 09:30 60", "30/01 09:30 60", "12/02 09:30 60", "12/03 09:30 60",
    ]  # fmt: skip


def test_a_medical_agenda_one_uid_for_all_a_zone_nobody_knows_and_old_letters() -> None:
    content = (FILES / "medical.ics").read_bytes()
    assert local(read(content, "busy")) == ["06/01 08:30 15", "06/01 08:45 15", "06/01 09:30 15"]
    assert left_out(content, "busy") == {"unreadable": 1}


def test_nothing_that_was_written_about_people_is_kept() -> None:
    for file in FILES.glob("*.ics"):
        kept = str(times_of(file.read_bytes(), "busy", PARIS, MONDAY, MONDAY + QUARTER))
        assert not any(word in kept for word in ("Exemple", "Modèle", "google.com", "SNP", "Zoé"))


def test_read_twice_every_time_has_the_same_uid_and_all_are_different() -> None:
    for file in FILES.glob("*.ics"):
        once, again = read(file.read_bytes()), read(file.read_bytes())
        assert once == again
        assert len({time.uid for time in once}) == len(once)


def test_a_moved_occurrence_keeps_its_uid() -> None:
    content = (FILES / "google.ics").read_bytes()
    before = {time.uid for time in read(content)}
    after = {time.uid for time in read(content.replace(b"20260115T180000", b"20260115T190000"))}
    assert before == after


@pytest.mark.parametrize("ends", ["DURATION:PT15M", "DTEND;TZID=Europe/Paris:20260106T091500"])
def test_an_end_or_a_duration_is_the_same(ends: str) -> None:
    assert local(read(calendar(f"DTSTART;TZID=Europe/Paris:20260106T090000|{ends}"))) == ["06/01 09:00 15"]


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ("DTSTART;VALUE=DATE:20260106", "all_day"),
        ("DTSTART:20260106T090000", "too_short"),
        ("DTSTART:20260106T090000|DURATION:PT9H", "too_long"),
        ("DTSTART:20260106T090000|DTEND:20260106T080000", "too_short"),
        ("DTSTART:20260199T090000|DURATION:PT1H", "unreadable"),
        ("SUMMARY:no start at all", "unreadable"),
        (f"{AT_NINE}|RRULE:FREQ=SECONDLY", "rule"),
        (f"{AT_NINE}|RRULE:FREQ=DAILY;BYHOUR=8,9,10,11;BYMINUTE=0,5,10,15,20,25,30,35,40,45", "rule"),
        ("DTSTART:17000106T090000|DURATION:PT1H|RRULE:FREQ=DAILY", "rule"),
    ],
)
def test_what_opens_nothing_is_counted_and_the_rest_is_read(event: str, why: str) -> None:
    content = calendar(event, AT_NINE)
    assert left_out(content) == {why: 1}
    assert local(read(content)) == ["06/01 09:00 15"]


def test_a_whole_day_is_busy_from_midnight_to_midnight() -> None:
    whole = calendar("DTSTART;VALUE=DATE:20260329|DTEND;VALUE=DATE:20260330")
    (day,) = read(whole, "busy", MARCH)
    assert day.ends - day.start == timedelta(hours=23), "the day on which summer time begins"


@pytest.mark.parametrize("name", ["Europe/Paris", "europe/paris", "Romance Standard Time", "/x.org/1/Europe/Paris"])
def test_a_zone_is_what_its_name_means_whatever_the_file_defines(name: str) -> None:
    wrong = (
        f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0900\r\n"
        "TZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    content = calendar(f"DTSTART;TZID={name}:20260106T090000|DURATION:PT15M")
    content = content.replace(b"BEGIN:VEVENT", wrong.encode() + b"BEGIN:VEVENT")
    assert local(read(content)) == ["06/01 09:00 15"]


def test_a_time_without_a_zone_is_of_the_calendars_zone_else_of_the_practitioners() -> None:
    floating = "DTSTART:20260106T090000|DURATION:PT15M"
    reunion = ZoneInfo("Indian/Reunion")
    assert local(read(calendar(floating), zone=reunion), reunion) == ["06/01 09:00 15"]
    assert local(read(calendar(floating, zone="America/Martinique"), zone=reunion), reunion) == ["06/01 17:00 15"]


def test_cancelled_as_a_whole_or_one_by_one() -> None:
    assert read(calendar(f"{AT_NINE}|STATUS:CANCELLED")) == ()
    with pytest.raises(Unreadable, match="not_a_calendar"):
        read(calendar(AT_NINE).replace(b"VERSION:2.0", b"METHOD:CANCEL"))


def test_of_two_versions_of_an_event_the_last_counts() -> None:
    old = f"UID:a|SEQUENCE:1|{AT_NINE}"
    new = f"UID:a|SEQUENCE:2|{AT_NINE.replace('T09', 'T11')}"
    assert local(read(calendar(new, old))) == ["06/01 11:00 15"]


@pytest.mark.parametrize("content", [b"", b"<html>Connectez-vous</html>", b"\xff\xfe\x00", b"BEGIN:VCARD\r\nEND:VCARD"])
def test_what_is_no_calendar_is_said(content: bytes) -> None:
    with pytest.raises(Unreadable, match="not_a_calendar"):
        read(content)


def test_a_calendar_without_events_is_one() -> None:
    assert read(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n") == ()


@given(st.binary(max_size=400), st.integers(0, 600))
def test_a_calendar_that_was_spoilt_is_read_or_refused_never_worse(noise: bytes, at: int) -> None:
    content = (FILES / "google.ics").read_bytes()
    try:
        read(content[:at] + noise + content[at + len(noise) :])
    except Unreadable as refused:
        assert str(refused) in ("not_a_calendar", "too_many")  # noqa: PT017 - both are fine


# --- against another reader of the same rules -----------------------------------------------------------

RULES = [
    "FREQ=DAILY;COUNT=30",
    "FREQ=DAILY;INTERVAL=3;UNTIL=20261201T000000Z",
    "FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=40",
    "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU;COUNT=12",
    "FREQ=WEEKLY;INTERVAL=2;WKST=MO;BYDAY=TU,SU;COUNT=12",
    "FREQ=MONTHLY;BYDAY=-1FR;COUNT=6",
    "FREQ=MONTHLY;BYMONTHDAY=31;COUNT=5",
    "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=5",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=5",
    "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;COUNT=2",
    "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9,14;COUNT=40",
]
STARTS = ["20260323T023000", "20261019T023000", "20260324T090000", "20261020T233000"]
"""Before both changes of the clock: at the hour that is left out, at the hour that comes twice, and at plain hours."""


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("begins", STARTS)
@pytest.mark.parametrize("zone", [PARIS, ZoneInfo("America/Martinique")], ids=str)
def test_a_rule_says_what_another_reader_says_in_both_changes_of_the_clock(
    rule: str, begins: str, zone: ZoneInfo
) -> None:
    first = datetime.strptime(begins, "%Y%m%dT%H%M%S").replace(tzinfo=zone)
    since, until = first.astimezone(UTC) - timedelta(days=1), first.astimezone(UTC) + QUARTER
    content = calendar(f"DTSTART;TZID={zone}:{begins}|DURATION:PT30M|RRULE:{rule}")
    said = [one for one in rrulestr(rule, dtstart=first) if dateutil.tz.datetime_exists(one)]  # RFC 5545, 3.3.10
    expected = {one.astimezone(UTC) for one in said if since < one.astimezone(UTC) < until}
    found = {time.start for time in read(content, since=since, within=until - since)}
    # RFC 5545 counts DTSTART even where the rule does not; dateutil does not.
    assert found - {first.astimezone(UTC)} == expected - {first.astimezone(UTC)}


@given(
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]),
    st.integers(1, 4),
    st.integers(1, 20),
    st.sets(st.integers(0, 20), max_size=4),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)),  # noqa: DTZ001 - hours of the clock
)
def test_any_rule_with_any_days_left_out(
    often: str, every: int, count: int, without: set[int], begins: datetime
) -> None:
    first = begins.replace(second=0, microsecond=0, tzinfo=PARIS)
    rule = f"FREQ={often};INTERVAL={every};COUNT={count}"
    all_ = [one for one in rrulestr(rule, dtstart=first) if dateutil.tz.datetime_exists(one)]
    away = [all_[n] for n in sorted(without) if n < len(all_)]
    lines = [f"DTSTART;TZID=Europe/Paris:{first:%Y%m%dT%H%M%S}", "DURATION:PT20M", f"RRULE:{rule}"]
    lines += [f"EXDATE;TZID=Europe/Paris:{one:%Y%m%dT%H%M%S}" for one in away]
    since = first.astimezone(UTC) - timedelta(days=1)
    expected = {one.astimezone(UTC) for one in all_ if one not in away and one.astimezone(UTC) < since + QUARTER}
    assert {time.start for time in read(calendar("|".join(lines)), since=since)} == expected
