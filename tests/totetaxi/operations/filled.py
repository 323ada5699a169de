"""A booking with a row in every table that can hang on one, its customer's name in each."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from booking import services
from booking.models import (
    Booking,
    BookingChange,
    BookingStatus,
    ChangeStatus,
    CustomerProfile,
    DiscountUse,
    Document,
    Draft,
    EventKind,
    InternalNote,
    SavedAddress,
)
from catalog import availability
from catalog.models import DiscountCode
from logistics.models import DeliveryProof, LogisticsAlert, OnfleetEvent, OnfleetTask
from payments.models import (
    AuditKind,
    Cancellation,
    CheckoutAttempt,
    Dispute,
    MoneyAlert,
    Payment,
    PaymentLink,
    Refund,
    StripeEvent,
    StripeProof,
)
from payments.services.locks import audit
from staff.models import StaffAction
from tests.booking.helpers import ACCEPTANCE, make_draft, shown_of, standard_answers
from tests.staff.helpers import make_staff
from totetaxi.account.models import LinkRequest, ManageLink
from totetaxi.dev import models as dev
from totetaxi.lib import clock
from totetaxi.outbox.models import Mail, Message
from totetaxi.pages.models import ContactMessage
from totetaxi.users.models import User

EMAIL = "canary.bird@example.com"
FIRST, LAST, PHONE = "Canarina", "Birdsong", "2125550187"
STREET, LANE, DOOR = "17 Canary Street", "3 Nightingale Lane", "Apt 9Z"
TYPED = f"Ask {FIRST} {LAST}, {EMAIL}, (212) 555-0187, {STREET}, please"
SECRET_WORD = "zwitscher"
#: None of these may be anywhere afterwards, in any case.
CANARIES = ("canary", "canarina", "birdsong", "5550187", "555-0187", "nightingale", SECRET_WORD)
ANSWERS = {
    "first_name": FIRST,
    "last_name": LAST,
    "email": EMAIL,
    "phone": PHONE,
    "pickup_address_line_1": STREET,
    "pickup_address_line_2": DOOR,
    "delivery_address_line_1": LANE,
    "item_description": f"A {SECRET_WORD} in a box",
    "special_instructions": f"Ring at {LAST}, {SECRET_WORD}",
    "specialty_items": {"bicycle": 1},
}


def member(email: str = EMAIL) -> User:
    """Somebody with an account and all that can hang on it."""
    user = User.objects.create_user(email, "a plain password", first_name=FIRST, last_name=LAST)
    CustomerProfile.objects.create(user=user, phone=PHONE, notes=TYPED)
    EmailAddress.objects.create(user=user, email=email.lower(), verified=True, primary=True)
    SavedAddress.objects.create(
        user=user,
        nickname=f"{LAST} home",
        address_line_1=STREET,
        city="New York",
        state="NY",
        zip_code="10001",
        delivery_instructions=SECRET_WORD,
        times_used=3,
    )
    Authenticator.objects.create(user=user, type="totp", data={"secret": SECRET_WORD})
    UserSession.objects.create(
        user=user, session_key="a" * 32, ip="203.0.113.7", user_agent=SECRET_WORD
    )
    Client().force_login(user)
    return user


def over(*, user: User | None = None, email: str = EMAIL) -> Booking:
    """A booking of long ago, paid and cancelled and given back, with everything on it."""
    draft = make_draft(standard_answers(**{**ANSWERS, "email": email}))
    if user is not None:
        Draft.objects.filter(pk=draft.pk).update(user=user)
        draft.refresh_from_db()
    shown = shown_of(draft)
    locked = Draft.objects.select_for_update().get(pk=draft.pk)
    booking = services.place(locked, shown, ACCEPTANCE)
    booking.move_to(BookingStatus.PAID, reason="payment")
    long_ago = booking.pickup_date - timedelta(days=400)
    _everything_on(booking, user)
    availability.give_back(booking.pickup_date, booking.capacity_units)
    booking.mark_hold(released_at=clock.now(), reason="cancelled")
    booking.move_to(BookingStatus.CANCELLED, actor=user, actor_label="customer", reason=SECRET_WORD)
    Booking.objects.filter(pk=booking.pk).update(
        pickup_date=long_ago, terms_ip_address="203.0.113.7", terms_user_agent=SECRET_WORD
    )
    booking.refresh_from_db()
    return booking


def _everything_on(booking: Booking, user: User | None) -> None:
    now, office = timezone.now(), make_staff("admin")
    booking.record(
        EventKind.CHANGED,
        actor_label="customer",
        reason=TYPED,
        before={"pickup_address_line_1": STREET, "total_price_cents": 1, "lines": [["Box", 1]]},
        after={"email": EMAIL, "special_instructions": SECRET_WORD, "note": [SECRET_WORD]},
    )
    InternalNote.objects.create(booking=booking, author=office, text=f"{TYPED} {SECRET_WORD}")
    change = BookingChange.objects.create(
        booking=booking,
        status=ChangeStatus.ABANDONED,
        proposal={"before": {"first_name": FIRST}, "after": dict(ANSWERS)},
        total_before_cents=1,
        total_after_cents=2,
        day=booking.pickup_date,
        ended_at=now,
    )
    document = Document(
        booking=booking, kind="other", name=f"{LAST}.pdf", content_type="x", size_bytes=3
    )
    document.file.save("a.pdf", ContentFile(b"abc"))
    _money_on(booking, user, office, change)
    _road_of(booking)
    ManageLink.objects.create(booking=booking, token_hash=booking.pk.hex * 2, expires_at=now)
    code = DiscountCode.objects.create(code="TENOFF", percent=10)
    DiscountUse.objects.create(booking=booking, code=code, email=booking.email, amount_cents=5)
    StaffAction.objects.create(
        staff_user=office,
        action_type="modify_booking",
        description=f"Changed {TYPED}",
        ip_address="203.0.113.9",
        booking=booking,
        customer=user,
        before={"notes": SECRET_WORD},
        after={"q": f"found {LAST.lower()}"},
    )
    _letters_of(booking)


def _money_on(booking: Booking, user: User | None, office: User, change: BookingChange) -> None:
    now = timezone.now()
    payment = Payment.objects.create(
        booking=booking,
        customer=user,
        amount_cents=booking.total_price_cents,
        status="refunded",
        processed_at=now,
        stripe_payment_intent_id=f"pi_{booking.booking_number}",
        stripe_charge_id=f"ch_{booking.booking_number}",
        failure_reason=f"card of {LAST}",
    )
    link = PaymentLink.objects.create(booking=booking, expires_at=now, revoked_at=now, change=None)
    CheckoutAttempt.objects.create(
        payment=payment,
        link=link,
        number=1,
        status="complete",
        amount_cents=payment.amount_cents,
        line_text=f"Delivery for {FIRST}",
        customer_email=booking.email,
        success_url="https://example.com/",
        cancel_url="https://example.com/",
        expires_at=now,
        session_id=f"cs_{booking.booking_number}",
    )
    refund = Refund.objects.create(
        payment=payment,
        kind="request",
        amount_cents=payment.amount_cents,
        reason=TYPED,
        requested_by=office,
        approved_by=office,
        status="completed",
        completed_at=now,
    )
    audit(payment, AuditKind.PAYMENT_SUCCEEDED)
    audit(payment, AuditKind.REFUND_REQUESTED, refund=refund, detail=TYPED)
    audit(payment, AuditKind.REFUND_COMPLETED, refund=refund)
    Dispute.objects.create(
        payment=payment,
        stripe_dispute_id=f"dp_{booking.booking_number}",
        amount_cents=5,
        reason="fraudulent",
        status="lost",
        opened_at=now,
        closed_at=now,
    )
    credit = DiscountCode.objects.create(
        code=f"CREDIT-{booking.booking_number}", discount_type="fixed_amount", amount_cents=5
    )
    Cancellation.objects.create(booking=booking, kind="credit", credit_code=credit)
    MoneyAlert.objects.create(
        kind="differs",
        subject=booking.booking_number,
        booking=booking,
        detail=TYPED[:300],
        last_seen_at=now,
        resolved_at=now,
        dismissed_by=office,
        dismissal_reason=TYPED[:300],
    )
    StripeEvent.objects.get_or_create(
        event_id="evt_1", type="x", object_id="cs_1", created_at_stripe=now, processed_at=now
    )
    StripeProof.objects.get_or_create(
        day=now.date(), proven_at=now, charges=0, refunds=0, differences=0
    )


def _road_of(booking: Booking) -> None:
    now = timezone.now()
    task = OnfleetTask.objects.create(
        booking=booking,
        kind="pickup",
        environment="sandbox",
        onfleet_task_id=f"task-{booking.booking_number}",
        onfleet_short_id=booking.booking_number[-4:],
        status="completed",
        tracking_url="https://onf.lt/canary",
        completion_notes=TYPED,
        failure_reason=f"{LAST} not there",
        completed_at=now,
    )
    proof = DeliveryProof(task=task, kind="signature", onfleet_upload_id="canary-upload")
    proof.image.save("a.jpg", ContentFile(b"abc"))
    LogisticsAlert.objects.create(
        kind="no_phone", booking=booking, detail=TYPED[:300], resolved_at=now
    )
    OnfleetEvent.objects.get_or_create(trigger=3, task_id="x", happened_at=now, processed_at=now)


def _letters_of(booking: Booking) -> None:
    """Mail in and out."""
    now = timezone.now()
    message = Message.objects.create(
        event="booking_paid",
        handler="booking.send_confirmation",
        subject_id=str(booking.pk),
        key=str(booking.pk),
        booking_id=booking.pk,
        dead_at=now,
        last_error=f"refused: {EMAIL}",
    )
    Message.objects.create(
        event="booking_completed",
        handler="booking.send_review_request",
        subject_id=str(booking.pk),
        key=f"review {booking.pk}",
        booking_id=booking.pk,
    )
    Mail.objects.create(
        message=message,
        booking_id=booking.pk,
        template="confirmation",
        recipient=booking.email.upper(),
        detail=f"bounced by {EMAIL}",
    )
    # Where nothing but the address says whom it is about.
    LogEntry.objects.create(
        user=make_staff("admin"), action_flag=2, object_repr=EMAIL, change_message=f"<{EMAIL}>"
    )
    Message.objects.create(
        event="x", handler="x", subject_id="x", key=str(booking.pk), last_error=f"to {EMAIL}: no"
    )
    LinkRequest.objects.create(booking_number=booking.booking_number, email=EMAIL.upper())
    ContactMessage.objects.create(name=LAST, email=EMAIL, subject="x", message=SECRET_WORD)
    Draft.objects.create(answers={"email": EMAIL.upper(), "first_name": FIRST})
    mail = dev.Mail.objects.create(
        subject="Yours", sender="x@example.com", to=[EMAIL], text=f"Dear {FIRST}"
    )
    dev.MailAttachment.objects.create(
        mail=mail, position=1, filename="a", mimetype="x", content=b"x"
    )
