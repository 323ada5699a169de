"""Django admin: records are looked at, services do the work, and everything is on record."""

import pytest
from django.contrib import admin as django_admin
from django.urls import reverse

from booking.admin import ReadOnly
from booking.models import Booking
from catalog.models import SpecialtyItem
from payments.models import Payment, Refund, RefundStatus
from payments.services import request_refund
from staff.models import ActionType, StaffAction
from tests.booking.helpers import make_booking
from tests.payments.money import paid
from tests.staff.helpers import make_staff

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]


def superuser(user):
    user.is_staff = user.is_superuser = True
    user.save()
    return user


@pytest.fixture
def office(staff_client, admin):
    """An administrator's browser, in Django admin too."""
    return staff_client(superuser(admin))


def act(browser, name, action, rows, **typed):
    keys = [str(row.pk) for row in rows]
    data = {"action": action, "_selected_action": keys, **typed}
    return browser.post(reverse(f"admin:{name}_changelist"), data, follow=True)


def said(page):
    return [str(message) for message in page.context["messages"]]


def actions(kind):
    return [row.description for row in StaffAction.objects.filter(action_type=kind)]


@pytest.mark.parametrize("app", ["booking", "payments"])
def test_nothing_that_a_service_must_do_is_edited_by_hand(app):
    models = [model for model in django_admin.site._registry if model._meta.app_label == app]
    assert len(models) > 3
    for model in models:
        assert isinstance(django_admin.site._registry[model], ReadOnly), model


def test_refunds_are_approved_in_bulk_under_the_rules_of_the_queue(stripe, office, admin, operator):
    payment = paid(stripe, standard_delivery_item_count=6)
    own = request_refund(payment.pk, amount_cents=501_00, reason="Late", by=admin)
    other = request_refund(payment.pk, amount_cents=5_00, reason="Late", by=operator)
    page = act(office, "payments_refund", "approve", [own, other])
    number = payment.booking.booking_number
    assert sorted(said(page)) == [
        f"{number}, $5.00: approved.",
        f"{number}, $501.00: You asked for this refund: another person approves it.",
    ]
    assert dict(Refund.objects.values_list("amount_cents", "status")) == {
        501_00: RefundStatus.REQUESTED,
        5_00: RefundStatus.APPROVED,
    }
    assert actions(ActionType.APPROVE_REFUND) == ["Approved a refund of $5.00"]


def test_refunds_are_denied_in_bulk_with_a_reason(stripe, office, operator):
    payment = paid(stripe)
    refund = request_refund(payment.pk, amount_cents=5_00, reason="Late", by=operator)
    page = act(office, "payments_refund", "deny", [refund])
    assert "Why are they denied?" in page.text
    assert "Say why." in act(office, "payments_refund", "deny", [refund], confirmed="1").text
    act(office, "payments_refund", "deny", [refund], confirmed="1", reason="On time")
    refund.refresh_from_db()
    assert (refund.status, refund.denial_reason) == (RefundStatus.DENIED, "On time")
    assert actions(ActionType.DENY_REFUND) == ["Denied a refund of $5.00"]


def test_a_superuser_without_the_flag_approves_nothing(stripe, staff_client, operator):
    person = superuser(make_staff("manager"))
    payment = paid(stripe)
    refund = request_refund(payment.pk, amount_cents=5_00, reason="Late", by=operator)
    act(staff_client(person), "payments_refund", "approve", [refund])
    refund.refresh_from_db()
    assert refund.status == RefundStatus.REQUESTED


def test_bookings_are_hidden_with_a_reason_and_brought_back(office):
    booking, held = make_booking(), make_booking(email="b@example.com")
    Payment.objects.create(booking=held, amount_cents=1)
    assert "Why are they hidden?" in act(office, "booking_booking", "hide", [booking, held]).text
    page = act(office, "booking_booking", "hide", [booking, held], confirmed="1", reason="A test")
    assert sorted(said(page)) == [
        f"{booking}: hidden.",
        f"{held}: A payment is open: wait for its end, or cancel the booking.",
    ]
    assert list(Booking.objects.visible()) == [held]
    assert actions(ActionType.SOFT_DELETE) == [f"Hid {booking}"]
    act(office, "booking_booking", "restore", [booking])
    assert Booking.objects.visible().count() == 2
    assert actions(ActionType.RESTORE) == [f"Restored {booking}"]


def test_items_are_switched_in_bulk_and_edited_on_record(office):
    item = SpecialtyItem.objects.get(type_key="bicycle")
    act(office, "catalog_specialtyitem", "deactivate", [item])
    item.refresh_from_db()
    assert not item.is_active
    office.post(
        reverse("admin:catalog_specialtyitem_change", args=[item.pk]),
        {"name": "Bicycle", "base_price_cents": "260", "is_active": "on"},
    )
    item.refresh_from_db()
    assert (item.base_price_cents, item.is_active) == (260_00, True)
    rows = StaffAction.objects.filter(action_type=ActionType.MANAGE_CATALOGUE)
    first, second = rows.order_by("created_at")
    assert (first.before["is_active"], first.after["is_active"]) == (True, False)
    assert second.before["base_price_cents"] == 250_00
    assert second.after["base_price_cents"] == 260_00
