"""The pages of a change: its forms, what they were told, and the price line by line beside the old.

What was typed is kept in the session until the change is made: the review is a page of its own.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.http import HttpRequest
from django.template.loader import render_to_string

from booking import services as bookings
from booking.compare import Difference, differences
from booking.models import Booking, BookingChange, ChangeStatus, request_from_answers
from booking.services import Proposal
from booking.wizard.basket import Basket
from booking.wizard.forms import AddressesForm, ScheduleForm, ServiceForm, StepForm, card_of
from booking.wizard.pages import addresses_context, schedule_context, service_context
from catalog import price_book
from catalog.price_lines import Line
from catalog.pricing import Evaluation
from payments.services import change_price, pending_change
from totetaxi.lib import clock
from totetaxi.lib.forms import ErrorSummary, summarise

KEPT: Final = "changes"
#: For so long the answers of a change that nobody paid are filled in again.
KEPT_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True)
class PriceRow:
    """One price line in both prices, None where it is not there; cents."""

    label: str
    old: int | None
    new: int | None


class ChangeForms:
    """The three parts of the page as one; ``answers`` is what they say together."""

    def __init__(self, booking: Booking, answers: Mapping[str, Any], data: Any = None) -> None:
        basket = self.basket = Basket(answers, price_book.load(), booking)
        if data is None:
            self.service = ServiceForm.from_answers(basket)
            self.schedule = ScheduleForm.from_answers(basket)
            self.addresses = AddressesForm.from_answers(basket)
        else:
            self.service = ServiceForm(data, basket)
            self.schedule = ScheduleForm(data, basket)
            self.addresses = AddressesForm(data, basket)
        self.parts: tuple[StepForm, ...] = (self.service, self.schedule, self.addresses)

    def answers(self) -> dict[str, Any]:
        """What was read; the service itself is not among the questions."""
        read = dict(self.basket.answers)
        for part in self.parts:
            read |= part.answers()
        read["service_type"] = self.basket.answers.get("service_type")
        return {name: value for name, value in read.items() if value not in (None, "", {})}

    def judge(self, proposal: Proposal) -> bool:
        """Put the problems beside their fields; whether there are none."""
        evaluation = Evaluation(proposal.request, proposal.quote, proposal.problems)
        fine = [part.judge(evaluation) for part in self.parts]
        return all(fine)

    @property
    def summary(self) -> ErrorSummary:
        """All there is to fix, in the order of the page."""
        return ErrorSummary(tuple(link for part in self.parts for link in summarise(part).links))

    def context(self, request: HttpRequest) -> dict[str, Any]:
        """What the templates of the three parts are given."""
        service, schedule, addresses = self.service, self.schedule, self.addresses
        shared = {"book": self.basket.book, "policy": self.basket.book.policy}
        fields = {"form": service, **service_context(self.basket, service), **shared}
        return {
            "service": {"form": service},
            # The wizard's own fields for the booking's service.
            "service_fields": render_to_string("booking/service.html#fields", fields, request),
            "schedule": {"form": schedule, **schedule_context(request, self.basket, schedule)},
            "addresses": {"form": addresses, **addresses_context(self.basket, addresses)},
            "service_type": card_of(self.basket.answers.get("service_type")),
            "basket": self.basket,
            **shared,
            "first_day": service.flight_dates[0],
            "last_day": service.flight_dates[1],
            "summary": self.summary,
            "has_errors": bool(self.summary),
        }


class ConfirmChangeForm(forms.Form):
    """What the review showed: exactly this change of this booking at this price."""

    digest = forms.CharField(max_length=16)
    version = forms.IntegerField(min_value=0, max_value=10**9)
    total_cents = forms.IntegerField(min_value=0, max_value=10**12)
    due_cents = forms.IntegerField(min_value=0, max_value=10**12)


class ConfirmCancellationForm(forms.Form):
    """What the page showed, and why, if the customer says so."""

    version = forms.IntegerField(min_value=0, max_value=10**9)
    refund_cents = forms.IntegerField(min_value=0, max_value=10**12)
    reason = forms.CharField(
        required=False,
        max_length=300,
        label="Why?",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"max_length": "Use at most 300 characters; these are %(show_value)d."},
    )


# -- what was typed ----------------------------------------------------------


def keep(request: HttpRequest, booking: Booking, answers: Mapping[str, Any]) -> None:
    """Remember what is to be different, and nothing else: the rest may be changed meanwhile."""
    kept = dict(request.session.get(KEPT, {}))
    kept[str(booking.pk)] = _changes(own_answers(booking), answers)
    request.session[KEPT] = dict(list(kept.items())[-5:])


def forget(request: HttpRequest, booking: Booking) -> None:
    """The change is made, or given up."""
    kept = dict(request.session.get(KEPT, {}))
    if kept.pop(str(booking.pk), None) is not None:
        request.session[KEPT] = kept


def kept_answers(request: HttpRequest, booking: Booking) -> dict[str, Any] | None:
    """What was typed here, or what waits for its payment or ran out just now; None without any."""
    changes = request.session.get(KEPT, {}).get(str(booking.pk))
    if changes is None:
        change = pending_change(booking) or _run_out(booking)
        if change is None:
            return None
        changes = _changes(change.proposal["before"], change.proposal["after"])
    answers = {**own_answers(booking), **changes}
    return {name: value for name, value in answers.items() if value is not None}


def _run_out(booking: Booking) -> BookingChange | None:
    """The change whose page ended unpaid within a day, if nothing came after it."""
    last = booking.changes.order_by("-created_at").first()
    if last is None or last.status != ChangeStatus.EXPIRED or last.ended_at is None:
        return None
    return last if clock.elapsed(last.ended_at, clock.now()) < KEPT_AFTER else None


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that differ, None where there is none any more."""
    names = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    return {name: after.get(name) for name in sorted(names)}


def own_answers(booking: Booking) -> dict[str, Any]:
    """What the booking says now."""
    return bookings.answers_of(bookings.request_of(booking))


def proposal_of(booking: Booking, answers: Mapping[str, Any]) -> Proposal:
    """The change that these answers ask for, at its price of now."""
    return bookings.proposal(booking, request_from_answers(answers))


def digest(proposal: Proposal) -> str:
    """A short name of exactly this change, so that a second tab cannot put another in its place."""
    text = json.dumps(dict(proposal.after), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# -- the review ----------------------------------------------------------------


def review_context(booking: Booking, proposal: Proposal) -> dict[str, Any]:
    """Old beside new, and what it costs or gives back."""
    price = change_price(booking, proposal)
    return {
        "booking": booking,
        "proposal": proposal,
        "differences": _in_words(proposal),
        "rows": price_rows(proposal.lines_before, proposal.priced.lines),
        "total_cents": proposal.total_cents,
        "due_cents": price.due_cents,
        "refund_cents": price.refund_cents,
        "by_hand_cents": price.by_hand_cents,
        "digest": digest(proposal),
        "pending": pending_change(booking),
        "policy": price_book.load().policy,
    }


def _in_words(proposal: Proposal) -> tuple[Difference, ...]:
    return differences(proposal.before, proposal.after)


def price_rows(old: tuple[Line, ...], new: tuple[Line, ...]) -> tuple[PriceRow, ...]:
    """Both prices line by line; lines of one label stand in one row, in the new price's order."""
    labels = list(dict.fromkeys([*(line.label for line in new), *(line.label for line in old)]))
    return tuple(PriceRow(label, _sum(old, label), _sum(new, label)) for label in labels)


def _sum(lines: tuple[Line, ...], label: str) -> int | None:
    cents = [line.cents for line in lines if line.label == label]
    return sum(cents) if cents else None
