"""The list of bookings and the page of one, as the office sees them."""

import csv
import io
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from booking.models import Booking, BookingLine, BookingStatus, GuestCheckout, InternalNote
from booking.services import confirm_by_staff
from payments.models import Method, Payment, PaymentStatus
from payments.services import create_link, hide_booking, request_refund
from staff.bookings.money import MoneyState, in_state, money_word, with_money
from staff.models import ActionType, StaffAction
from tests.booking.helpers import (
    airport_answers,
    make_booking,
    make_draft,
    mini_move_answers,
    place,
    quiet_day,
)
from tests.payments.conftest import stripe  # noqa: F401  (the fixture)
from tests.payments.money import paid, person
from totetaxi.lib import clock

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]
LIST = "staff:bookings"
HX = {"HX-Request": "true", "HX-Target": "bookings"}


@pytest.fixture(autouse=True)
def allow_locks(settings):
    """The same rows are locked before and after Stripe is asked, each time anew: on purpose."""
    settings.ZEAL_ALLOWLIST = [*settings.ZEAL_ALLOWLIST, {"model": "*", "field": "get()"}]


@pytest.fixture
def office(staff_client, manager):
    return staff_client(manager)


def listed(client, **params):
    """The numbers in the table, in its order."""
    rows = client.get(reverse(LIST), params).context["rows"]
    return [row.booking.booking_number for row in rows]


def url(booking, name="booking"):
    return reverse(f"staff:{name}", args=[booking.pk])


# -- the list ------------------------------------------------------------------------


def test_list_shows_25_the_newest_first_with_the_totals_of_all(office):
    first = make_booking()
    copies(first, 26)
    newest = make_booking(email="last@example.com")
    page = office.get(reverse(LIST))
    assert len(page.context["rows"]) == 25
    assert page.context["rows"][0].booking == newest
    assert len(listed(office, page=2)) == 3
    assert page.context["totals"].bookings == 28
    assert "$7,980.00" in page.text


def test_every_filter_narrows_and_all_combine(office, manager):
    plain = make_booking()
    coi = make_booking(coi_required=True, email="coi@example.com")
    move = place(make_draft(mini_move_answers(email="move@example.com")))
    later = make_booking(
        email="later@example.com", pickup_date=(quiet_day() + timedelta(days=7)).isoformat()
    )
    flight = place(make_draft(airport_answers(email="fly@example.com")))
    Booking.objects.filter(pk=move.pk).update(created_by=manager)
    confirm_by_staff(later.pk, reason="x", by=manager)
    everything = {one.booking_number for one in (plain, coi, move, later, flight)}
    day = quiet_day().isoformat()

    def found(**params):
        return set(listed(office, **params))

    assert found() == everything
    assert found(status="confirmed") == {later.booking_number}
    assert found(service="blade_transfer") == {flight.booking_number}
    assert found(coi="yes") == {coi.booking_number}
    assert found(coi="no") == everything - {coi.booking_number}
    assert found(made_by="staff") == {move.booking_number}
    assert found(date=day) == everything - {later.booking_number}
    assert found(date_from=(quiet_day() + timedelta(days=1)).isoformat()) == {later.booking_number}
    assert found(date_to=day) == everything - {later.booking_number}
    assert found(q="coi@example.com") == {coi.booking_number}
    assert found(unpaid="on") == everything
    assert found(status="pending", service="standard_delivery", coi="yes", date=day, q="ada") == {
        coi.booking_number
    }
    assert found(status="pending", service="mini_move", coi="yes") == set()


@pytest.mark.parametrize(
    "params",
    [
        {"status": "lost"},
        {"date": "tomorrow"},
        {"date_from": "2026-99-99"},
        {"page": "x"},
        {"sort": "password"},
        {"shown": "all"},
        {"payment": "'"},
        {"q": "a\0b"},
    ],
)
def test_odd_input_narrows_nothing(office, params):
    booking = make_booking()
    assert listed(office, **params) == [booking.booking_number]


@pytest.mark.parametrize("sort", ["number", "made", "status", "customer", "service", "pickup"])
def test_list_sorts_both_ways(office, sort):
    first = make_booking(last_name="Alpha")
    second = place(make_draft(mini_move_answers(last_name="Beta")))
    Booking.objects.filter(pk=second.pk).update(pickup_date=quiet_day() + timedelta(days=1))
    confirm_by_staff(first.pk, reason="x", by=person())
    up, down = listed(office, sort=sort), listed(office, sort=f"-{sort}")
    assert up == list(reversed(down))
    assert set(up) == {first.booking_number, second.booking_number}


def test_htmx_gets_the_table_alone(office):
    booking = make_booking()
    part = office.get(reverse(LIST), {"q": "ada"}, headers=HX)
    assert "<html" not in part.text
    assert booking.booking_number in part.text
    assert "sort=" in part.text


def test_list_has_words_for_nothing(office):
    assert "no bookings yet" in office.get(reverse(LIST)).text
    make_booking()
    assert "No booking fits" in office.get(reverse(LIST), {"q": "zzzz"}).text


def copies(booking, number):
    """The same order many times over, written at once."""
    fields = {f.attname: getattr(booking, f.attname) for f in Booking._meta.concrete_fields}
    guests = GuestCheckout.objects.bulk_create(
        GuestCheckout(first_name="G", last_name=str(n), email="g@example.com", phone="2125550100")
        for n in range(number)
    )
    fields["draft_id"] = None
    made = [
        Booking(
            **fields | {"id": uuid4(), "booking_number": f"TT-9{n:05}", "guest_checkout_id": one.pk}
        )
        for n, one in enumerate(guests)
    ]
    Booking.objects.bulk_create(made)
    BookingLine.objects.bulk_create(
        BookingLine(booking=one, position=1, code="base", label="x", amount_cents=285_00)
        for one in made
    )
    return made


def test_number_of_queries_does_not_grow_with_the_rows(office):
    def queries():
        with CaptureQueriesContext(connection) as seen:
            office.get(reverse(LIST), {"sort": "-number"})
        return len(seen)

    booking = make_booking()
    payment(booking, method=Method.OUTSIDE)
    create_link(booking.pk, by=None)
    queries()
    few = queries()
    for one in copies(booking, 100):
        payment(one, "failed")
    assert queries() == few


def test_hidden_bookings_are_for_admins_who_ask(staff_client, admin, manager):
    hidden, seen = make_booking(), make_booking(email="b@example.com")
    hide_booking(hidden.pk, reason="test", by=admin)
    chief, other = staff_client(admin), staff_client(manager)
    assert listed(chief) == [seen.booking_number]
    assert listed(chief, shown="hidden") == [hidden.booking_number]
    assert set(listed(chief, shown="all")) == {hidden.booking_number, seen.booking_number}
    assert listed(other, shown="all") == [seen.booking_number]
    assert (chief.get(url(hidden)).status_code, other.get(url(hidden)).status_code) == (200, 404)


def test_csv_is_what_is_filtered_inert_and_logged(office):
    make_booking(email="other@example.com")
    wanted = make_booking(first_name="=1+1", email="wanted@example.com")
    answer = office.get(reverse(LIST), {"q": "wanted@example.com", "format": "csv"})
    lines = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert [line[0] for line in lines] == ["Number", wanted.booking_number]
    assert lines[1][2] == "'=1+1"
    assert lines[0][-2:] == ["Total", "Payment"]
    assert lines[1][-2:] == ["285.00", "Unpaid"]
    assert StaffAction.objects.filter(action_type=ActionType.EXPORT_DATA).count() == 1


def test_sums_are_for_those_who_may_see_money(staff_client, operator):
    make_booking()
    client = staff_client(operator)
    assert "All 1 as filtered" not in client.get(reverse(LIST)).text
    answer = client.get(reverse(LIST), {"format": "csv"})
    assert "Total" not in answer.text.splitlines()[0]


def test_row_offers_only_allowed_moves(office):
    make_booking()
    names = [move.name for move in office.get(reverse(LIST)).context["rows"][0].moves]
    assert names == ["confirm", "paid", "cancel"]
    Booking.objects.get().move_to(BookingStatus.PAID)
    names = [move.name for move in office.get(reverse(LIST)).context["rows"][0].moves]
    assert names == ["complete", "cancel"]
    Booking.objects.get().move_to(BookingStatus.COMPLETED)
    assert office.get(reverse(LIST)).context["rows"][0].moves == ()


# -- how a booking stands with money ----------------------------------------------------


def payment(booking, status="succeeded", method=Method.STRIPE, **fields):
    outside = {"outside_method": "cash", "recorded_by": person(f"p{uuid4().hex[:6]}")}
    return Payment.objects.create(
        booking=booking,
        amount_cents=0 if method == Method.FREE else 285_00,
        status=PaymentStatus(status),
        method=method,
        **(outside if method == Method.OUTSIDE else {}),
        **fields,
    )


def unpaid(booking):
    payment(booking, "failed")


def refunded(booking):
    payment(booking, "refunded")


def partly(booking):
    payment(booking, "partially_refunded")


def given_back(booking):
    payment(booking, "refunded", unfulfillable_reason="full")


def cancelled(booking):
    booking.move_to(BookingStatus.CANCELLED)


def waiting(booking):
    request_refund(payment(booking).pk, amount_cents=100, reason="x", by=person("r"))


@pytest.mark.parametrize(
    ("make", "state", "words"),
    [
        (unpaid, MoneyState.UNPAID, "Unpaid"),
        (given_back, MoneyState.UNPAID, "Unpaid"),
        (payment, MoneyState.PAID, "Paid"),
        (lambda booking: payment(booking, method=Method.OUTSIDE), MoneyState.OUTSIDE, "Cash"),
        (lambda booking: payment(booking, method=Method.FREE), MoneyState.FREE, "Nothing to pay"),
        (refunded, MoneyState.REFUNDED, "Refunded"),
        (partly, MoneyState.PARTLY_REFUNDED, "Partly refunded"),
        (waiting, MoneyState.REFUND_WAITING, "Refund waiting"),
        (cancelled, MoneyState.NEVER_PAID, "Never paid"),
    ],
)
def test_a_booking_is_in_one_money_state_for_row_and_filter(make, state, words):
    booking = make_booking()
    make(booking)
    word = money_word(with_money(Booking.objects.all()).get(), clock.now())
    assert (word.state, word.words) == (state, words)
    states = [one for one in MoneyState if in_state(Booking.objects.all(), one).exists()]
    assert states == [state]


def test_unpaid_says_how_long_its_link_lives():
    booking = make_booking()
    create_link(booking.pk, by=None)
    word = money_word(with_money(Booking.objects.all()).get(), clock.now())
    assert word.words == "Unpaid, 71 h left"


# -- one booking ---------------------------------------------------------------------


def test_detail_shows_everything_and_is_logged(office, manager, run_queue):
    booking = make_booking(special_instructions="Side door")
    create_link(booking.pk, by=manager)
    confirm_by_staff(booking.pk, reason="Promised by phone", by=manager)
    InternalNote.objects.create(booking=booking, author=manager, text="Prefers a call")
    run_queue()
    text = office.get(url(booking)).text
    for words in (
        booking.booking_number,
        "(212) 555-0142",
        "ada@example.com",
        "100 Example Street, Apt 4B",
        "standard area",
        "Side door",
        "3 items at $95 each",
        "$285.00",
        "Payment link sent",
        "Confirmation sent",
        "Now confirmed",
        "Promised by phone",
        "Prefers a call",
        "Booking made online",
        "/pay/",
    ):
        assert words in text, words
    seen = StaffAction.objects.get(action_type=ActionType.VIEW_BOOKING)
    assert (seen.booking, seen.staff_user) == (booking, manager)


def test_detail_of_paid_money_and_refunds(office, stripe):  # noqa: F811
    payment = paid(stripe)
    request_refund(payment.pk, amount_cents=50_00, reason="Broken strap", by=person())
    text = office.get(url(payment.booking)).text
    assert "Refundable $235.00" in text
    assert "Broken strap" in text
    assert "Refund waiting" in text


def test_detail_needs_as_many_queries_for_a_long_history(office, manager):
    booking = make_booking()

    def queries():
        with CaptureQueriesContext(connection) as seen:
            office.get(url(booking))
        return len(seen)

    InternalNote.objects.create(booking=booking, author=manager, text="First")
    payment(booking, "failed")
    office.get(url(booking))
    few = queries()
    for n in range(20):
        InternalNote.objects.create(booking=booking, author=person(f"p{n}"), text="More")
        payment(booking, "failed")
    assert queries() == few


def test_detail_offers_moves_by_right(staff_client, admin, operator):
    booking = make_booking()

    def names(user):
        page = staff_client(user).get(url(booking))
        return [move.name for move in page.context["moves"]]

    assert names(admin) == ["confirm", "paid", "cancel", "hide"]
    assert names(operator) == ["confirm", "cancel"]
    operator.staff_profile.can_modify_bookings = False
    operator.staff_profile.save()
    assert names(operator) == []


def test_unknown_booking_is_not_found(office):
    assert office.get(reverse("staff:booking", args=[uuid4()])).status_code == 404
