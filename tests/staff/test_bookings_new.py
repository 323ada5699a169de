"""Orders taken by phone: price first, then one booking, paid by link, outside or not at all."""

from datetime import time
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse

from booking.models import Booking, BookingStatus
from catalog.models import CapacityDay, DiscountCode
from payments.models import Method, Payment, PaymentLink
from staff.models import ActionType, StaffAction
from tests.booking.helpers import quiet_day
from tests.totetaxi.account.conftest import member  # noqa: F401  (the fixture)
from totetaxi.lib import clock

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]
NEW = "staff:booking_new"


@pytest.fixture(autouse=True)
def allow_locks(settings):
    """The same rows are locked before and after Stripe is asked, each time anew: on purpose."""
    settings.ZEAL_ALLOWLIST = [*settings.ZEAL_ALLOWLIST, {"model": "*", "field": "get()"}]


@pytest.fixture
def office(staff_client, manager):
    return staff_client(manager)


@pytest.fixture
def fresh():
    """A filled form with a token of its own."""
    token = str(uuid4())

    def fill(**changes):
        return {
            "token": token,
            "action": "book",
            "shown_total_cents": "28500",
            "first_name": "Ada",
            "last_name": "Sample",
            "email": "ada@example.com",
            "phone": "(212) 555-0142",
            "service_type": "standard_delivery",
            "standard_delivery_item_count": "3",
            "item_description": "",
            "pickup_date": quiet_day().isoformat(),
            "pickup_time": "morning",
            "pickup_address_line_1": "100 Example Street",
            "pickup_city": "New York",
            "pickup_state": "NY",
            "pickup_zip_code": "10001",
            "delivery_address_line_1": "20 Example Lane",
            "delivery_city": "Southampton",
            "delivery_state": "NY",
            "delivery_zip_code": "11968",
            "payment": "link",
            **changes,
        }

    return fill


def send(client, data):
    return client.post(reverse(NEW), data, follow=True)


def said(response):
    return [str(message) for message in response.context["messages"]]


def test_new_form_starts_with_the_usual(office):
    form = office.get(reverse(NEW), {"date": "2027-03-01"}).context["form"]
    values = {name: str(form[name].value()) for name in form.fields if form[name].value()}
    assert values.pop("token")
    assert values == {
        "service_type": "standard_delivery",
        "standard_delivery_item_count": "3",
        "blade_bag_count": "2",
        "blade_airport": "JFK",
        "blade_direction": "to_airport",
        "pickup_time": "morning",
        "pickup_date": "2027-03-01",
        "payment": "link",
    }


def test_order_by_phone_is_a_pending_booking_with_its_link_mailed(
    office, manager, fresh, run_queue, mailoutbox
):
    answer = send(office, fresh())
    booking = Booking.objects.get()
    assert answer.redirect_chain == [(reverse("staff:booking", args=[booking.pk]), 302)]
    assert said(answer) == [
        f"{booking} is placed; the payment link is on its way to ada@example.com."
    ]
    assert (booking.status, booking.created_by) == (BookingStatus.PENDING, manager)
    run_queue()
    link = PaymentLink.objects.get()
    assert link.token in mailoutbox[0].body
    assert link.sent_at is not None
    action = StaffAction.objects.get(action_type=ActionType.MODIFY_BOOKING)
    assert (action.booking, action.after["total_price_cents"]) == (booking, 285_00)


def test_form_sent_twice_is_one_booking_and_one_link(office, fresh):
    data = fresh()
    send(office, data)
    answer = send(office, data)
    assert Booking.objects.count() == PaymentLink.objects.count() == 1
    assert answer.redirect_chain[0][0] == reverse("staff:booking", args=[Booking.objects.get().pk])
    assert StaffAction.objects.filter(action_type=ActionType.MODIFY_BOOKING).count() == 1


@pytest.mark.parametrize("shown", ["", "28400"])
def test_price_is_shown_before_it_is_booked(office, fresh, shown):
    answer = send(office, fresh(shown_total_cents=shown))
    assert Booking.objects.count() == 0
    assert "Check the price, then book" in answer.text
    assert 'name="shown_total_cents" value="28500"' in answer.text


def test_paid_outside(office, fresh, manager):
    send(office, fresh(payment="outside", outside_how="cash", outside_reference="Drawer"))
    booking, payment = Booking.objects.get(), Payment.objects.get()
    assert booking.status == BookingStatus.PAID
    assert (payment.method, payment.outside_reference) == (Method.OUTSIDE, "Drawer")
    assert payment.recorded_by == manager
    assert PaymentLink.objects.count() == 0


def test_paid_outside_says_how(office, fresh):
    answer = send(office, fresh(payment="outside"))
    assert "Choose how it was paid." in answer.text
    assert Booking.objects.count() == 0


def test_operator_without_the_financial_flag_only_sends_links(staff_client, operator, fresh):
    client = staff_client(operator)
    assert "Paid outside Stripe" not in client.get(reverse(NEW)).text
    send(client, fresh(payment="outside", outside_how="cash"))
    assert Booking.objects.get().status == BookingStatus.PENDING
    assert PaymentLink.objects.count() == 1


def test_custom_total_of_nothing_is_booked_at_once(office, fresh):
    data = fresh(custom_total="0", custom_total_reason="Made good", shown_total_cents="0")
    answer = send(office, data)
    booking = Booking.objects.get()
    assert said(answer) == [f"{booking} is booked; there is nothing to pay."]
    assert booking.status == BookingStatus.PAID
    assert Payment.objects.get().method == Method.FREE
    assert PaymentLink.objects.count() == 0
    action = StaffAction.objects.get(action_type=ActionType.MODIFY_BOOKING)
    assert action.description.endswith("$0.00, set by hand: Made good")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"discount_code": "NOPE"}, "code"),
        ({"custom_total": "200"}, "Say why the total is set by hand"),
        ({"custom_total": "0.20", "custom_total_reason": "x"}, "at least $0.50"),
        (
            {"custom_total": "200", "custom_total_reason": "x", "discount_code": "TEN"},
            "they don&#x27;t go together",
        ),
        ({"custom_total": "-5"}, "Enter an amount of $0 or more"),
        ({"email": "nobody"}, "Enter an email address"),
        ({"pickup_date": "2020-01-01"}, "Choose a date from"),
        ({"service_type": "teleport"}, "teleport"),
        ({"standard_delivery_item_count": "many"}, "Enter a whole number"),
        ({"pickup_state": "NJ"}, "ZIP 10001 is in New York"),
        ({"customer": "ffffffff-ffff-4fff-8fff-ffffffffffff"}, "no longer there"),
    ],
)
def test_order_is_refused_with_words_and_nothing_typed_is_lost(office, fresh, changes, words):
    DiscountCode.objects.create(code="TEN", percent=10)
    data = fresh(**changes)
    answer = send(office, data)
    total = answer.context["quote"].total_cents if answer.context["quote"] else ""
    answer = send(office, {**data, "shown_total_cents": str(total)})
    assert words in answer.text
    assert Booking.objects.count() == 0
    assert 'value="100 Example Street"' in answer.text
    assert answer.context["form"]["token"].value() == data["token"]


def test_code_is_taken(office, fresh):
    DiscountCode.objects.create(code="TEN", percent=10)
    send(office, fresh(discount_code="ten", shown_total_cents="25650"))
    assert Booking.objects.get().total_price_cents == 256_50


def test_full_day_is_refused(office, fresh):
    CapacityDay.objects.create(date=quiet_day(), limit=0, used=0, limit_is_own=True)
    assert "fully booked" in send(office, fresh()).text
    assert Booking.objects.count() == 0


def test_customer_is_found_chosen_and_their_contact_fills_what_is_empty(office, fresh, member):  # noqa: F811
    found = office.post(reverse(NEW), fresh(action="find", find="ada"))
    assert f'value="{member.pk}"' in found.text
    data = fresh(customer=str(member.pk), first_name="", last_name="", email="", phone="")
    send(office, data)
    booking = Booking.objects.get()
    assert booking.customer == member
    assert (booking.get_customer_name(), booking.phone) == ("Ada Sample", "2125550142")


def test_page_for_a_customer_is_filled_with_their_contact(office, member):  # noqa: F811
    form = office.get(reverse(NEW), {"customer": str(member.pk)}).context["form"]
    assert form["email"].value() == member.email
    assert office.get(reverse(NEW), {"customer": "x"}).context["form"]["email"].value() is None


def test_price_and_customers_refresh_by_themselves(office, fresh, member):  # noqa: F811
    def part(name, target, **changes):
        headers = {"HX-Request": "true", "HX-Target": target}
        return office.post(reverse(name), fresh(**changes), headers=headers).text

    price = part("staff:booking_new_price", "price", standard_delivery_item_count="5")
    assert "$475.00" in price
    assert "<form" not in price
    people = part("staff:booking_new_customers", "customers", find="ada@")
    assert "ada@example.com" in people
    assert "<form" not in people
    whole = office.post(reverse("staff:booking_new_price"), fresh(email="x"))
    assert "<html" in whole.text
    assert Booking.objects.count() == 0


def test_flight_and_move_are_ordered_the_same_way(office, fresh):
    flight = {
        "service_type": "blade_transfer",
        "blade_direction": "to_airport",
        "blade_airport": "JFK",
        "blade_flight_date": quiet_day().isoformat(),
        "blade_flight_time": "06:15",
        "blade_bag_count": "2",
        "pickup_date": "",
        "delivery_address_line_1": "",
        "delivery_zip_code": "",
        "shown_total_cents": "15000",
    }
    send(office, fresh(**flight))
    booking = Booking.objects.get()
    assert (booking.blade_airport, booking.total_price_cents) == ("JFK", 150_00)
    move = {
        "token": str(uuid4()),
        "service_type": "mini_move",
        "package_type": "standard",
        "pickup_time": "morning_specific-9",
        "shown_total_cents": "190000",
    }
    send(office, fresh(**move))
    assert Booking.objects.latest("created_at").specific_pickup_hour == 9


def test_order_after_the_window_began_has_no_link_and_says_so(staff_client, manager, fresh):
    with time_machine.travel(clock.at(quiet_day(), time(9)), tick=False):
        day = clock.today().isoformat()
        data = fresh(pickup_date=day, shown_total_cents="64500")
        answer = send(staff_client(manager), data)
    booking = Booking.objects.get()
    assert booking.is_same_day_delivery
    assert "has no payment link" in said(answer)[0]
    assert PaymentLink.objects.count() == 0
