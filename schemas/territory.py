"""What is a territory? The communes, hour and voice of one community of health professionals (CPTS)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from schemas.values import Zone

Evidence = Literal["confirme", "probable", "hypothese"]
"""How sure the list of communes is: the published figures add up · mostly published · a guess."""

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Insee = Annotated[str, Field(pattern=r"^(?:[0-9]{2}|2[AB])[0-9]{3}$")]
PostalCode = Annotated[str, Field(pattern=r"^[0-9]{5}$")]
SmsSender = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9 ]{1,9}[A-Za-z0-9]$")]
"""An alphanumeric SMS sender: 3 to 11 plain letters, digits and spaces, a letter first."""


FRIDAY, SATURDAY, SUNDAY = 4, 5, 6


@dataclass(frozen=True, slots=True)
class Hours:
    """When care is out-of-hours care (PDSA, art. R6315-1 of the public health code): from `ends` to `begins` (hours of
    the clock), on Sundays and public holidays; on Saturdays from `saturday_until` and on bridge days (a Monday before a
    public holiday, a Friday or Saturday after one) where the regional order says so."""

    begins: int = 8
    ends: int = 20
    saturday_until: int | None = None
    bridges: bool = False

    def out(self, local: datetime, holidays: Collection[date]) -> bool:
        """Whether this moment, by the clock of the place, is out of hours."""
        day = local.date()
        if not self.begins <= local.hour < self.ends or day.weekday() == SUNDAY or day in holidays:
            return True
        if day.weekday() == SATURDAY and self.saturday_until is not None and local.hour >= self.saturday_until:
            return True
        return self.bridges and _bridge(day, holidays)


def _bridge(day: date, holidays: Collection[date]) -> bool:
    if day.weekday() == 0:
        return day + timedelta(days=1) in holidays
    return day.weekday() in (FRIDAY, SATURDAY) and any(
        day - timedelta(days=ago) in holidays for ago in range(1, day.weekday() - 2)
    )


class Territory(BaseModel):
    """One CPTS. `id` is also the territory's token in subjects; `communes` are INSEE codes.

    `partial_communes` are those of `communes` that other territories share (a part of Toulon); `parts` = the postal
    codes of one that belong here, where they tell the parts apart. `radius_km`
    is how far a search goes at first, as the crow flies. `professionals` is what the community declares, if
    it does. `told_before`: late confirmation, who can wait hears the hour that many minutes before the visit (None:
    at once). `protocols`: for a reason, the professions that may see the patient by the territory's own clinical
    protocol, besides the one asked for; there are none unless the territory decides so. `saturday_until` (an hour) and
    `bridges`: what the regional order counts as out of hours besides nights, Sundays and public holidays. `phone` is
    the number shown to patients, written as people read it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Slug
    name: str = Field(min_length=1, max_length=120)
    departement: str = Field(pattern=r"^(?:[0-9]{2,3}|2[AB])$")
    zone: Zone
    communes: frozenset[Insee] = Field(min_length=1)
    partial_communes: frozenset[Insee] = frozenset()
    parts: tuple[tuple[Insee, tuple[PostalCode, ...]], ...] = ()
    evidence: Evidence
    evidence_note: str = ""
    radius_km: float = Field(default=30, gt=0, le=200)
    professionals: int | None = Field(default=None, ge=0)
    told_before: int | None = Field(default=None, ge=30, le=720)
    protocols: tuple[tuple[str, tuple[str, ...]], ...] = ()
    saturday_until: int | None = Field(default=None, ge=8, le=20)
    bridges: bool = False
    phone: str = Field(default="116 117", pattern=r"^\+?[0-9][0-9 ]{1,18}$")
    sender: SmsSender

    def covers(self, insee: str, postal_code: str = "") -> bool:
        """Whether a place is in the territory; of a shared commune all of it, when nothing tells its parts apart."""
        here = dict(self.parts).get(insee, ())
        return insee in self.communes and (not here or not postal_code or postal_code in here)

    @property
    def tz(self) -> ZoneInfo:
        """The territory's time zone, at the edges; inside, every moment is aware UTC."""
        return ZoneInfo(self.zone)

    @property
    def hours(self) -> Hours:
        """When care is out-of-hours care here."""
        return Hours(saturday_until=self.saturday_until, bridges=self.bridges)
