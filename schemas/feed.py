"""What is said of a linked agenda (a feed)? That it was added, and that it was taken away; never its address."""

from typing import ClassVar, Literal

from schemas.event import Event

FeedKind = Literal["ical", "file", "fhir"]
"""An iCalendar address asked again and again, an iCalendar file given once, another vendor's FHIR server."""

FeedMeans = Literal["open", "busy"]
"""What each event of a feed is: a time open to patients, or a time in which the practitioner is taken."""


class FeedAdded(Event):
    """A practitioner (or the delegate) linked an agenda that is kept elsewhere."""

    subject: ClassVar[str] = "feed.added.v1"
    feed_id: str
    practitioner_id: str
    kind: FeedKind
    means: FeedMeans


class FeedRemoved(Event):
    """The agenda is linked no more: its open times are closed, the patients who have a seat keep it."""

    subject: ClassVar[str] = "feed.removed.v1"
    feed_id: str
    practitioner_id: str
