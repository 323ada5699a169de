"""Changing a booking in the office: difference first, then keep or change, never over others."""

from contextlib import contextmanager
from datetime import time, timedelta

import pytest
import time_machine
from django.urls import reverse

from booking.models import Booking, BookingStatus
from payments.models import PaymentLink, Refund
from staff.models import ActionType, StaffAction
from tests.booking.helpers import make_booking, quiet_day
from tests.payments.conftest import stripe  # noqa: F401  (the fixture)
from tests.payments.money import paid_booking
from totetaxi.lib import clock

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]


@pytest.fixture(autouse=True)
def allow_locks(settings):
    """The same rows are locked before and after Stripe is asked, each time anew: on purpose."""
    settings.ZEAL_ALLOWLIST = [*settings.ZEAL_ALLOWLIST, {"model": "*", "field": "get()"}]


@pytest.fixture
def office(staff_client, manager):
    return staff_client(manager)


def url(booking):
    return reverse("staff:booking_edit", args=[booking.pk])


def opened(client, booking):
    """What the form of the page holds, as a browser would send it back."""
    form = client.get(url(booking)).context["form"]
    data = {name: form[name].value() for name in form.fields if name != "specialty_items"}
    return {name: value for name, value in data.items() if value not in (None, "", False)}


def save(client, booking, **changes):
    """See the difference, then save."""
    data = opened(client, booking) | changes
    shown = client.post(url(booking), data | {"action": "price"}).context["asked"]
    data |= {"action": "save", "shown_total_cents": shown.total_cents if shown.quote else ""}
    return client.post(url(booking), data, follow=True)


def said(response):
    return [str(message) for message in response.context["messages"]]


def fresh(booking):
    return Booking.objects.get(pk=booking.pk)


def test_form_shows_the_booking_and_saving_it_unchanged_changes_nothing(office):
    booking = make_booking(special_instructions="Side door")
    page = office.get(url(booking))
    assert "Side door" in page.text
    assert "Nothing is different yet." in page.text
    answer = save(office, booking)
    assert "Nothing is different from the booking yet." in answer.text
    assert fresh(booking).version == booking.version


def test_change_without_a_difference_is_saved_and_on_record(office, manager):
    booking = make_booking()
    day = quiet_day() + timedelta(days=7)
    answer = save(
        office,
        booking,
        pickup_date=day.isoformat(),
        special_instructions="Ring twice",
        reason="Rain",
    )
    assert said(answer) == [f"{booking} is changed."]
    booking = fresh(booking)
    assert (booking.pickup_date, booking.special_instructions) == (day, "Ring twice")
    action = StaffAction.objects.get(action_type=ActionType.MODIFY_BOOKING)
    assert action.before["pickup_date"] == quiet_day().isoformat()
    assert action.after["pickup_date"] == day.isoformat()
    assert (action.staff_user, "Rain" in action.description) == (manager, True)
    assert booking.events.filter(kind="changed").get().actor == manager


def test_difference_is_shown_line_by_line_before_saving(office):
    booking = make_booking()
    data = opened(office, booking) | {
        "standard_delivery_item_count": "5",
        "coi_required": "on",
        "action": "price",
    }
    page = office.post(url(booking), data)
    rows = [(one.label, one.before_cents, one.after_cents) for one in page.context["comparison"]]
    assert rows == [
        ("Standard Delivery", 285_00, 475_00),
        ("Certificate of insurance", None, 50_00),
    ]
    assert "New price, $240.00 more" in page.text
    assert fresh(booking).total_price_cents == 285_00


def test_dearer_change_of_a_paid_booking_sends_a_link_for_the_difference(office, stripe):  # noqa: F811
    booking = paid_booking(stripe)
    answer = save(office, booking, standard_delivery_item_count="5", price="new", send_link="on")
    assert said(answer) == [
        f"{booking} is changed. A link for $190.00 is on its way to the customer."
    ]
    assert fresh(booking).total_price_cents == 475_00
    assert PaymentLink.objects.get().booking == booking


def test_cheaper_change_of_a_paid_booking_asks_for_a_refund(office, stripe):  # noqa: F811
    booking = paid_booking(stripe, standard_delivery_item_count=5)
    answer = save(office, booking, standard_delivery_item_count="3", price="new")
    assert said(answer) == [f"{booking} is changed. A refund of $190.00 waits to be approved."]
    assert Refund.objects.get().amount_cents == 190_00


def test_price_may_be_kept(office, stripe):  # noqa: F811
    booking = paid_booking(stripe)
    save(office, booking, standard_delivery_item_count="5", price="keep")
    lines = [(line.code, line.cents) for line in fresh(booking).lines.all()]
    assert lines == [("base", 475_00), ("adjustment", -190_00)]
    assert PaymentLink.objects.count() == Refund.objects.count() == 0


def test_difference_needs_a_decision(office):
    booking = make_booking()
    answer = save(office, booking, standard_delivery_item_count="5")
    assert "Choose whether the price stays or changes." in answer.text
    assert fresh(booking).total_price_cents == 285_00


def test_unseen_price_is_not_saved(office):
    booking = make_booking()
    data = opened(office, booking) | {
        "standard_delivery_item_count": "5",
        "price": "new",
        "action": "save",
        "shown_total_cents": "28500",
    }
    assert "look at the difference again" in office.post(url(booking), data).text
    assert fresh(booking).total_price_cents == 285_00


def test_two_people_at_once_lose_nothing(office, staff_client, admin):
    booking = make_booking()
    mine = opened(office, booking) | {"special_instructions": "Mine", "action": "save"}
    save(staff_client(admin), booking, special_instructions="Theirs")
    page = office.post(url(booking), mine | {"shown_total_cents": "28500"})
    assert page.status_code == 409
    assert "Somebody changed this booking meanwhile" in page.text
    assert ("Instructions for the driver", "Theirs", "Mine") in page.context["theirs"]
    assert "Mine</textarea>" in page.text
    assert fresh(booking).special_instructions == "Theirs"
    again = mine | {"version": fresh(booking).version, "shown_total_cents": "28500"}
    office.post(url(booking), again)
    assert fresh(booking).special_instructions == "Mine"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pickup_date": "2020-01-01"}, "Choose a date from"),
        ({"pickup_date": ""}, "Choose a pickup date"),
        ({"delivery_state": "CT"}, "ZIP 11968 is in New York"),
        ({"service_type": "mini_move", "package_type": "petite"}, "Another service is a new order"),
        ({"standard_delivery_item_count": "0"}, "Add at least one item"),
        ({"email": "x"}, "Enter an email address"),
        ({"reason": "x" * 501}, "Shorten this to 500 characters"),
    ],
)
def test_bad_change_is_refused_with_words(office, changes, words):
    booking = make_booking()
    data = {"special_instructions": "New", **changes}
    answer = save(office, booking, **data)
    assert words in answer.text
    assert fresh(booking).version == booking.version


def test_staff_may_change_to_tomorrow_to_any_zip_and_without_description(
    staff_client, manager, frozen_at_night
):
    booking = make_booking()
    with frozen_at_night() as tomorrow:
        answer = save(
            staff_client(manager),
            booking,
            pickup_date=tomorrow.isoformat(),
            item_description="",
            delivery_zip_code="12345",
            delivery_city="Albany",
            price="new",
        )
    assert f"{booking} is changed." in said(answer)[0]
    assert fresh(booking).pickup_date == tomorrow


@pytest.mark.parametrize("end", [BookingStatus.CANCELLED, BookingStatus.COMPLETED])
def test_booking_that_is_over_is_read_only(office, end):
    booking = make_booking()
    if end == BookingStatus.COMPLETED:
        booking.move_to(BookingStatus.PAID)
    booking.move_to(end)
    answer = office.get(url(booking), follow=True)
    assert said(answer) == [f"{booking} is {end}: it stays as it is."]
    office.post(url(booking), {"action": "save", "special_instructions": "x"})
    assert fresh(booking).special_instructions == ""


def test_price_refreshes_by_itself(office):
    booking = make_booking()
    headers = {"HX-Request": "true", "HX-Target": "price"}
    data = opened(office, booking) | {"standard_delivery_item_count": "4"}
    part = office.post(
        reverse("staff:booking_edit_price", args=[booking.pk]), data, headers=headers
    )
    assert "$380.00" in part.text
    assert "<form" not in part.text


@pytest.fixture
def frozen_at_night():
    """10 PM on a quiet day, with the date of the next day."""

    @contextmanager
    def freeze():
        day = quiet_day() - timedelta(days=7)
        with time_machine.travel(clock.at(day, time(22)), tick=False):
            yield day + timedelta(days=1)

    return freeze
