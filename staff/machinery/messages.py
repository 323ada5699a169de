"""Messages on one page: what waits, what was given up, and of what kind (rule R660)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.db.models import F, QuerySet

from booking.models import Booking
from staff.catalog.filters import ANY, Filter
from staff.machinery.words import handler_words
from staff.money.forms import ReasonForm
from totetaxi.outbox.models import ERROR_LENGTH, Message
from totetaxi.outbox.services import MAX_ATTEMPTS

PER_PAGE: Final = 50
DEAD, WAITING, RETRYING, DEALT_WITH, DONE = "dead", "waiting", "retrying", "dealt-with", "done"
STATES: Final = (
    (DEAD, "Given up"),
    (RETRYING, "Tried again"),
    (WAITING, "Waiting"),
    (DEALT_WITH, "Dealt with"),
    (DONE, "Done"),
)


class MessageFilter(Filter):
    """By what has become of a message, and by kind. Without a state: all that is not over."""

    state = forms.ChoiceField(label="State", choices=[("", "Not over"), *STATES])
    handler = forms.ChoiceField(label="Kind", choices=[ANY])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = Message.objects.order_by("handler").values_list("handler", flat=True).distinct()
        kinds = sorted((handler_words(name), name) for name in names)
        field = self.fields["handler"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for the type checker)
        field.choices = [ANY, *((name, words) for words, name in kinds)]

    @property
    def kind(self) -> str:
        """The handler that was chosen; empty if none was, or none that there are messages of."""
        self.is_valid()
        kind: str = self.cleaned_data.get("handler", "")
        return kind

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().narrow(rows)
        if self.cleaned_data.get("state"):
            return rows
        return rows.filter(done_at=None, dismissed_at=None)

    def apply(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        if name == "handler":
            return rows.filter(handler=value)
        match value:
            case "dead":
                return rows.exclude(dead_at=None).filter(dismissed_at=None)
            case "dealt-with":
                return rows.exclude(dismissed_at=None)
            case "done":
                return rows.exclude(done_at=None)
        waiting = rows.filter(done_at=None, dead_at=None)
        return waiting.filter(attempts=0) if value == WAITING else waiting.filter(attempts__gt=0)


class DismissForm(ReasonForm):
    """How a message that was given up was dealt with."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, max_length=ERROR_LENGTH, **kwargs)
        self.fields["reason"].help_text = "Such as: called the customer, sent it by hand."


@dataclass(frozen=True)
class Row:
    """One message as the page shows it."""

    message: Message
    booking_number: str

    @property
    def words(self) -> str:
        return handler_words(self.message.handler)

    @property
    def state(self) -> tuple[str, str]:
        """Its state in a word, and the tone of ``staff/_status.html``."""
        message = self.message
        if message.done_at:
            return "Done", "done"
        if message.dismissed_at:
            return "Dealt with", ""
        if message.dead_at:
            return "Given up", "bad"
        return ("Tried again", "warn") if message.attempts else ("Waiting", "sea")

    @property
    def attempts(self) -> str:
        """ "2 of 5"; while a service is away for all, tries are not counted against it."""
        number = self.message.attempts
        return f"{number} of {MAX_ATTEMPTS}" if number <= MAX_ATTEMPTS else str(number)


def messages() -> QuerySet[Message]:
    """Given up first, the newest first; then what waits, the next to be tried first."""
    return Message.objects.order_by(
        F("dead_at").desc(nulls_last=True), "next_attempt_at", "created_at", "pk"
    )


def table(found: Iterable[Message]) -> list[Row]:
    """The rows of a page; one query for all their bookings."""
    found = list(found)
    ids = {message.booking_id for message in found if message.booking_id}
    numbers = dict(Booking.objects.filter(pk__in=ids).values_list("pk", "booking_number"))
    return [
        Row(message, numbers.get(message.booking_id, "") if message.booking_id else "")
        for message in found
    ]


def waiting_for_somebody(handler: str = "") -> int:
    """Messages that were given up and that nobody has dealt with, of one kind or of all."""
    dead = Message.objects.dead()
    return (dead.filter(handler=handler) if handler else dead).count()
