"""Who may open what: every page for customers by every kind of visitor, cell by cell."""

import uuid

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse

from booking import services
from booking.models import Booking, CustomerProfile, SavedAddress
from booking.ownership import SESSION_KEY
from payments.models import Payment, PaymentStatus
from tests.booking.helpers import make_booking
from tests.staff.helpers import make_staff, signed_in
from totetaxi.account.guests.links import make_link, use_link
from totetaxi.account.models import ManageLink
from totetaxi.lib import clock
from totetaxi.users.models import User

pytestmark = pytest.mark.usefixtures("catalog")
ROOMS = ("account", "booking", "payments")
MEMBERS = ("owner", "stranger")
GUESTS = ("anonymous", "placer", "wrong link", "ended link", "used link", "granted")
OFFICE = ("operator", "manager", "admin")
VISITORS = (*MEMBERS, *GUESTS, *OFFICE)
OWNERS = ("owner", "placer", "granted")
TO_SIGN_IN = 302
OF_A_BOOKING = (
    "status",
    "calendar_file",
    "receipt",
    "receipt_pdf",
    "rebook",
    "change",
    "change_review",
    "cancel",
    "make_account",
    "document_add",
)


def everyone(status, **others):
    """One answer for all, but for those named (with _ for a space)."""
    named = {name.replace("_", " "): other for name, other in others.items()}
    return dict.fromkeys(VISITORS, status) | named


def owners(status):
    """Who may see the whole booking; to all others it is not there."""
    return everyone(404) | dict.fromkeys(OWNERS, status)


def members(status, **others):
    """Who is signed in as a customer; guests are led to sign in, the office to its own pages."""
    them = dict.fromkeys(MEMBERS, status) | others
    return everyone(TO_SIGN_IN) | them | dict.fromkeys(OFFICE, 403)


# (method, URL name): what each visitor is answered. All of them ask for the owner's things.
MATRIX = {
    ("get", "account:dashboard"): members(200),
    ("get", "account:bookings"): members(200),
    ("get", "account:profile"): members(200),
    ("get", "account:preferences"): members(200),
    ("get", "account:addresses"): members(200),
    ("get", "account:addresses_new"): members(200),
    ("get", "account:addresses_edit"): members(200, stranger=404),
    ("post", "account:addresses_edit"): members(422, stranger=404),
    ("get", "account:addresses_delete"): members(200, stranger=404),
    ("post", "account:addresses_delete"): members(302, stranger=404),
    # Four facts for everybody, the rest for owners: see the test of the contents below.
    ("get", "account:status"): everyone(200),
    ("get", "account:calendar_file"): owners(200),
    ("get", "account:receipt"): owners(200),
    ("get", "account:receipt_pdf"): owners(200),
    ("post", "account:rebook"): owners(303),
    ("get", "account:change"): owners(200),
    # Nothing is chosen yet: back to choosing.
    ("get", "account:change_review"): owners(302),
    ("get", "account:cancel"): owners(200),
    # For guests' bookings alone, and this one has a customer.
    ("get", "account:make_account"): everyone(404),
    # Of ids that are not there; who may open real ones stands in tests/logistics/.
    ("get", "account:proof"): everyone(404),
    ("get", "account:document"): everyone(404),
    ("post", "account:document_remove"): everyone(404),
    ("get", "account:document_add"): owners(200),
    ("get", "account:find"): everyone(200),
    # A link that still works shows its button to whoever has it, and is used up by one press.
    ("get", "account:manage"): everyone(200, wrong_link=410, ended_link=410, used_link=410),
    ("post", "account:manage"): everyone(303, wrong_link=410, ended_link=410, used_link=410),
    ("get", "booking:start"): everyone(303),
    ("get", "booking:quote"): everyone(200),
    ("get", "booking:calendar"): everyone(302),
    ("get", "booking:zip"): everyone(200),
    ("get", "booking:reset"): everyone(303),
    ("post", "booking:reset"): everyone(303),
    ("get", "booking:review"): everyone(303),
    ("get", "booking:step"): everyone(200),
    ("post", "booking:step"): everyone(422),
    ("get", "payments:start"): everyone(302),
    ("post", "payments:start"): everyone(302),
    ("get", "payments:done"): everyone(404),
    # An unknown one; a real one opens for whoever has it, see tests/payments/test_links.py.
    ("get", "payments:link"): everyone(404),
    ("post", "payments:stripe_webhook"): everyone(400),
}


@pytest.fixture
def member(db):
    return make_member("ada@example.com")


def make_member(email):
    user = User.objects.create_user(email, first_name="Ada", last_name="Sample")
    CustomerProfile.objects.create(user=user, phone="2125550142")
    return user


@pytest.fixture
def booking(member):
    """A paid booking of the member's."""
    booking = make_booking()
    services.mark_paid(booking)
    Booking.objects.filter(pk=booking.pk).update(customer=member, guest_checkout=None)
    Payment.objects.create(
        booking=booking,
        amount_cents=285_00,
        status=PaymentStatus.SUCCEEDED,
        processed_at=clock.now(),
    )
    return Booking.objects.get(pk=booking.pk)


@pytest.fixture
def address(member):
    return SavedAddress.objects.create(
        user=member,
        nickname="Home",
        address_line_1="100 Example Street",
        city="New York",
        state="NY",
        zip_code="10001",
    )


def token_for(visitor, booking):
    """The link that this visitor has in hand."""
    token = make_link(booking)
    if visitor == "ended link":
        ManageLink.objects.update(expires_at=clock.now())
    elif visitor == "used link":
        use_link(token)
    return "wrong" if visitor == "wrong link" else token


def client_of(visitor, member, booking, token):
    """The visitor's browser."""
    client = Client()
    if visitor == "owner":
        client.force_login(member)
    elif visitor == "stranger":
        client.force_login(make_member("eve@example.com"))
    elif visitor in OFFICE:
        return signed_in(make_staff(visitor))
    elif visitor == "placer":
        session = client.session
        session[SESSION_KEY] = [str(booking.pk)]
        session.save()
    elif "link" in visitor:
        assert client.post(reverse("account:manage", args=[token])).status_code == 410
    elif visitor == "granted":
        spent = make_link(booking)
        assert client.post(reverse("account:manage", args=[spent])).status_code == 303
    return client


def url_of(name, booking, address, token):
    arguments = {
        "account:addresses_edit": [address.pk],
        "account:addresses_delete": [address.pk],
        "account:manage": [token],
        "booking:step": ["service"],
        "payments:link": ["unknown"],
    }
    for page in OF_A_BOOKING:
        arguments[f"account:{page}"] = [booking.pk]
    for page in ("proof", "document", "document_remove"):
        arguments[f"account:{page}"] = [booking.pk, uuid.uuid4()]
    return reverse(name, args=arguments.get(name, []))


def answered(client, method, url):
    """The status of one visit, which leaves no trace."""
    cookies = client.cookies.copy()
    with transaction.atomic():
        response = getattr(client, method)(url)
        transaction.set_rollback(True)
    client.cookies = cookies
    return response


@pytest.mark.parametrize("visitor", VISITORS)
def test_every_page_answers_as_the_table_says(visitor, member, booking, address):
    token = token_for(visitor, booking)
    client = client_of(visitor, member, booking, token)
    found = {
        (method, name): answered(client, method, url_of(name, booking, address, token)).status_code
        for method, name in MATRIX
    }
    assert found == {page: cells[visitor] for page, cells in MATRIX.items()}


@pytest.mark.parametrize("visitor", VISITORS)
def test_only_owners_see_more_than_four_facts_and_nobody_by_number(visitor, member, booking):
    client = client_of(visitor, member, booking, token_for(visitor, booking))
    url = reverse("account:status", args=[booking.pk])
    page = client.get(url).text
    private = ("Example Street", "ada@example.com", "$285.00", "Three suitcases")
    assert booking.booking_number in page
    assert [fact in page for fact in private] == [visitor in OWNERS] * len(private)

    assert client.get(f"/booking/{booking.booking_number}/").status_code == 404
    Booking.objects.update(deleted_at=clock.now())
    assert client.get(url).status_code == 404


def test_the_table_names_every_page():
    resolver = get_resolver()
    there = {
        f"{room}:{name}"
        for room in ROOMS
        for name in resolver.namespace_dict[room][1].reverse_dict
        if isinstance(name, str)
    }
    assert {name for _, name in MATRIX} == there
