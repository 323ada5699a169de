"""What the office does with a booking: each act, its refusals, its row in the audit."""

from uuid import uuid4

import pytest
from django.urls import reverse

from booking.models import Booking, BookingStatus, InternalNote
from catalog.models import BookingPolicy
from payments.models import Payment, PaymentLink, Refund
from payments.services import change_by_staff, create_link
from staff.bookings.mails import EVENTS, MAILS
from staff.models import ActionType, StaffAction
from tests.booking.helpers import make_booking
from tests.payments.changing import asked
from tests.payments.conftest import stripe  # noqa: F401  (the fixture)
from tests.payments.money import paid_booking
from tests.totetaxi.account.conftest import member  # noqa: F401  (the fixture)
from totetaxi.lib import clock
from totetaxi.outbox.registry import handler_named, handlers_of

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]


@pytest.fixture(autouse=True)
def allow_locks(settings):
    """The same rows are locked before and after Stripe is asked, each time anew: on purpose."""
    settings.ZEAL_ALLOWLIST = [*settings.ZEAL_ALLOWLIST, {"model": "*", "field": "get()"}]


@pytest.fixture
def office(staff_client, manager):
    return staff_client(manager)


def url(booking, act):
    return reverse(f"staff:booking_{act}", args=[booking.pk])


def said(response):
    return [str(message) for message in response.context["messages"]]


def post(client, booking, act, **data):
    return client.post(url(booking, act), data, follow=True)


def last(action_type):
    return StaffAction.objects.filter(action_type=action_type).latest("created_at")


def status(booking):
    return Booking.objects.get(pk=booking.pk).status


def test_confirming(office, manager):
    booking = make_booking()
    assert "Confirm the booking" in office.get(url(booking, "confirm")).text
    missing = office.post(url(booking, "confirm"), {"reason": " "})
    assert "Say why" in missing.text
    post(office, booking, "confirm", reason="Pays by check")
    assert status(booking) == BookingStatus.CONFIRMED
    action = last(ActionType.MODIFY_BOOKING)
    assert (action.before, action.after) == ({"status": "pending"}, {"status": "confirmed"})
    assert (action.booking, action.staff_user) == (booking, manager)


def test_paid_outside(office, manager):
    booking = make_booking()
    page = office.get(url(booking, "paid"))
    assert 'value="285' in page.text
    wrong = office.post(url(booking, "paid"), {"how": "cash", "amount": "200"})
    assert "The booking costs $285.00" in wrong.text
    post(office, booking, "paid", how="check", reference="No. 7", amount="285.00")
    payment = Payment.objects.get()
    assert (status(booking), payment.outside_method) == (BookingStatus.PAID, "check")
    assert payment.recorded_by == manager
    assert last(ActionType.MODIFY_BOOKING).after == {"status": "paid"}
    again = office.post(url(booking, "paid"), {"how": "cash", "amount": "285"})
    assert "This booking is paid." in again.text


def test_paid_outside_needs_both_rights(staff_client, operator):
    booking, client = make_booking(), staff_client(operator)
    assert client.get(url(booking, "paid")).status_code == 403
    operator.staff_profile.can_view_financials = True
    operator.staff_profile.can_modify_bookings = False
    operator.staff_profile.save()
    assert client.get(url(booking, "paid")).status_code == 403
    assert Payment.objects.count() == 0


def test_completing(office):
    booking = make_booking()
    assert said(post(office, booking, "complete")) == ["This booking is awaiting payment."]
    booking.move_to(BookingStatus.PAID)
    post(office, booking, "complete")
    assert status(booking) == BookingStatus.COMPLETED
    assert office.get(url(booking, "complete")).status_code == 405


# -- cancelling ----------------------------------------------------------------------


def test_unpaid_booking_is_cancelled_without_a_decision(office):
    booking = make_booking()
    page = office.get(url(booking, "cancel"))
    assert 'name="kind"' not in page.text
    post(office, booking, "cancel", reason="Doubled", version=booking.version)
    booking.refresh_from_db()
    assert (booking.status, booking.cancellation_reason) == ("cancelled", "Doubled")
    assert last(ActionType.MODIFY_BOOKING).after == {"status": "cancelled"}


@pytest.mark.parametrize(
    ("data", "cents"),
    [
        ({"kind": "policy"}, 285_00),
        ({"kind": "full"}, 285_00),
        ({"kind": "partial", "amount": "100.50"}, 100_50),
        ({"kind": "none"}, None),
        ({"kind": "credit"}, None),
    ],
)
def test_paid_booking_is_cancelled_with_a_decision(office, stripe, data, cents):  # noqa: F811
    booking = paid_booking(stripe)
    page = office.get(url(booking, "cancel"))
    form = page.context["form"]
    assert form["kind"].value() == "policy"
    assert "By the policy: $285.00 (100%)" in page.text
    answer = post(
        office,
        booking,
        "cancel",
        reason="Ill",
        version=booking.version,
        shown_cents=form["shown_cents"].value(),
        **data,
    )
    assert said(answer) == [f"{booking} is cancelled."]
    assert status(booking) == BookingStatus.CANCELLED
    assert [refund.amount_cents for refund in Refund.objects.all()] == ([cents] if cents else [])


@pytest.mark.parametrize(("amount", "refused"), [("", True), ("200.01", True), ("200.00", False)])
def test_large_credit_needs_an_approver(
    office,
    staff_client,
    admin,
    stripe,  # noqa: F811
    amount,
    refused,
):
    BookingPolicy.objects.update(two_person_refund_cents=200_00)
    booking = paid_booking(stripe)
    data = {"reason": "Ill", "version": booking.version, "kind": "credit", "amount": amount}
    answer = office.post(url(booking, "cancel"), data)
    assert ("A credit above $200.00 is for colleagues" in answer.text) is refused
    assert status(booking) == (BookingStatus.PAID if refused else BookingStatus.CANCELLED)
    if refused:
        post(staff_client(admin), booking, "cancel", **data)
        assert status(booking) == BookingStatus.CANCELLED


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"kind": "partial"}, "Enter how much comes back."),
        ({"kind": "partial", "amount": "285.01"}, "Only $285.00 is left"),
        ({"kind": "full", "version": 1}, "Somebody changed this booking"),
        ({"kind": "policy", "shown_cents": 1}, "Somebody changed this booking"),
        ({"kind": ""}, "Choose what comes back."),
        ({"kind": "everything"}, "everything"),
        ({"kind": "full", "reason": ""}, "Say why"),
    ],
)
def test_cancelling_is_refused_with_words(office, stripe, data, words):  # noqa: F811
    booking = paid_booking(stripe)
    given = {"reason": "Ill", "version": booking.version, "shown_cents": 28500, **data}
    answer = office.post(url(booking, "cancel"), given)
    assert words in answer.text
    assert status(booking) == BookingStatus.PAID


# -- hiding --------------------------------------------------------------------------


def test_hiding_and_restoring_are_for_admins(staff_client, admin, manager):
    booking = make_booking()
    assert staff_client(manager).get(url(booking, "hide")).status_code == 403
    chief = staff_client(admin)
    post(chief, booking, "hide", reason="A test order")
    booking.refresh_from_db()
    assert booking.deleted_at is not None
    assert last(ActionType.SOFT_DELETE).after == {"hidden": True}
    assert "A test order" in chief.get(reverse("staff:booking", args=[booking.pk])).text
    post(chief, booking, "restore")
    assert Booking.objects.get(pk=booking.pk).deleted_at is None
    assert last(ActionType.RESTORE).booking == booking


def test_hiding_is_refused_while_a_link_can_be_paid(staff_client, admin):
    booking = make_booking()
    create_link(booking.pk, by=admin)
    answer = staff_client(admin).post(url(booking, "hide"), {"reason": "x"})
    assert "revoke the link first" in answer.text
    assert StaffAction.objects.filter(action_type=ActionType.SOFT_DELETE).count() == 0


# -- notes, mails, accounts --------------------------------------------------------------


def test_note_is_kept_with_its_author(office, manager):
    booking = make_booking()
    answer = post(office, booking, "note", text="Called, will come down")
    assert "Called, will come down" in answer.text
    note = InternalNote.objects.get()
    assert (note.author, note.booking) == (manager, booking)
    assert said(post(office, booking, "note", text=" ")) == ["Write the note first."]
    assert said(post(office, booking, "note", text="x" * 2001)) == [
        "Shorten this to 2,000 characters."
    ]
    assert InternalNote.objects.count() == 1


def test_mails_are_sent_again_once_and_show_on_the_timeline(office, run_queue, mailoutbox):
    booking = make_booking()
    booking.move_to(BookingStatus.CONFIRMED)
    page = office.get(url(booking, "mail"))
    assert [mail.kind for mail in page.context["offered"]] == ["confirmation", "payment_link"]
    token = str(page.context["token"])
    first = post(office, booking, "mail", kind="confirmation", token=token)
    again = post(office, booking, "mail", kind="confirmation", token=token)
    run_queue()
    assert said(first) == ["Confirmation is on its way to ada@example.com."]
    assert said(again) == ["That mail is on its way already."]
    assert [mail.to for mail in mailoutbox] == [["ada@example.com"]]
    text = office.get(reverse("staff:booking", args=[booking.pk])).text
    assert "Confirmation sent" in text
    assert f"Sent for {booking}: Confirmation" in text
    assert StaffAction.objects.filter(action_type=ActionType.SEND_NOTIFICATION).count() == 1


def test_new_link_ends_the_old_one_and_a_double_click_makes_one(office, run_queue, mailoutbox):
    booking = make_booking()
    old = create_link(booking.pk, by=None)
    page = office.get(url(booking, "mail"), {"kind": "payment_link"})
    data = {
        "kind": "payment_link",
        "token": str(page.context["token"]),
        "standing": page.context["standing"],
    }
    post(office, booking, "mail", **data)
    assert said(post(office, booking, "mail", **data)) == ["That mail is on its way already."]
    run_queue()
    old.refresh_from_db()
    assert old.revoked_at is not None
    assert PaymentLink.objects.count() == 2
    assert len(mailoutbox) == 1
    assert last(ActionType.SEND_NOTIFICATION).booking == booking


def test_receipt_is_mailed_as_a_pdf(office, stripe, run_queue, mailoutbox):  # noqa: F811
    booking = paid_booking(stripe)
    run_queue()
    post(office, booking, "mail", kind="receipt", token=str(uuid4()))
    run_queue()
    mail = mailoutbox[-1]
    assert mail.subject == f"Your receipt: {booking}"
    assert mail.attachments[0][0] == f"{booking}-receipt.pdf"
    assert mail.attachments[0][1].startswith(b"%PDF")


@pytest.mark.parametrize("kind", ["receipt", "cancellation", "refund", "spam", ""])
def test_mail_that_does_not_fit_is_not_sent(office, run_queue, mailoutbox, kind):
    booking = make_booking()
    post(office, booking, "mail", kind=kind, token=str(uuid4()))
    run_queue()
    assert mailoutbox == []


def test_booking_goes_into_an_account_and_out_of_it(office, member):  # noqa: F811
    booking = make_booking()
    found = office.get(url(booking, "customer"), {"q": member.email})
    assert member.email in found.text
    post(office, booking, "customer", customer=str(member.pk))
    assert Booking.objects.get(pk=booking.pk).customer == member
    assert last(ActionType.MODIFY_BOOKING).after == {"customer": str(member.pk)}
    post(office, booking, "customer", detach="1")
    booking.refresh_from_db()
    assert (booking.customer, booking.guest_checkout.email) == (None, "ada@example.com")
    assert said(post(office, booking, "customer", customer="x")) == ["Choose the account first."]


# -- who and how -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "act", ["confirm", "complete", "cancel", "edit", "note", "mail", "customer", "paid"]
)
def test_acts_are_for_those_who_may_change_bookings(staff_client, operator, act):
    operator.staff_profile.can_modify_bookings = False
    operator.staff_profile.save()
    booking = make_booking()
    assert staff_client(operator).post(url(booking, act), {"reason": "x"}).status_code == 403
    assert status(booking) == BookingStatus.PENDING


@pytest.mark.parametrize("act", ["confirm", "cancel", "edit", "note", "mail", "customer", "hide"])
def test_unknown_and_hidden_bookings_are_not_found(staff_client, manager, admin, act):
    hidden = make_booking()
    Booking.objects.update(deleted_at=clock.now())
    user = admin if act == "hide" else manager
    unknown = reverse(f"staff:booking_{act}", args=[uuid4()])
    assert staff_client(user).post(unknown, {}).status_code == 404
    if act != "hide":
        assert staff_client(user).post(url(hidden, act), {}).status_code == 404


def test_every_mail_that_is_named_or_sent_again_has_its_handler():
    known = {handler for event in EVENTS.values() for handler in handlers_of(event)}
    assert all(len(handlers_of(event)) == 1 for event in EVENTS.values())
    assert known <= set(MAILS)
    for name in MAILS:
        assert handler_named(name)


def test_change_and_cancellation_are_mailed_again(office, manager, run_queue, mailoutbox):
    booking = make_booking()
    booking.move_to(BookingStatus.CONFIRMED)
    change_by_staff(
        booking.pk,
        asked(booking, special_instructions="Ring twice"),
        version=Booking.objects.get().version,
        actor=manager,
    )
    run_queue()
    post(office, booking, "mail", kind="change", token=str(uuid4()))
    run_queue()
    [first, again] = [mail for mail in mailoutbox if "Ring twice" in mail.body]
    assert (first.subject, first.body) == (again.subject, again.body)

    version = Booking.objects.get().version
    post(office, booking, "cancel", reason="Called off", version=version)
    run_queue()
    told = mailoutbox[-1]
    post(office, booking, "mail", kind="cancellation", token=str(uuid4()))
    run_queue()
    assert (mailoutbox[-1].subject, len(mailoutbox)) == (told.subject, 4)
    text = office.get(reverse("staff:booking", args=[booking.pk])).text
    assert ("Cancellation sent" in text, "Change notice sent" in text) == (True, True)


def test_note_of_delivery_and_word_of_the_payment_are_mailed_again(office, run_queue, mailoutbox):
    booking = make_booking()
    booking.move_to(BookingStatus.CONFIRMED)
    booking.move_to(BookingStatus.PAID)
    booking.move_to(BookingStatus.COMPLETED)
    for kind in ("payment_received", "delivered"):
        post(office, booking, "mail", kind=kind, token=str(uuid4()))
    run_queue()
    number = booking.booking_number
    subjects = sorted(mail.subject for mail in mailoutbox)
    assert subjects == [f"Delivered: {number}", f"Payment received: {number}"]


def test_apology_for_money_that_could_not_be_used_is_mailed_again(
    office,
    run_queue,
    mailoutbox,
    stripe,  # noqa: F811
):
    booking = paid_booking(stripe)
    run_queue()
    mailoutbox.clear()
    assert "apology" not in [
        mail.kind for mail in office.get(url(booking, "mail")).context["offered"]
    ]
    booking.payments.update(unfulfillable_reason="duplicate")
    post(office, booking, "mail", kind="apology", token=str(uuid4()))
    run_queue()
    assert [mail.to for mail in mailoutbox] == [[booking.email]]
    assert "$285.00" in mailoutbox[0].body


def test_an_order_that_ran_out_has_no_cancellation_to_send(office):
    booking = make_booking()
    booking.move_to(BookingStatus.CANCELLED)
    assert list(office.get(url(booking, "mail")).context["offered"]) == []


def test_everyone_finds_the_way_to_ask_for_a_refund(staff_client, operator, stripe):  # noqa: F811
    payment = Payment.objects.get(booking=paid_booking(stripe))
    page = staff_client(operator).get(reverse("staff:booking", args=[payment.booking_id]))
    assert reverse("staff:refund_request", args=[payment.pk]) in page.text
