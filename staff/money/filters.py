"""What narrows the lists of money; every filter stands in the address of the page."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet

from payments.models import (
    CLOSED_DISPUTES,
    Method,
    PaymentLink,
    PaymentStatus,
    Purpose,
    Refund,
    RefundKind,
    RefundStatus,
    StripeEvent,
)
from payments.models.alert import AlertKind
from staff.catalog.filters import ANY, Filter, search_field
from staff.catalog.forms import DateInput
from totetaxi.lib import clock


def day_start(day: date) -> datetime:
    """Midnight in New York, at which a day begins."""
    return clock.at(day, time())


def between(name: str, since: date | None, until: date | None) -> Q:
    """Moments from the start of ``since`` to the end of ``until``, both New York days."""
    when = Q()
    if since:
        when &= Q(**{f"{name}__gte": day_start(since)})
    if until and until < date.max:
        when &= Q(**{f"{name}__lt": day_start(until + timedelta(days=1))})
    return when


def booking_matches(text: str, path: str) -> Q:
    """Bookings by number, name, email or phone; ``path`` leads to the booking ("payment__booking").

    Two words are a first and a last name, in any order.
    """
    found = Q(**{f"{path}__booking_number__icontains": text})
    found |= Q(**{f"{path}__email__icontains": text})
    names = Q()
    for word in text.split():
        names &= Q(**{f"{path}__first_name__icontains": word}) | Q(
            **{f"{path}__last_name__icontains": word}
        )
    return found | names


class DateInputs(Filter):
    """A filter with a first and a last day."""

    def clean_since(self) -> date | None:
        return self._sane("since")

    def clean_until(self) -> date | None:
        return self._sane("until")

    def _sane(self, name: str) -> date | None:
        """A day near enough to be turned into a moment of any time zone."""
        day: date | None = self.cleaned_data[name]
        return day if day and 1970 <= day.year <= 2200 else None


class PaymentFilter(DateInputs):
    q = search_field("Number, name, email or Stripe’s id")
    status = forms.ChoiceField(label="State", choices=[ANY, *PaymentStatus.choices])
    method = forms.ChoiceField(label="Method", choices=[ANY, *Method.choices])
    purpose = forms.ChoiceField(label="For", choices=[ANY, *Purpose.choices])
    since = forms.DateField(label="From", widget=DateInput())
    until = forms.DateField(label="To", widget=DateInput())

    def apply(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        match name:
            case "q":
                refund = Refund.objects.filter(payment=OuterRef("pk"), stripe_refund_id=value)
                return rows.filter(
                    booking_matches(value, "booking")
                    | Q(stripe_payment_intent_id=value)
                    | Q(stripe_charge_id=value)
                    | Exists(refund)
                )
            case "since":
                return rows.filter(between("moved_at", value, None))
            case "until":
                return rows.filter(between("moved_at", None, value))
        return super().apply(rows, name, value)


WAITING = "waiting"
# What a tab of the refund queue shows.
QUEUES: dict[str, tuple[str, frozenset[str] | None]] = {
    WAITING: ("Waiting for a decision", frozenset({RefundStatus.REQUESTED})),
    "under_way": (
        "On the way",
        frozenset({RefundStatus.APPROVED, RefundStatus.PROCESSING}),
    ),
    "failed": ("Failed", frozenset({RefundStatus.FAILED})),
    "done": ("Given back", frozenset({RefundStatus.COMPLETED})),
    "denied": ("Denied", frozenset({RefundStatus.DENIED})),
    "all": ("All", None),
}


class RefundFilter(DateInputs):
    queue = forms.CharField(max_length=20, widget=forms.HiddenInput)
    q = search_field("Number, name or email")
    kind = forms.ChoiceField(label="Why", choices=[ANY, *RefundKind.choices])
    since = forms.DateField(label="Asked from", widget=DateInput())
    until = forms.DateField(label="Asked to", widget=DateInput())

    def apply(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        match name:
            case "queue":
                statuses = QUEUES[value][1]
                return rows if statuses is None else rows.filter(status__in=statuses)
            case "q":
                return rows.filter(booking_matches(value, "payment__booking"))
            case "since":
                return rows.filter(between("created_at", value, None))
            case "until":
                return rows.filter(between("created_at", None, value))
        return super().apply(rows, name, value)

    def clean_queue(self) -> str:
        """What waits for a decision, unless another queue was chosen."""
        queue: str = self.cleaned_data["queue"]
        return queue if queue in QUEUES else WAITING

    @property
    def in_use(self) -> bool:
        return any(value for name, value in self.cleaned_data.items() if name != "queue")


class LinkFilter(Filter):
    q = search_field("Number, name or email")
    state = forms.ChoiceField(
        label="State",
        choices=[
            ANY,
            ("live", "Can be paid"),
            ("unsent", "Not sent"),
            ("over", "Ended"),
        ],
    )

    def apply(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        if name == "q":
            return rows.filter(booking_matches(value, "booking"))
        live = PaymentLink.objects.live(clock.now()).values("pk")
        match value:
            case "live":
                return rows.filter(pk__in=live)
            case "unsent":
                return rows.filter(pk__in=live, sent_at=None)
        return rows.exclude(pk__in=live)


class EventFilter(Filter):
    q = search_field("Stripe’s id")
    type = forms.CharField(label="Kind starts with", max_length=100)
    state = forms.ChoiceField(
        label="State", choices=[ANY, ("waiting", "Waiting"), ("done", "Acted on")]
    )

    def apply(self, rows: QuerySet[StripeEvent], name: str, value: Any) -> QuerySet[Any]:
        match name:
            case "q":
                return rows.filter(Q(event_id=value) | Q(object_id=value))
            case "type":
                return rows.filter(type__startswith=value)
        return rows.filter(processed_at__isnull=value == "waiting")


class AlertFilter(Filter):
    kind = forms.ChoiceField(label="Kind", choices=[ANY, *AlertKind.choices])
    state = forms.ChoiceField(
        label="State", choices=[("", "Standing"), ("gone", "Resolved"), ("all", "All")]
    )

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        self.is_valid()
        kind, state = self.cleaned_data.get("kind"), self.cleaned_data.get("state")
        if kind:
            rows = rows.filter(kind=kind)
        if state == "all":
            return rows
        return rows.filter(resolved_at__isnull=state != "gone")


class DisputeFilter(Filter):
    q = search_field("Number, name, email or Stripe’s id")
    state = forms.ChoiceField(label="State", choices=[ANY, ("open", "Open"), ("closed", "Closed")])

    def apply(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        if name == "q":
            return rows.filter(
                booking_matches(value, "payment__booking") | Q(stripe_dispute_id=value)
            )
        closed = Q(status__in=CLOSED_DISPUTES)
        return rows.filter(closed if value == "closed" else ~closed)
