"""Taking a person out and keeping the records of money (rules R709 and R694 to R696).

Bookings, payments, refunds and their history stay: numbers, dates, amounts, prices, towns and
ZIPs, ids at Stripe. Who it was goes, from every row: contact, streets, whatever people typed,
files, evidence of terms. History is insert-only; here alone its rows are rewritten, and only in
what names the person: that something happened, when, by whom of ours, and all amounts stay.
"""

import logging
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import OperationalError, models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from booking.models import (
    Address,
    Booking,
    BookingChange,
    BookingEvent,
    CustomerProfile,
    DiscountUse,
    Document,
    EventKind,
    GuestCheckout,
    InternalNote,
    SavedAddress,
)
from catalog.choices import PickupTime
from logistics.models import DeliveryProof, LogisticsAlert, OnfleetTask
from payments.models import CheckoutAttempt, MoneyAlert, Payment, PaymentAudit, Refund
from payments.services.locks import lock_money
from staff.models import StaffAction
from totetaxi.account.models import LinkRequest, ManageLink
from totetaxi.lib import clock
from totetaxi.lib.insert_only import guard_open
from totetaxi.operations import sweep
from totetaxi.operations.errors import OperationError
from totetaxi.operations.persons import Person, drafts_of, find, obstacles
from totetaxi.operations.scrubbing import REMOVED
from totetaxi.operations.wiping import remove_files
from totetaxi.outbox.models import Mail, Message
from totetaxi.pages.models import ContactMessage
from totetaxi.users.models import User

logger = logging.getLogger(__name__)
NAME = {"first_name": "Removed", "last_name": "customer"}
#: Texts of the history that the site itself writes, whoever caused them.
OUR_LABELS = ("system", "Onfleet")


def forget(email: str) -> list[str]:
    """Take everything of a person's out, in one transaction, then their files.

    Returns the names of files that could not be deleted. Raises OperationError, with nothing
    changed, while something of theirs is still going on.
    """
    try:
        person, files = _forget(email)
    except OperationalError as error:
        raise OperationError(
            "Somebody is at work on one of the bookings: nothing was removed, try again."
        ) from error
    logger.info("Person removed: account %s, %d bookings", person.alias_id, len(person.bookings))
    return remove_files(files)


def _forget(email: str) -> tuple[Person, list[str]]:
    """The transaction; whom it was about, and the files that may go once it is done."""
    with transaction.atomic(), guard_open():
        person = find(email)
        # In the one order of locks: drafts, then payments and bookings (rule R601).
        list(drafts_of(person).select_for_update().order_by("pk").values_list("pk"))
        for booking in person.bookings:
            lock_money(booking.pk)
        # Looked at again under the locks: nothing of theirs may begin meanwhile.
        person = find(email)
        if reasons := list(obstacles(person)):
            raise OperationError("\n".join(reasons))
        files = _papers(person)
        _money(person)
        _history(person)
        _deliveries(person)
        _messages(person)
        _bookings(person)
        if person.user is not None:
            _account(person.user, person.alias)
        # Sign-ups with their address that nobody confirmed, too.
        EmailAddress.objects.filter(person.by_email).delete()
        _sessions(person)
        sweep.replace_emails(person.emails, person.alias)
    return person, files


def _bookings(person: Person) -> None:
    """The rows themselves; a trigger makes what they are found by anew."""
    theirs = Booking.objects.filter(pk__in=person.ids)
    theirs.update(draft=None)
    drafts_of(person).delete()
    guests = GuestCheckout.objects.filter(person.by_email | Q(booking__in=person.ids))
    guests.update(email=person.alias, phone="", **NAME)
    Address.objects.filter(pk__in=[one.pk for one in person.addresses]).update(
        address_line_1="Removed", address_line_2=""
    )
    theirs.update(
        email=person.alias,
        phone="",
        item_description="",
        special_instructions="",
        cancellation_reason="",
        terms_ip_address=None,
        terms_user_agent="",
        version=F("version") + 1,
        # Nobody is left to be asked for a review.
        review_requested_at=Coalesce("review_requested_at", Value(clock.now())),
        **NAME,
    )
    DiscountUse.objects.filter(booking__in=person.ids).update(email=person.alias)
    ManageLink.objects.filter(booking__in=person.ids).delete()
    for booking in Booking.objects.filter(pk__in=person.ids):
        booking.record(EventKind.NOTE, reason="The customer’s data was removed")


def _history(person: Person) -> None:
    """What happened stays; what people typed about it, and whom it named, goes."""
    for event in BookingEvent.objects.filter(booking__in=person.ids):
        typed = event.actor_label not in OUR_LABELS and event.kind != EventKind.DOCUMENT
        _rewrite(
            event,
            reason="" if typed else person.scrubber.text(event.reason),
            before=person.scrubber.json(event.before),
            after=person.scrubber.json(event.after),
        )
    for change in BookingChange.objects.filter(booking__in=person.ids):
        _rewrite(change, proposal=person.scrubber.json(change.proposal))
    InternalNote.objects.filter(booking__in=person.ids).update(text=REMOVED)
    about = Q(booking__in=person.ids)
    if person.user is not None:
        about |= Q(customer=person.user)
    for action in StaffAction.objects.filter(about):
        _rewrite(
            action,
            description=person.scrubber.text(action.description),
            before=person.scrubber.json(action.before),
            after=person.scrubber.json(action.after),
        )


def _money(person: Person) -> None:
    """Amounts, states, times and Stripe's ids stay as they are."""
    payments = Payment.objects.filter(booking__in=person.ids)
    _scrub(person, payments, "failure_reason", "outside_reference")
    attempts = CheckoutAttempt.objects.filter(payment__in=payments)
    attempts.update(customer_email=person.alias)
    _scrub(person, attempts, "line_text", "error")
    refunds = Refund.objects.filter(payment__in=payments)
    refunds.exclude(requested_by=None).update(reason=REMOVED)
    refunds.exclude(denial_reason="").update(denial_reason=REMOVED)
    _scrub(person, refunds, "reason", "failure_reason")
    _scrub(person, PaymentAudit.objects.filter(payment__in=payments), "detail")
    alerts = MoneyAlert.objects.filter(booking__in=person.ids)
    alerts.exclude(dismissal_reason="").update(dismissal_reason=REMOVED)
    _scrub(person, alerts, "subject", "detail")


def _papers(person: Person) -> list[str]:
    """Documents and proofs keep their rows, without name and file; the names of the files."""
    documents = Document.objects.filter(booking__in=person.ids)
    proofs = DeliveryProof.objects.filter(task__booking__in=person.ids)
    names = [*documents.values_list("file", flat=True), *proofs.values_list("image", flat=True)]
    now = clock.real_now()
    documents.filter(removed_at=None).update(removed_at=now)
    documents.update(name=REMOVED, file="")
    for proof in proofs:
        # Fetched, as far as anybody asks; and nothing to fetch it by.
        _rewrite(proof, image="", fetched_at=now, onfleet_upload_id=f"removed-{proof.pk}")
    return [name for name in names if name]


def _deliveries(person: Person) -> None:
    tasks = OnfleetTask.objects.filter(booking__in=person.ids)
    tasks.update(tracking_url="", completion_notes="", content_key="")
    _scrub(person, tasks, "failure_reason")
    _scrub(person, LogisticsAlert.objects.filter(booking__in=person.ids), "detail")


def _messages(person: Person) -> None:
    """Nothing more is sent to them; what was is on record without its recipient."""
    Message.objects.waiting().filter(booking_id__in=person.ids).delete()
    for message in Message.objects.filter(booking_id__in=person.ids).exclude(last_error=""):
        _rewrite(message, last_error=person.scrubber.text(message.last_error))
    for email in person.emails:
        Mail.objects.all().forget(email)
    mails = Mail.objects.filter(booking_id__in=person.ids)
    _scrub(person, mails, "detail")
    theirs = {email.casefold() for email in person.emails}
    theirs |= {booking.email.casefold() for booking in person.bookings}
    for mail in mails.exclude(recipient=""):
        if mail.recipient.casefold() in theirs:
            _rewrite(mail, recipient="")
    ContactMessage.objects.filter(person.by_email).delete()
    LinkRequest.objects.filter(person.by_email).delete()
    sweep.empty_mailbox(person.emails, [booking.booking_number for booking in person.bookings])


def _account(user: User, alias: str) -> None:
    """The row stays, for what points to it; nobody can sign in as it again."""
    SavedAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    EmailAddress.objects.filter(user=user).delete()
    CustomerProfile.objects.filter(user=user).update(
        phone="",
        notes="",
        is_vip=False,
        email_notifications=False,
        sms_notifications=False,
        preferred_pickup_time=PickupTime.MORNING,
    )
    User.objects.filter(pk=user.pk).update(
        email=alias, is_active=False, password=make_password(None), **NAME
    )


def _sessions(person: Person) -> None:
    """Everything they are signed in with, and what a browser of theirs is remembered by."""
    if person.user is not None:
        UserSession.objects.filter(user=person.user).delete()
    user_id = str(person.user.pk) if person.user else ""
    for session in Session.objects.iterator(chunk_size=500):
        data = session.get_decoded()
        text = str(data).casefold()
        if data.get("_auth_user_id") == user_id or any(email in text for email in person.emails):
            session.delete()


def _scrub(person: Person, rows: models.QuerySet[Any], *fields: str) -> None:
    """Take names, addresses and numbers out of texts that say more than that."""
    for row in rows.order_by():
        old = {name: getattr(row, name) for name in fields}
        new = {name: person.scrubber.text(text) for name, text in old.items()}
        if new != old:
            _rewrite(row, **new)


def _rewrite(row: models.Model, **values: Any) -> None:
    """Save these values and nothing else, whatever else a save would do."""
    type(row)._default_manager.filter(pk=row.pk).update(**values)
