"""One booking from every side, for whoever has its customer on the phone (rule R697)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet, Sum

from booking.describe import service_words, window_words
from booking.models import Booking, BookingChange, BookingEvent, BookingStatus, ChangeStatus
from catalog.models import CapacityDay
from logistics.gateway import get_gateway as onfleet
from logistics.models import LogisticsAlert, OnfleetTask, TaskStatus
from payments.gateway import get_gateway as stripe
from payments.models import (
    CAPTURED,
    AuditKind,
    Method,
    MoneyAlert,
    Payment,
    PaymentAudit,
    PaymentLink,
    Purpose,
    Refund,
    RefundStatus,
)
from payments.services.invariants import PATIENCE, REFUND_MARKS
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.lib.money import usd
from totetaxi.outbox.models import Mail, Message

BOOKED: Final = (BookingStatus.PAID, BookingStatus.COMPLETED)


@dataclass
class Report:
    """What there is to say, by section, and what is wrong, as sentences."""

    sections: list[tuple[str, list[str]]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def add(self, title: str, lines: Iterator[str]) -> None:
        """A section; one without lines says so."""
        self.sections.append((title, list(lines) or ["none"]))


def find(text: str) -> Booking | None:
    """The booking with this number (TT-000123, tt123, 123) or id, hidden ones included."""
    text = text.strip()
    try:
        return Booking.objects.filter(pk=UUID(text)).first()
    except ValueError:
        digits = text.lower().removeprefix("tt").lstrip("-")
        number = f"TT-{digits.zfill(6)}" if digits.isdigit() else text.upper()
        return Booking.objects.filter(booking_number=number).first()


def check(booking: Booking, *, ask_stripe: bool, ask_onfleet: bool, show_contact: bool) -> Report:
    """Look at everything; the outside services only if asked for, and then only to read."""
    report = Report()
    report.add("Booking", _facts(booking))
    if show_contact:
        report.add("Contact", _contact(booking))
    report.add("Price", _price(booking))
    report.add("History", _history(booking))
    report.add("Money", _money(booking))
    report.add("Place", _place(booking))
    report.add("Deliveries", _deliveries(booking))
    report.add("Messages and mails", _messages(booking))
    if ask_stripe:
        report.add("At Stripe", _outside("Stripe", _at_stripe, booking, report))
    if ask_onfleet:
        report.add("At Onfleet", _outside("Onfleet", _at_onfleet, booking, report))
    report.faults += [fault for look in LOOKS for fault in look(booking)]
    return report


def _when(moment: datetime | None) -> str:
    return f"{moment.astimezone(clock.NEW_YORK):%Y-%m-%d %H:%M}" if moment else "-"


# -- what there is ---------------------------------------------------------------


def _facts(booking: Booking) -> Iterator[str]:
    hidden = f", HIDDEN since {_when(booking.deleted_at)}" if booking.deleted_at else ""
    yield f"{booking.booking_number}  {booking.pk}"
    yield f"{booking.get_status_display()}{hidden}, {service_words(booking)}"
    yield f"Pickup {booking.pickup_date:%A %Y-%m-%d}, {window_words(booking)}"
    owner = f"account {booking.customer_id}" if booking.customer_id else "a guest"
    yield f"Placed {_when(booking.created_at)} by {owner}, version {booking.version}"
    moments = (
        ("paid", booking.paid_at),
        ("completed", booking.completed_at),
        ("cancelled", booking.cancelled_at),
    )
    for name, moment in moments:
        if moment:
            yield f"{name.capitalize()} {_when(moment)}"
    for change in BookingChange.objects.filter(booking=booking):
        cents = change.difference_cents
        state = ChangeStatus(change.status).label.lower()
        due = f"{usd(cents)}, due {usd(change.due_cents)}"
        yield f"Change of {_when(change.created_at)}: {state}, {due}"


def _contact(booking: Booking) -> Iterator[str]:
    yield f"{booking.get_customer_name()}, {booking.email}, {booking.phone}"
    for side, address in (("From", booking.pickup_address), ("To", booking.delivery_address)):
        yield f"{side} {', '.join(address.lines)}"


def _price(booking: Booking) -> Iterator[str]:
    for line in booking.lines.all():
        yield f"{usd(line.amount_cents):>12}  {line.label}"
    yield f"{usd(booking.total_price_cents):>12}  total"


def _history(booking: Booking) -> Iterator[str]:
    for event in booking.events.all():
        move = f"{event.from_status or 'new'} to {event.to_status}" if event.to_status else ""
        what = move or event.get_kind_display()
        yield f"{_when(event.created_at)}  {what}, by {event.actor_label}"


def _money(booking: Booking) -> Iterator[str]:
    for payment in booking.payments.order_by("created_at"):
        why = payment.failure_reason or payment.unfulfillable_reason
        yield (
            f"{usd(payment.amount_cents):>12}  {payment.get_purpose_display()}, "
            f"{payment.get_method_display()}: {payment.get_status_display()}"
            f"{f' ({why})' if why else ''}  {payment.stripe_payment_intent_id or payment.pk}"
        )
        for attempt in payment.attempts.all():
            yield f"{'':>12}  page {attempt.number}: {attempt.status}, {attempt.session_id or '-'}"
        for refund in payment.refunds.order_by("created_at"):
            yield f"{usd(-refund.amount_cents):>12}  refund, {refund.get_status_display()}"
    for link in PaymentLink.objects.filter(booking=booking):
        state = "live" if link.is_live(clock.now()) else "over"
        yield f"Link of {_when(link.created_at)}: {state}, mailed {_when(link.sent_at)}"
    for alert in MoneyAlert.objects.standing().filter(booking=booking):
        yield f"ALERT: {alert.get_kind_display()}"


def _place(booking: Booking) -> Iterator[str]:
    day = CapacityDay.objects.filter(pk=booking.pickup_date).first()
    state = "holds" if booking.holds_place else "has given back"
    limit = f" of {day.limit}" if day and day.limit is not None else ""
    taken = day.used if day else 0
    yield f"{state} {booking.capacity_units} of the day; the day has {taken} taken{limit}"


def _deliveries(booking: Booking) -> Iterator[str]:
    for task in OnfleetTask.objects.of(booking):
        yield (
            f"{task.get_kind_display()}: {task.get_status_display()}, asked for "
            f"{_when(task.window_start)}, completed {_when(task.completed_at)}"
            f"  {task.onfleet_short_id or task.onfleet_task_id or '-'}"
        )
    for alert in LogisticsAlert.objects.open().filter(booking=booking):
        yield f"ALERT: {alert.get_kind_display()}"


def _messages(booking: Booking) -> Iterator[str]:
    for message in Message.objects.filter(booking_id=booking.pk).order_by("created_at"):
        error = f", {message.last_error}" if message.last_error and not message.done_at else ""
        yield f"{_when(message.created_at)}  {message.handler}: {message.state}{error}"
    for mail in Mail.objects.filter(booking_id=booking.pk).order_by("sent_at"):
        yield f"{_when(mail.sent_at)}  mail {mail.template}: {mail.get_state_display()}"


# -- what others say ---------------------------------------------------------------


Asked = Callable[[Booking, Report], Iterator[str]]


def _outside(name: str, ask: Asked, booking: Booking, report: Report) -> Iterator[str]:
    try:
        yield from ask(booking, report)
    except (TemporaryError, PermanentError) as error:
        report.faults.append(f"{name} could not be asked: {error}")
        yield f"not asked: {error}"


def _at_stripe(booking: Booking, report: Report) -> Iterator[str]:
    """What Stripe took and gave back for each payment, beside what we say of it."""
    for payment in booking.payments.filter(method=Method.STRIPE).order_by("created_at"):
        for attempt in payment.attempts.exclude(session_id=""):
            state = stripe().get_session(attempt.session_id)
            paid = "paid" if state.is_paid else "not paid"
            yield f"page {attempt.session_id}: {state.status}, {paid}, {usd(state.amount_cents)}"
            if state.is_paid and not payment.is_captured:
                report.faults.append(f"Stripe has the money of payment {payment.pk}: settle it.")
        intent = payment.stripe_payment_intent_id
        if not intent:
            continue
        taken = sum(charge.captured_cents for charge in stripe().charges_of_intent(intent))
        found = [one for one in stripe().refunds_of_intent(intent) if one.status == "succeeded"]
        back = sum(one.amount_cents for one in found)
        yield f"{intent}: {usd(taken)} taken, {usd(back)} given back"
        ours = _sum(payment.refunds.filter(status=RefundStatus.COMPLETED))
        if (taken, back) != (payment.amount_cents if payment.is_captured else 0, ours):
            report.faults.append(f"Payment {payment.pk} differs from {intent} at Stripe.")


def _at_onfleet(booking: Booking, report: Report) -> Iterator[str]:
    for task in OnfleetTask.objects.of(booking).exclude(onfleet_task_id=""):
        state = onfleet().get_task(task.onfleet_task_id)
        told = state.state.name.lower() if state.state is not None else "unknown"
        driver = "with a driver" if state.worker_id else "no driver"
        yield f"{task.get_kind_display()}: {told}, {driver}"
        if told == "completed" and task.status not in (TaskStatus.COMPLETED, TaskStatus.FAILED):
            report.faults.append(f"{task.get_kind_display()} is over at Onfleet: sync it.")


# -- what is wrong -----------------------------------------------------------------


def _sum_of_lines(booking: Booking) -> Iterator[str]:
    lines = _sum(booking.lines.all())
    if lines != booking.total_price_cents:
        yield f"The lines come to {usd(lines)}, the total is {usd(booking.total_price_cents)}."


def _paid_for(booking: Booking) -> Iterator[str]:
    """I2 and I3 of this booking."""
    captured = Payment.objects.captured().filter(booking=booking, unfulfillable_reason="")
    if booking.status in BOOKED:
        kept = captured.filter(purpose=Purpose.BOOKING)
        if not kept.exists():
            yield "It is paid, without a payment (I2)."
            return
        changes = BookingChange.objects.applied().filter(booking=booking)
        paid = _sum(kept) + sum(change.difference_cents for change in changes)
        if paid != booking.total_price_cents:
            yield f"{usd(paid)} is paid for it with its changes, not its price (I3)."
    elif booking.status in (BookingStatus.PENDING, BookingStatus.CONFIRMED) and captured.exists():
        yield "Money was taken, and it is not marked as paid (I2)."


def _sums_agree(booking: Booking) -> Iterator[str]:
    rows = Payment.objects.captured().filter(booking=booking)
    refunds = Refund.objects.filter(payment__booking=booking)
    net = _sum(rows) - _sum(refunds.filter(status=RefundStatus.COMPLETED))
    audits = PaymentAudit.objects.filter(payment__booking=booking)
    came = _sum(audits.filter(kind=AuditKind.PAYMENT_SUCCEEDED))
    ends = audits.filter(kind__in=[AuditKind.REFUND_COMPLETED, AuditKind.REFUND_FAILED])
    last = ends.order_by("refund_id", "-created_at", "-kind").distinct("refund_id")
    went = sum(one.amount_cents for one in last if one.kind == AuditKind.REFUND_COMPLETED)
    if net != came - went:
        yield f"{usd(net)} in the payments, {usd(came - went)} in their history (I3)."


def _place_is_counted(booking: Booking) -> Iterator[str]:
    holding = Booking.objects.filter(pickup_date=booking.pickup_date, hold_released_at=None)
    held = _sum(holding.exclude(status=BookingStatus.CANCELLED), "capacity_units")
    held += _sum(BookingChange.objects.pending().filter(day=booking.pickup_date), "held_units")
    day = CapacityDay.objects.filter(pk=booking.pickup_date).first()
    if held != (day.used if day else 0):
        yield f"{held} places of its day are held, {day.used if day else 0} are counted (I4)."


def _is_on_record(booking: Booking) -> Iterator[str]:
    moves = BookingEvent.objects.filter(booking=booking).exclude(to_status="")
    before = ""
    for event in moves.order_by("created_at"):
        if event.from_status != before:
            yield f"Its history jumps from {before or 'nothing'} to {event.to_status} (I5)."
        before = event.to_status
    if before != booking.status:
        yield f"It is {booking.status}, its history ends at {before or 'nothing'} (I5)."
    for payment in Payment.objects.filter(booking=booking):
        captures = payment.audits.filter(kind=AuditKind.PAYMENT_SUCCEEDED).count()
        if captures != (payment.status in CAPTURED):
            yield f"Payment {payment.pk} has {captures} captures on record (I5)."
    for refund in Refund.objects.filter(payment__booking=booking):
        mark = REFUND_MARKS.get(RefundStatus(refund.status))
        if mark and not refund.audits.filter(kind=mark).exists():
            yield f"Refund {refund.pk} is {refund.status} without a record (I5)."


def _work_is_done(booking: Booking) -> Iterator[str]:
    messages = Message.objects.filter(booking_id=booking.pk)
    for message in messages.waiting().filter(next_attempt_at__lt=clock.real_now() - PATIENCE):
        yield f"{message.handler} is late (I6)."
    for message in messages.dead():
        yield f"{message.handler} was given up: {message.last_error}"
    for mail in Mail.objects.to_be_settled().filter(booking_id=booking.pk):
        yield f"The mail {mail.template} did not arrive: {mail.get_state_display().lower()}."


def _alerts(booking: Booking) -> Iterator[str]:
    for alert in MoneyAlert.objects.standing().filter(booking=booking):
        yield f"Money: {alert.get_kind_display()}."
    for trouble in LogisticsAlert.objects.open().filter(booking=booking):
        yield f"Delivery: {trouble.get_kind_display()}."


LOOKS: Final = (
    *(_sum_of_lines, _paid_for, _sums_agree, _place_is_counted, _is_on_record),
    *(_work_is_done, _alerts),
)


def _sum(rows: QuerySet[Any], name: str = "amount_cents") -> int:
    return int(rows.order_by().aggregate(n=Sum(name))["n"] or 0)
