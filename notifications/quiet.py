"""May this be said at this hour? Quiet hours by lane, in the territory's zone: a later hour, or an earlier one."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

IsHoliday = Callable[[date], bool]

HOURS = {2: (time(8), time(20, 30)), 3: (time(9), time(19))}
"""From when until when a lane may leave (local, end excluded); lanes 0 and 1 at any hour. Ours, within the law's
08:00-22:00 for commercial messages."""
NO_SUNDAY = 3
"""The lane that leaves neither on Sundays nor on public holidays."""
LOOK_FOR = 14
"""Days in which an open one is found: no French calendar has so many closed ones in a row."""
REMINDER = 2
"""The lane of reminders: its hours are the same on every day."""
SHORTLY_BEFORE = timedelta(hours=2)
FRESH = timedelta(hours=3)
"""What was said so lately need not be said again."""


def may_leave(lane: int, moment: datetime, zone: ZoneInfo, is_holiday: IsHoliday) -> bool:
    """Whether that moment is outside the lane's quiet hours there."""
    if lane not in HOURS:
        return True
    local = moment.astimezone(zone)
    first, last = HOURS[lane]
    return _open_day(lane, local.date(), is_holiday) and first <= local.time() < last


def next_leave(lane: int, moment: datetime, zone: ZoneInfo, is_holiday: IsHoliday) -> datetime:
    """The first moment (UTC) from this one on at which the lane may leave: for what can wait."""
    if may_leave(lane, moment, zone, is_holiday):
        return moment
    day = moment.astimezone(zone).date()
    for ahead in range(LOOK_FOR):
        opens = _at(day + timedelta(days=ahead), HOURS[lane][0], zone)
        if opens >= moment and _open_day(lane, day + timedelta(days=ahead), is_holiday):
            return opens
    raise AssertionError("no calendar is closed for a fortnight")


def last_leave(lane: int, moment: datetime, zone: ZoneInfo, is_holiday: IsHoliday) -> datetime:
    """The last moment (UTC) up to this one at which the lane may leave: a reminder that would fall into quiet hours
    goes earlier, a minute before they begin."""
    if may_leave(lane, moment, zone, is_holiday):
        return moment
    day = moment.astimezone(zone).date()
    for back in range(LOOK_FOR):
        closes = _at(day - timedelta(days=back), HOURS[lane][1], zone) - timedelta(minutes=1)
        if closes <= moment and _open_day(lane, day - timedelta(days=back), is_holiday):
            return closes
    raise AssertionError("no calendar is closed for a fortnight")


def reminder_at(start: datetime, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When (UTC) to remind of a visit at `start`, found `now`: the day before at the same hour there; of one found
    later than that, two hours before; earlier where that is in quiet hours. None = the booking itself is fresh."""
    day_before = (start.astimezone(zone) - timedelta(days=1)).astimezone(UTC)
    for wish in (day_before, start - SHORTLY_BEFORE):
        at = last_leave(REMINDER, wish, zone, lambda day: False)
        if at >= now + FRESH:
            return at
    return None


def _open_day(lane: int, day: date, is_holiday: IsHoliday) -> bool:
    return lane < NO_SUNDAY or (day.weekday() != 6 and not is_holiday(day))


def _at(day: date, hour: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, hour, zone).astimezone(UTC)
