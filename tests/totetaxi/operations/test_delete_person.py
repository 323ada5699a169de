"""Taking a person out: nothing of theirs is left anywhere, and no money is lost (R694 to R696)."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from booking.models import Booking, BookingEvent
from catalog.models import BookingPolicy
from payments.models import Payment, PaymentAudit, Refund
from payments.services.invariants import check_all
from tests.booking.helpers import make_booking
from tests.staff.helpers import make_staff, signed_in
from tests.totetaxi.operations import filled
from totetaxi.lib import clock
from totetaxi.operations import sweep
from totetaxi.operations.errors import OperationError
from totetaxi.operations.forgetting import forget
from totetaxi.operations.scrubbing import Scrubber
from totetaxi.pages.models import ContactMessage
from totetaxi.users.models import User

pytestmark = pytest.mark.django_db
SURE = "--yes-remove-this-person"


@pytest.fixture(autouse=True)
def _files(catalog, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def left_of(words):
    """(table, column, text) of every value of the database that holds one of ``words``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns JOIN"
            " information_schema.tables USING (table_schema, table_name)"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        found = []
        for table, column in cursor.fetchall():
            cursor.execute(
                f'SELECT "{column}"::text FROM "{table}" '  # noqa: S608 (names of the database)
                f'WHERE "{column}"::text ILIKE ANY(%s)',
                [[f"%{word}%" for word in words]],
            )
            found += [(table, column, text.lower()) for (text,) in cursor.fetchall()]
        return found


def money():
    """All that the records of money say."""
    return (
        list(Payment.objects.values_list("pk", "status", "amount_cents", "stripe_charge_id")),
        list(Refund.objects.values_list("pk", "status", "amount_cents")),
        list(PaymentAudit.objects.order_by("pk").values_list("pk", "kind", "amount_cents")),
        Booking.objects.aggregate(n=Sum("total_price_cents")),
        list(BookingEvent.objects.filter(reason="payment").values_list("created_at", "to_status")),
    )


@pytest.mark.parametrize("kind", ["member", "guest", "both"])
def test_nothing_that_names_them_is_left_in_any_column(kind, tmp_path):
    if kind != "guest":
        filled.over(user=filled.member("Canary.Bird@example.com"))
    if kind == "guest":
        filled.over()
    if kind == "both":
        Booking.objects.filter(pk=make_booking(**filled.ANSWERS).pk).update(status="cancelled")
    planted = " ".join(text for _, _, text in left_of(filled.CANARIES))
    assert [word for word in filled.CANARIES if word not in planted] == []
    before = money()
    verdicts = [result.offenders for result in check_all()]

    call_command("delete_person", "CANARY.bird@Example.com", SURE)

    assert left_of([*filled.CANARIES, "203.0.113.7"]) == []
    assert money() == before
    assert [result.offenders for result in check_all()] == verdicts
    assert [path for path in Path(tmp_path).rglob("*") if path.is_file()] == []
    assert BookingEvent.objects.filter(reason="The customer’s data was removed").count() == (
        Booking.objects.count()
    )
    with pytest.raises(CommandError, match="Nobody here"):
        call_command("delete_person", filled.EMAIL, SURE)


def test_what_stays_is_enough_for_reports_and_pages():
    booking = filled.over(user=filled.member())
    other = make_booking(email="joanne.canary.bird@example.com", last_name="Other")
    call_command("delete_person", filled.EMAIL, SURE)

    office = signed_in(make_staff("admin"))
    booking.refresh_from_db()
    other.refresh_from_db()
    assert other.email == "joanne.canary.bird@example.com"
    assert (booking.pickup_address.zip_code, booking.delivery_address.zip_code) == (
        "10001",
        "11968",
    )
    assert booking.search_text.startswith(f"{booking.booking_number.lower()} removed customer")
    for name in ("booking", "booking_edit"):
        assert office.get(reverse(f"staff:{name}", args=[booking.pk])).status_code in (200, 302)
    assert office.get(reverse("staff:customer", args=[booking.customer_id])).status_code == 200
    assert booking.review_requested_at is not None  # nobody is left to be asked
    assert booking.customer is not None
    assert not booking.customer.is_active


def test_a_dry_run_changes_nothing(capsys):
    booking = filled.over(user=filled.member())
    call_command("delete_person", filled.EMAIL)
    printed = capsys.readouterr().out
    assert f"{booking.booking_number}, Cancelled" in printed
    assert "Nothing was removed" in printed
    assert len(left_of(filled.CANARIES)) > 40


def test_the_office_stays():
    email = make_staff("operator").email
    with pytest.raises(CommandError, match="somebody of the office"):
        call_command("delete_person", email, SURE)
    assert User.objects.filter(email=email).exists()


@pytest.mark.parametrize("field", ["email_info", "email_orders"])
def test_our_own_address_stays_though_an_order_was_taken_with_it(field):
    email = getattr(BookingPolicy.objects.get(), field)
    Booking.objects.filter(pk=make_booking(email=email).pk).update(status="cancelled")
    with pytest.raises(CommandError, match="our own address"):
        call_command("delete_person", email.upper(), SURE)
    assert getattr(BookingPolicy.objects.get(), field) == email


@pytest.mark.parametrize(
    ("going_on", "told"),
    [
        ("booking", "awaiting payment, with its pickup"),
        ("refund", "a refund that is requested"),
        ("payment", "an open payment"),
        ("dispute", "an open dispute"),
        ("task", "a task at Onfleet"),
    ],
)
def test_what_still_goes_on_keeps_them(going_on, told):
    booking = filled.over()
    payment = Payment.objects.get()
    if going_on == "booking":
        make_booking(email=filled.EMAIL)
    elif going_on == "refund":
        Refund.objects.create(payment=payment, kind="policy", amount_cents=1, reason="x")
    elif going_on == "payment":
        Payment.objects.create(booking=booking, amount_cents=5)
    elif going_on == "dispute":
        payment.disputes.update(status="needs_response", closed_at=None)
    else:
        booking.onfleet_tasks.update(status="active")
        yesterday = clock.today() - timedelta(days=1)
        Booking.objects.filter(pk=booking.pk).update(pickup_date=yesterday)
    with pytest.raises(CommandError, match=told):
        call_command("delete_person", filled.EMAIL, SURE)
    assert left_of([filled.SECRET_WORD]) != []


def test_what_begins_between_the_look_and_the_removal_keeps_them_too():
    filled.over()
    make_booking(email=filled.EMAIL)
    with pytest.raises(OperationError, match="awaiting payment"):
        forget(filled.EMAIL)
    assert left_of([filled.SECRET_WORD]) != []


def test_nobody_can_sign_in_as_them_and_no_session_goes_on():
    user = filled.member()
    client = Client()
    client.force_login(user)
    call_command("delete_person", filled.EMAIL, SURE)
    assert client.get(reverse("account:dashboard")).status_code == 302
    assert not Client().login(email=filled.EMAIL, password="a plain password")


def test_history_is_closed_again_afterwards():
    filled.over()
    call_command("delete_person", filled.EMAIL, SURE)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        BookingEvent.objects.update(reason="")


@pytest.mark.parametrize("email", ["nobody@example.com", "", "canary", "%@example.com"])
def test_nobody_is_removed_by_mistake(email):
    filled.over()
    with pytest.raises(CommandError, match="Nobody here"):
        call_command("delete_person", email, SURE)


def test_scrubber_knows_the_ways_a_phone_number_is_written():
    scrubber = Scrubber(["2125550187", "Ann Lee", ""])
    told = "Ann  LEE: 212-555-0187, (212) 555-0187, +12125550187, 12125550187; Annlee, 2125550188"
    assert scrubber.text(told) == (
        "removed: removed, removed, removed, removed; Annlee, 2125550188"
    )


def test_an_address_inside_another_one_is_somebody_elses():
    for email in ("ann@example.com", "joann@example.com", "ann@example.com.au"):
        ContactMessage.objects.create(
            name="x", email=email, subject="x", message=f"<{email}>, {email}."
        )
    assert sweep.replace_emails(["ann@example.com"], "removed@x.invalid") > 0
    found = ContactMessage.objects.order_by("pk").values_list("email", "message")
    assert set(found) == {
        ("removed@x.invalid", "<removed@x.invalid>, removed@x.invalid."),
        ("joann@example.com", "<joann@example.com>, joann@example.com."),
        ("ann@example.com.au", "<ann@example.com.au>, ann@example.com.au."),
    }
