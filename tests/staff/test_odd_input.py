"""Nothing that people or programs send makes a page of the office fall over."""

from typing import Any

import pytest
from django.test import Client

from booking.models import BookingStatus, CustomerProfile
from payments.models import Payment
from payments.services import create_link, request_refund
from tests.booking.helpers import make_booking
from tests.payments.conftest import stripe  # noqa: F401  (the fixture)
from tests.payments.money import paid_booking
from tests.staff.helpers import signed_in
from tests.staff.test_matrix import pages
from totetaxi.users.models import User

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]
ODD = ("\0", "9" * 400, "2027-13-45", "0001-01-01", "\ufdd0'\"<b>%_\\" + "x" * 10_000)
FILTERS = (
    *("q", "page", "sort", "status", "service", "payment", "date_from", "date_to", "date", "coi"),
    *("made_by", "unpaid", "shown", "day", "view", "first", "last", "by", "money", "state"),
    *("queue", "type", "vip", "who", "action", "booking", "kind", "again", "customer", "labels"),
)
LISTS = {
    *("bookings", "booking_new", "booking_customer", "calendar", "manifest", "customers", "search"),
    *("reports", "payments", "refunds", "refund_request", "links", "events", "alerts", "disputes"),
    *("audit", "team", "catalog_list", "logistics"),
}


@pytest.fixture(autouse=True)
def as_it_is(settings):
    settings.RATELIMIT_ENABLE = False
    settings.ZEAL_ALLOWLIST = [*settings.ZEAL_ALLOWLIST, {"model": "*", "field": "*"}]


def addresses(known: dict[str, Any]) -> list[str]:
    """Every page of the office, of rows that are there."""
    found = []
    for name, address, _ in pages():
        if name not in LISTS:
            continue
        unknown = "00000000-0000-0000-0000-000000000001"
        kind = next((one for one in known if f"/{one}s/{unknown}" in address), "")
        found.append(address.replace(unknown, str(known.get(kind, unknown))))
    return found


@pytest.fixture
def known(stripe, admin) -> dict[str, Any]:  # noqa: F811
    """One row of each kind."""
    unpaid, customer = make_booking(), User.objects.create_user("ann@example.com")
    CustomerProfile.objects.create(user=customer)
    payment = Payment.objects.get(booking=paid_booking(stripe))
    refund = request_refund(payment.pk, amount_cents=1_00, reason="Late", by=admin)
    assert unpaid.status == BookingStatus.PENDING
    return {
        "booking": unpaid.pk,
        "payment": payment.pk,
        "refund": refund.pk,
        "link": create_link(unpaid.pk, by=admin).pk,
        "customer": customer.pk,
    }


def fall(client: Client, method: str, address: str, data: dict[str, str]) -> str:
    """What went wrong, in words; nothing if the page answered."""
    try:
        answer = getattr(client, method)(address, data)
    except Exception as error:
        return f"{method} {address} {str(data)[:200]}: {error!r:.300}"
    return f"{method} {address} {str(data)[:200]}" if answer.status_code >= 500 else ""


def test_odd_filters(known, admin):
    client = signed_in(admin)
    falls = [
        fall(client, "get", address, dict.fromkeys(FILTERS, odd) | {"format": form})
        for address in addresses(known)
        for form, odd in zip(("csv", "", "csv", "", "csv"), ODD, strict=True)
    ]
    assert [words for words in falls if words] == []
