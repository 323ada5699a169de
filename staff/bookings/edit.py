"""The form that changes a booking, and what the change does to its price."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crispy_forms.layout import Layout
from django import forms

from booking.models import Booking, BookingStatus
from booking.services import Proposal
from booking.services.by_staff import LONGEST_REASON
from booking.wizard.fields import WholeNumber, Words
from catalog.price_lines import Line
from catalog.prices import PriceBook
from staff.bookings.forms import OFF, OrderForm
from totetaxi.lib.forms import Helper
from totetaxi.lib.money import usd

KEEP, NEW = "keep", "new"


class EditForm(OrderForm):
    """The order, the version it was read at, and the decision about a difference."""

    version = WholeNumber(widget=forms.HiddenInput)
    shown_total_cents = WholeNumber(widget=forms.HiddenInput)
    price = forms.ChoiceField(
        label="Price",
        choices=[(KEEP, "Keep the price"), (NEW, "Take the new price")],
        required=False,
        widget=forms.RadioSelect,
    )
    send_link = forms.BooleanField(label="Mail a link for the difference", required=False)
    reason = Words(
        label="Why", help_text="For colleagues; on the timeline.", widget=forms.TextInput(OFF)
    )

    def __init__(self, data: Mapping[str, Any] | None, *, book: PriceBook) -> None:
        super().__init__(data, book=book)
        # A booking keeps its service: another one is another order (rule R861).
        self.order_fields(["service_type"])

    def check(self, asked: Proposal) -> bool:
        """Whether what was decided fits what was shown."""
        if len(self.cleaned_data.get("reason") or "") > LONGEST_REASON:
            self.add_error("reason", f"Shorten this to {LONGEST_REASON} characters.")
        if asked.is_nothing:
            self.add_error(None, "Nothing is different from the booking yet.")
        elif self.cleaned_data.get("shown_total_cents") != asked.total_cents:
            self.add_error(None, "The price moved: look at the difference again, then save.")
        elif asked.difference_cents and not self.cleaned_data.get("price"):
            self.add_error("price", "Choose whether the price stays or changes.")
        return not self.errors

    @property
    def reason_helper(self) -> Helper:
        helper = Helper(self)
        helper.layout = Layout("reason")
        return helper


@dataclass(frozen=True)
class Compared:
    """One line of the price before and after; None where there is none."""

    label: str
    note: str
    before_cents: int | None
    after_cents: int | None

    @property
    def is_changed(self) -> bool:
        return self.before_cents != self.after_cents


def compare(asked: Proposal) -> list[Compared]:
    """The old and the new price, line by line, in the order of the new one."""
    if asked.quote is None:
        return []
    return list(_compared(list(asked.lines_before), asked.quote.lines))


def _compared(before: list[Line], after: tuple[Line, ...]) -> Iterator[Compared]:
    for line in after:
        old = next((one for one in before if _same(one, line)), None)
        if old is not None:
            before.remove(old)
        yield Compared(line.label, line.note, old.cents if old else None, line.cents)
    for line in before:
        yield Compared(line.label, line.note, line.cents, None)


def _same(one: Line, other: Line) -> bool:
    """Whether two lines are for the same thing; of items and organizers the name tells."""
    if one.code in ("specialty", "organizing"):
        return (one.code, one.label) == (other.code, other.label)
    return one.code == other.code


@dataclass(frozen=True)
class PriceChoice:
    """One way to deal with the difference, and what follows from it."""

    value: str
    label: str
    hint: str


def price_choices(booking: Booking, asked: Proposal) -> tuple[PriceChoice, ...]:
    """Keep or change the price; none where both are the same."""
    cents = asked.difference_cents
    if not cents:
        return ()
    keep = f"It stays {usd(asked.total_before_cents)}; an adjustment line makes up for the rest."
    new = f"It becomes {usd(asked.total_cents)}. {_consequence(booking, cents)}"
    return (
        PriceChoice(NEW, f"New price, {usd(abs(cents))} {'more' if cents > 0 else 'less'}", new),
        PriceChoice(KEEP, "Keep the price", keep),
    )


def _consequence(booking: Booking, cents: int) -> str:
    if booking.status != BookingStatus.PAID:
        return "A link that was sent asks for the new total from now on."
    if cents > 0:
        return "The difference is to be collected."
    return "A refund of the difference is asked for."
