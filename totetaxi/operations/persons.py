"""Who is meant by an email address, what hangs on them, and why they cannot go yet."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from uuid import UUID, uuid4

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet

from booking.models import Address, Booking, BookingStatus, Draft, GuestCheckout, SavedAddress
from catalog.choices import AIRPORTS
from catalog.models import BookingPolicy
from catalog.words import count_words
from logistics.models import OnfleetTask
from payments.models import CLOSED_DISPUTES, Dispute, Payment, PaymentStatus, Refund, RefundStatus
from totetaxi.account.models import LinkRequest
from totetaxi.lib import clock
from totetaxi.operations.scrubbing import Scrubber
from totetaxi.outbox.models import Mail
from totetaxi.pages.models import ContactMessage
from totetaxi.users.models import User

STANDING = (BookingStatus.PENDING, BookingStatus.CONFIRMED, BookingStatus.PAID)
OPEN_REFUNDS = (RefundStatus.REQUESTED, RefundStatus.APPROVED, RefundStatus.PROCESSING)
# A task that has not ended long after its day will not.
JUST_NOW = timedelta(days=3)
AIRPORT_STREETS = {place.address_line_1 for place in AIRPORTS.values()}


@dataclass(frozen=True)
class Person:
    """An account, a guest, or both: everything with this email, in any case."""

    email: str
    user: User | None
    emails: tuple[str, ...]
    bookings: tuple[Booking, ...]
    alias_id: UUID

    @property
    def alias(self) -> str:
        """What their addresses become: one for a person, so that they still count as one."""
        return f"removed@{self.alias_id}.invalid"

    @property
    def ids(self) -> list[UUID]:
        """Of their bookings."""
        return [booking.pk for booking in self.bookings]

    @property
    def by_email(self) -> Q:
        """Rows whose ``email`` is one of theirs."""
        return email_in("email", self.emails)

    @cached_property
    def addresses(self) -> list[Address]:
        """Both ends of their bookings, without the airports."""
        ends = {b.pickup_address_id for b in self.bookings}
        ends |= {b.delivery_address_id for b in self.bookings}
        theirs = Q(pk__in=ends)
        if self.user:
            theirs |= Q(customer=self.user)
        found = Address.objects.filter(theirs)
        return [one for one in found if one.address_line_1 not in AIRPORT_STREETS]

    @cached_property
    def scrubber(self) -> Scrubber:
        """Knows all they are called and where they live."""
        words = [*self.emails]
        places: list[Address | SavedAddress] = [*self.addresses]
        for booking in self.bookings:
            words += [booking.first_name, booking.last_name, booking.email, booking.phone]
            words.append(booking.terms_ip_address or "")
        if self.user:
            words += [self.user.first_name, self.user.last_name]
            profile = getattr(self.user, "customer_profile", None)
            words.append(profile.phone if profile else "")
            places += SavedAddress.objects.filter(user=self.user)
        for place in places:
            words.append(place.address_line_1)
        for guest in GuestCheckout.objects.filter(self.by_email):
            words += [guest.first_name, guest.last_name, guest.phone]
        return Scrubber(words)

    @property
    def has_anything(self) -> bool:
        """Whether we know them at all."""
        return bool(self.user or self.bookings or any(self.counts().values()))

    def counts(self) -> dict[str, int]:
        """What there is of theirs, by name."""
        return {
            "account": int(self.user is not None),
            "bookings": len(self.bookings),
            "payments": Payment.objects.filter(booking__in=self.ids).count(),
            "saved addresses": SavedAddress.objects.filter(user=self.user).count()
            if self.user
            else 0,
            "drafts": drafts_of(self).count(),
            "guest contacts": GuestCheckout.objects.filter(self.by_email).count(),
            "messages to us": ContactMessage.objects.filter(self.by_email).count(),
            "requests for a link": LinkRequest.objects.filter(self.by_email).count(),
            "mails": Mail.objects.filter(
                email_in("recipient", self.emails) | Q(booking_id__in=self.ids)
            ).count(),
        }


def find(email: str) -> Person:
    """Everything that has this address, in any case."""
    email = email.strip()
    confirmed = EmailAddress.objects.filter(email__iexact=email, verified=True).first()
    user = User.objects.filter(email__iexact=email).first() or (confirmed and confirmed.user)
    emails = {email.lower()}
    if user is not None:
        emails |= {user.email.lower()}
        known = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
        emails |= {address.lower() for address in known}
    theirs = email_in("email", emails) | email_in("guest_checkout__email", emails)
    if user is not None:
        theirs |= Q(customer=user)
    bookings = tuple(Booking.objects.filter(theirs).order_by("pk"))
    return Person(email, user, tuple(sorted(emails)), bookings, user.pk if user else uuid4())


def email_in(field: str, emails: Iterable[str]) -> Q:
    """Any of these addresses, in any case."""
    found = Q(pk__in=[])
    for email in emails:
        found |= Q(**{f"{field}__iexact": email})
    return found


def drafts_of(person: Person) -> "QuerySet[Draft]":
    """Orders they began, signed in or not."""
    theirs = Q(pk__in=[booking.draft_id for booking in person.bookings if booking.draft_id])
    for email in person.emails:
        theirs |= Q(answers__email__iexact=email)
    if person.user:
        theirs |= Q(user=person.user)
    return Draft.objects.filter(theirs)


def obstacles(person: Person) -> Iterator[str]:
    """What must be over before they can go, as sentences."""
    if person.user and person.user.is_office:
        yield "This is somebody of the office: deactivate them under Team instead."
    ours = BookingPolicy.objects.filter(
        email_in("email_info", person.emails) | email_in("email_orders", person.emails)
    )
    if ours.exists():
        yield "This is our own address, on every page and mail: the policy names it."
    numbers = {booking.pk: booking.booking_number for booking in person.bookings}
    today = clock.today()
    for booking in person.bookings:
        if booking.status in STANDING and booking.pickup_date >= today:
            state = booking.get_status_display().lower()
            yield (
                f"{booking.booking_number} is {state}, with its pickup on {booking.pickup_date}: "
                "cancel it, or wait."
            )
    payments = Payment.objects.filter(booking__in=person.ids)
    for payment in payments.filter(status=PaymentStatus.PENDING):
        yield f"{numbers[payment.booking_id]} has an open payment: cancel the booking first."
    refunds = Refund.objects.filter(payment__booking__in=person.ids, status__in=OPEN_REFUNDS)
    for refund in refunds.select_related("payment"):
        number = numbers[refund.payment.booking_id]
        state = refund.get_status_display().lower()
        yield f"{number} has a refund that is {state}: decide it, or wait."
    tasks = OnfleetTask.objects.open().filter(
        booking__in=person.ids, booking__pickup_date__gte=today - JUST_NOW
    )
    for task in tasks:
        yield f"{numbers[task.booking_id]} has a task at Onfleet that is not over."
    disputes = Dispute.objects.filter(payment__booking__in=person.ids)
    for dispute in disputes.exclude(status__in=CLOSED_DISPUTES).select_related("payment"):
        yield f"{numbers[dispute.payment.booking_id]} has an open dispute: its papers are needed."


def elsewhere(person: Person) -> Iterator[str]:
    """What others still know of them, and how it goes there."""
    intents = Payment.objects.filter(booking__in=person.ids).exclude(stripe_payment_intent_id="")
    for intent in intents.values_list("stripe_payment_intent_id", flat=True):
        yield f"Stripe: redact the customer data of {intent} (Dashboard, the payment, Redact)."
    tasks = OnfleetTask.objects.filter(booking__in=person.ids).exclude(onfleet_task_id="")
    if tasks.exists():
        ids = ", ".join(tasks.values_list("onfleet_short_id", flat=True)[:20])
        yield (
            f"Onfleet: delete the recipient of {count_words(tasks.count(), 'task')} ({ids}) there."
        )
    yield "The mail service: its log keeps what was sent for as long as its own settings say."
    yield "Backups: those made before now still hold them until they are thrown away."
