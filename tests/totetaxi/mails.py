"""Every mail there is, each made to be sent by what sends it on the site."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction

from booking.models import Address, Booking, BookingChange, BookingEvent
from booking.services import OFFICE, apply_change, proposal
from catalog import availability
from logistics.models import LogisticsAlert, OnfleetTask
from payments.models import Dispute, MoneyAlert, Payment, PaymentLink, Refund
from payments.services import cancel_booking
from payments.services.cancellation import Decision
from tests.payments.changing import asked
from tests.staff.helpers import make_staff
from tests.staff.office import at, booked, customer, gave_back, took
from totetaxi.account.models import LinkRequest
from totetaxi.lib import clock
from totetaxi.outbox import emails as outbox_emails
from totetaxi.outbox.registry import handler_named
from totetaxi.pages.models import ContactMessage
from totetaxi.users.models import User

#: The eve of the bookings' pickup.
NOW = at("2026-06-09")
#: A name that must be escaped in HTML and nowhere else.
NAME = "Zoë O’Neil-D'Arcy & Sons"


@dataclass
class Scene:
    """What mails speak of; each thing is made when a mail first needs it."""

    #: Whether every booking is of a customer who switched notifications off.
    quiet: bool = False
    serial: int = 0

    @cached_property
    def member(self) -> User:
        profile = {"email_notifications": not self.quiet}
        user: User = customer(first_name="Zoë", profile=profile)
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user

    @cached_property
    def operator(self) -> User:
        return make_staff(email="olga@office.example.com")

    @cached_property
    def unconfirmed(self) -> EmailAddress:
        user = User.objects.create_user("new@example.com", first_name="Zoë")
        return EmailAddress.objects.create(user=user, email=user.email, primary=True)

    @cached_property
    def next_address(self) -> EmailAddress:
        return EmailAddress.objects.create(user=self.member, email="zoe@example.com")

    def booking(
        self, service: str = "standard_delivery", *, flight: Any = None, **fields: Any
    ) -> Booking:
        """A paid booking of tomorrow, made some days ago; ``flight`` is what differs of it."""
        values = {"name": NAME, "made": at("2026-06-01"), **fields}
        if self.quiet:
            values["customer"] = self.member
        booking = booked(service, pickup="2026-06-10", **values)
        with transaction.atomic():
            availability.take(booking.pickup_date, booking.capacity_units)
        if booking.status in ("paid", "completed"):
            took(booking, booking.total_price_cents, booking.created_at)
        if flight:
            Booking.objects.filter(pk=booking.pk).update(**flight)
        return booking

    def full(self) -> Booking:
        """One with all there can be: instructions, a certificate, a map, an account."""
        booking = self.booking(
            special_instructions="Ring twice.\nThe door is blue & heavy.",
            coi_required=True,
            customer=self.member,
        )
        Address.objects.filter(pk=booking.pickup_address_id).update(address_line_2="Apt 4B <rear>")
        OnfleetTask.objects.create(
            booking=booking,
            kind="pickup",
            status="created",
            environment="sandbox",
            onfleet_task_id=f"task{booking.pk}",
            tracking_url="https://onf.lt/0123456789",
        )
        return booking

    def delivered(self, **fields: Any) -> Booking:
        done = NOW - timedelta(hours=3)
        return self.booking(status="completed", completed_at=done, **fields)

    def payment(self, **fields: Any) -> Payment:
        payment = self.booking().payments.get()
        Payment.objects.filter(pk=payment.pk).update(**fields)
        payment.refresh_from_db()
        return payment

    def changed(self, **answers: Any) -> BookingEvent:
        """A change that the office made, of what ``answers`` say."""
        booking = self.booking()
        with transaction.atomic():
            locked = Booking.objects.select_for_update().get(pk=booking.pk)
            wanted = proposal(locked, asked(locked, **answers))
            return apply_change(locked, wanted, actor=self.operator, actor_label=OFFICE)

    def cancelled(self, kind: str = "policy", amount_cents: int = 0, *, by: Any = None) -> Booking:
        booking = self.booking()
        decision = Decision(kind, amount_cents)  # type: ignore[arg-type]
        cancel_booking(booking.pk, decision=decision, reason="", actor=by)
        return booking

    def link(self, *, again: bool = False) -> PaymentLink:
        booking = self.booking(status="pending")
        until = clock.now() + timedelta(hours=20)
        if again:
            PaymentLink.objects.create(
                booking=booking, expires_at=until, sent_at=NOW, revoked_at=NOW, created_at=NOW
            )
        later = NOW + timedelta(seconds=1)
        return PaymentLink.objects.create(booking=booking, expires_at=until, created_at=later)

    def owed(self) -> PaymentLink:
        """For what a change of the office left to be paid."""
        booking = self.booking()
        change = BookingChange.objects.create(
            booking=booking,
            status="applied",
            proposal={},
            total_before_cents=190_00,
            total_after_cents=285_00,
            due_cents=95_00,
            day=booking.pickup_date,
            ended_at=NOW,
        )
        Payment.objects.filter(booking=booking).update(amount_cents=190_00)
        until = clock.now() + timedelta(hours=20)
        return PaymentLink.objects.create(booking=booking, change=change, expires_at=until)

    def dispute(self, status: str) -> Dispute:
        self.serial += 1
        return Dispute.objects.create(
            payment=self.payment(),
            stripe_dispute_id=f"dp_{self.serial}",
            amount_cents=285_00,
            reason="product_not_received",
            status=status,
            opened_at=NOW,
            evidence_due_at=NOW + timedelta(days=7) if status == "needs_response" else None,
            closed_at=NOW if status in ("won", "lost") else None,
        )

    def refund(self, **fields: Any) -> Refund:
        return gave_back(self.payment(), 100_00, NOW, **fields)


def _run(handler: str, subject: object) -> None:
    """What the queue does with a message."""
    function = handler_named(handler)
    assert function is not None, handler
    function(str(getattr(subject, "pk", subject)))


def _alerts(scene: Scene, count: int) -> None:
    """Tell of so many alerts."""
    MoneyAlert.objects.all().delete()
    for number in range(count):
        MoneyAlert.objects.create(
            kind="refund_stuck",
            subject=f"re_{number}",
            booking=scene.booking() if number else None,
            detail="since 2 days" if number else "",
            last_seen_at=NOW,
        )
    _run("payments.tell_staff_about_alerts", "x")


def _logistics(scene: Scene, *, of_booking: bool) -> LogisticsAlert:
    booking = scene.booking() if of_booking else None
    kind, detail = ("dispatch_failed", "Onfleet said 400") if booking else ("webhook_failing", "")
    return LogisticsAlert.objects.create(kind=kind, booking=booking, detail=detail)


def _alarm(kind: Any) -> None:
    outbox_emails.send_alarm(
        kind,
        title="Mails and scheduled work stand still",
        since="12:00 PM",
        until="12:20 PM",
        lasted="20 minutes",
        detail="The scheduler was last heard at 12:00 PM.",
        meaning="Customers get no mail.",
        section="Alarm: scheduler or worker silent",
        tells_end=True,
    )


def _manage_link(scene: Scene) -> LinkRequest:
    booking = scene.booking()
    number = booking.booking_number
    return LinkRequest.objects.create(booking_number=number, email=booking.email)


def _contact(scene: Scene) -> ContactMessage:
    return ContactMessage.objects.create(
        name=NAME,
        email="visitor@example.com",
        phone="(212) 555-0142",
        subject="A question",
        message="Do you carry pianos?\n\nAnd <b>harps</b>?",
    )


IDENTITY = "totetaxi.account.identity"
Act = Callable[[Scene], None]


def by(handler: str, subject: Callable[[Scene], object]) -> Act:
    return lambda scene: _run(handler, subject(scene))


#: Template, variants where one says different things, and how it comes to be sent.
MAILS: dict[str, dict[str, Act]] = {
    "account/address_in_use": {
        "customer": by(f"{IDENTITY}.send_address_in_use", lambda scene: scene.member),
        "office": by(f"{IDENTITY}.send_address_in_use", lambda scene: scene.operator),
    },
    "account/confirm_email": {
        "new": by(f"{IDENTITY}.send_confirmation", lambda scene: scene.unconfirmed),
        "other": by(f"{IDENTITY}.send_confirmation", lambda scene: scene.next_address),
    },
    "account/email_change_asked": {
        "": by(f"{IDENTITY}.send_email_change_asked", lambda scene: scene.member)
    },
    "account/manage_link": {"": by("totetaxi.account.guests.send_manage_link", _manage_link)},
    "account/password_changed": {
        "": by(f"{IDENTITY}.send_password_changed", lambda scene: scene.member)
    },
    "account/password_reset": {
        "": by(f"{IDENTITY}.send_password_reset", lambda scene: scene.member)
    },
    "account/welcome": {
        "": by(f"{IDENTITY}.send_welcome", lambda scene: scene.member),
        "with a booking": by(f"{IDENTITY}.send_welcome", lambda scene: scene.full().customer),
    },
    "booking/cancelled": {
        kind: by(
            "payments.tell_customer_about_cancellation",
            lambda scene, kind=kind, cents=cents: scene.cancelled(  # type: ignore[misc]
                kind, cents, by=scene.operator
            ),
        )
        for kind, cents in (
            ("policy", 0),
            ("full", 0),
            ("partial", 100_00),
            ("credit", 0),
            ("none", 0),
        )
    },
    "booking/changed": {
        "date": by(
            "payments.tell_customer_about_change",
            lambda scene: scene.changed(pickup_date="2026-06-11"),
        ),
        "price": by(
            "payments.tell_customer_about_change",
            lambda scene: scene.changed(
                standard_delivery_item_count=4, special_instructions="Ring"
            ),
        ),
    },
    "booking/confirmation": {
        "everything": by("booking.send_confirmation", lambda scene: scene.full()),
        "move": by("booking.send_confirmation", lambda scene: scene.booking("mini_move")),
        "flight": by("booking.send_confirmation", lambda scene: scene.booking("blade_transfer")),
        "today": by(
            "booking.send_confirmation", lambda scene: scene.booking(is_same_day_delivery=True)
        ),
        "promised": by(
            "booking.send_confirmation_by_office", lambda scene: scene.booking(status="confirmed")
        ),
    },
    "booking/delivered": {
        "guest": by("booking.send_delivered", lambda scene: scene.delivered()),
        "member": by(
            "booking.send_delivered", lambda scene: scene.delivered(customer=scene.member)
        ),
    },
    "booking/payment_received": {
        "": by("booking.acknowledge_payment", lambda scene: scene.booking())
    },
    "booking/reminder": {
        "everything": by("booking.send_reminder", lambda scene: scene.full()),
        "move": by("booking.send_reminder", lambda scene: scene.booking("mini_move")),
        "flight": by("booking.send_reminder", lambda scene: scene.booking("blade_transfer")),
        "landing": by(
            "booking.send_reminder",
            lambda scene: scene.booking(
                "blade_transfer",
                flight={"blade_direction": "from_airport", "blade_ready_time": None},
            ),
        ),
        "promised": by("booking.send_reminder", lambda scene: scene.booking(status="confirmed")),
    },
    "booking/review_request": {
        "guest": by("booking.send_review_request", lambda scene: scene.delivered()),
        "member": by(
            "booking.send_review_request", lambda scene: scene.delivered(customer=scene.member)
        ),
    },
    "contact_message": {"": by("totetaxi.pages.send_contact_message", _contact)},
    "logistics/alert": {
        "booking": by("logistics.tell_staff", lambda scene: _logistics(scene, of_booking=True)),
        "webhooks": by("logistics.tell_staff", lambda scene: _logistics(scene, of_booking=False)),
    },
    "outbox/alarm": {"": lambda scene: _alarm("alarm")},
    "outbox/recovered": {"": lambda scene: _alarm("recovered")},
    "payments/cancellation_alert": {
        "": by("payments.tell_staff_about_cancellation", lambda scene: scene.cancelled())
    },
    "payments/checkout_refused_alert": {
        "": by(
            "payments.tell_staff_about_refused_checkout",
            lambda scene: scene.payment(failure_reason="No such account."),
        )
    },
    "payments/dispute_alert": {
        status: by(
            "payments.tell_staff_about_dispute",
            lambda scene, status=status: scene.dispute(status),  # type: ignore[misc]
        )
        for status in ("needs_response", "won", "lost")
    },
    "payments/mismatch_alert": {
        "": by("payments.tell_staff_about_mismatch", lambda scene: scene.payment())
    },
    "payments/money_alerts": {
        "one": lambda scene: _alerts(scene, 1),
        "many": lambda scene: _alerts(scene, 3),
    },
    "payments/payment_link": {
        "first": by("payments.send_payment_link", lambda scene: scene.link()),
        "again": by("payments.send_payment_link", lambda scene: scene.link(again=True)),
        "change": by("payments.send_payment_link", lambda scene: scene.owed()),
    },
    "payments/receipt": {"": by("payments.send_receipt", lambda scene: scene.full())},
    "payments/refund_completed": {
        "": by("payments.tell_customer_about_refund", lambda scene: scene.refund())
    },
    "payments/refund_failed_alert": {
        "": by("payments.tell_staff_about_failed_refund", lambda scene: scene.refund())
    },
    "payments/unfulfillable_alert": {
        "": by(
            "payments.tell_staff_about_unfulfillable",
            lambda scene: scene.payment(unfulfillable_reason="full"),
        )
    },
    "payments/unfulfillable_apology": {
        reason: by(
            "payments.tell_customer_about_unfulfillable",
            lambda scene, reason=reason: scene.payment(  # type: ignore[misc]
                unfulfillable_reason=reason
            ),
        )
        for reason in ("full", "duplicate", "cancelled", "superseded")
    },
    "staff/attack_alert": {
        "": by("staff.send_attack_alert", lambda scene: scene.operator),
    },
    "staff/invitation": {"": by("staff.send_invitation", lambda scene: scene.operator)},
    "staff/password_changed": {"": by("staff.send_password_changed", lambda scene: scene.operator)},
}
