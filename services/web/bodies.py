"""What may be sent to a door? The bodies, cleaned and bounded; what they mean is read in entry.py."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from availability.agenda import LONGEST_FREEZE, Audience
from schemas.request import Why
from schemas.values import AgeBand, Code, Mode, Visibility

LONGEST_HOURS = 14 * 24


def _readable(text: Any) -> Any:
    """Drop control signs, join what a terminal or a copy left apart; half a surrogate pair is no text."""
    if not isinstance(text, str):
        return text
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise PydanticCustomError("not_text", "unreadable signs")
    return "".join(sign for sign in text if sign in "\n\t" or sign.isprintable())


def _one_line(text: Any) -> Any:
    return " ".join(text.split()) if isinstance(text, str) else text


Text = Annotated[str, StringConstraints(strip_whitespace=True), BeforeValidator(_readable)]
Line = Annotated[str, StringConstraints(strip_whitespace=True), BeforeValidator(_one_line), BeforeValidator(_readable)]
Id = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9._:-]{1,80}$")]
DraftId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{16,40}$")]
PlaceKey = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Modes = Annotated[tuple[Mode, ...], Field(min_length=1, max_length=len(Mode))]


class Body(BaseModel):
    """What is sent to a door. An empty text is a field left out, as HTML forms send it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {name: value for name, value in given.items() if value is not None and value != ""}


class ForWhom(Body):
    """For whom a time is: to whom it is shown, the ages and reasons that are accepted (none = all), and how many
    minutes before a visit nobody new is booked any more."""

    visibility: Visibility = Visibility.CPTS
    ages: Annotated[tuple[AgeBand, ...], Field(max_length=len(AgeBand))] = ()
    reasons: Annotated[tuple[Code, ...], Field(max_length=30)] = ()
    freeze: int = Field(default=0, ge=0, le=LONGEST_FREEZE)

    def audience(self, specialty: str) -> Audience:
        """The same for the agenda of somebody of this specialty ("" = the ordinary practice)."""
        return Audience(
            visibility=self.visibility, ages=self.ages, reasons=self.reasons, specialty=specialty, freeze=self.freeze
        )


class Wish(Body):
    """What is needed, where and by when. `deadline` and `earliest` in French words or ISO; a `deadline` wins
    over `hours` (from now). `commune`: INSEE code, exact name or postal code. `can_wait`: the patient is promised a
    place now and hears its hour later, where the territory does so. `reason` is never kept here: the territory's
    protocol for it may allow further professions.
    """

    commune: Annotated[Line, Field(max_length=80)]
    profession: Annotated[Line, Field(max_length=8)] = "10"
    hours: int | None = Field(default=None, ge=1, le=LONGEST_HOURS)
    deadline: Annotated[Line, Field(max_length=60)] | None = None
    earliest: Annotated[Line, Field(max_length=60)] | None = None
    modes: Modes = (Mode.OFFICE,)
    no_vehicle: bool = False
    can_wait: bool = False
    usual_practitioner: Id | None = None
    radius_km: float | None = Field(default=None, gt=0, le=200, allow_inf_nan=False)
    birth_year: int | None = Field(default=None, ge=0, le=9999)
    reason: Annotated[Line, Field(max_length=200)] | None = None


class Entry(Wish):
    """A care request as the regulator enters it, in the order of speech. `slot_id` is the seat she holds, `why` she
    chose it when it is far from the best."""

    request_id: DraftId | None = None
    phone: Annotated[Text, Field(max_length=40)]
    last_name: Annotated[Line, Field(max_length=80)]
    first_name: Annotated[Line, Field(max_length=80)] | None = None
    note: Annotated[Text, Field(max_length=2000)] | None = None
    address: Annotated[Text, Field(max_length=300)] | None = None
    slot_id: Id | None = None
    why: Why | None = None
    sms: bool = True
    discreet: bool = False
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "fr"
