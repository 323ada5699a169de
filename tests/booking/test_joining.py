"""Guest bookings join the account of their confirmed email; the office attaches and detaches."""

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from booking import services
from booking.models import Address, Booking, CustomerProfile, EventKind, GuestCheckout
from booking.services import joining
from tests.booking.helpers import ACCEPTANCE, make_booking, make_draft, place, shown_of
from totetaxi.users.models import User

pytestmark = pytest.mark.usefixtures("catalog")
CONTACT = ("Ada", "Sample", "ada@example.com", "2125550142")


def make_customer(email, *, confirmed=True):
    user = User.objects.create_user(email)
    CustomerProfile.objects.create(user=user)
    EmailAddress.objects.create(user=user, email=email, verified=confirmed, primary=True)
    return user


@pytest.fixture
def ada(db):
    return make_customer("ada@example.com")


@pytest.fixture
def office(db):
    return User.objects.create_user("boss@example.com", is_staff=True)


def contact_of(booking):
    return (booking.first_name, booking.last_name, booking.email, booking.phone)


def test_guest_bookings_join_in_any_case_and_keep_their_contact(ada):
    bookings = [make_booking(), make_booking()]
    Booking.objects.filter(pk=bookings[1].pk).update(email="ADA@Example.com")
    other = make_booking(email="bob@example.com")

    assert joining.join_guest_bookings(ada) == 2
    for booking in bookings:
        version = booking.version
        booking.refresh_from_db()
        # Whoever looks at it in the office at this moment is told.
        assert booking.version == version + 1
        assert (booking.customer, booking.guest_checkout) == (ada, None)
        event = booking.events.get(kind=EventKind.CHANGED)
        assert (event.actor, event.actor_label) == (ada, "customer")
        assert (event.before, event.after) == ({"customer": None}, {"customer": str(ada.pk)})
    assert contact_of(bookings[0]) == CONTACT
    other.refresh_from_db()
    assert other.customer is None
    assert list(GuestCheckout.objects.all()) == [other.guest_checkout]
    assert Address.objects.filter(customer=ada).count() == 4
    assert joining.join_guest_bookings(ada) == 0


def test_nothing_joins_an_unconfirmed_address():
    ada = make_customer("ada@example.com", confirmed=False)
    make_booking()
    assert joining.join_guest_bookings(ada) == 0


def test_nothing_joins_an_address_that_is_only_wanted(ada):
    make_booking(email="bob@example.com")
    EmailAddress.objects.create(user=ada, email="bob@example.com", verified=False)
    assert joining.join_guest_bookings(ada) == 0


def test_deleted_bookings_and_those_of_other_accounts_do_not_join(ada):
    bob = make_customer("bob@example.com")
    deleted, bobs = make_booking(), make_booking()
    Booking.objects.filter(pk=deleted.pk).update(deleted_at=timezone.now())
    joining.attach(bobs.pk, bob, actor=bob)
    assert joining.join_guest_bookings(ada) == 0


def test_office_attaches_and_detaches_with_a_record(ada, office):
    booking = make_booking(email="other@example.com")
    joining.attach(booking.pk, ada, actor=office)
    joining.attach(booking.pk, ada, actor=office)  # a second click
    booking.refresh_from_db()
    assert (booking.customer, booking.guest_checkout, booking.email) == (
        ada,
        None,
        "other@example.com",
    )

    joining.detach(booking.pk, actor=office)
    joining.detach(booking.pk, actor=office)
    booking.refresh_from_db()
    assert booking.customer is None
    guest = booking.guest_checkout
    assert (guest.first_name, guest.last_name, guest.email, guest.phone) == contact_of(booking)
    assert not Address.objects.filter(customer=ada).exists()
    events = booking.events.filter(kind=EventKind.CHANGED)
    assert [(e.actor, e.actor_label, e.before, e.after) for e in events] == [
        (office, "office", {"customer": None}, {"customer": str(ada.pk)}),
        (office, "office", {"customer": str(ada.pk)}, {"customer": None}),
    ]


def test_office_moves_a_booking_from_one_account_to_another(ada, office):
    bob, booking = make_customer("bob@example.com"), make_booking()
    joining.attach(booking.pk, bob, actor=office)
    joining.attach(booking.pk, ada, actor=office)
    booking.refresh_from_db()
    assert booking.customer == ada


def test_office_cannot_attach_to_an_unconfirmed_address_or_to_itself(office):
    booking = make_booking()
    unconfirmed = make_customer("new@example.com", confirmed=False)
    with pytest.raises(joining.NotJoinableError, match="not confirmed"):
        joining.attach(booking.pk, unconfirmed, actor=office)
    with pytest.raises(joining.NotJoinableError, match="belong to customers"):
        joining.attach(booking.pk, office, actor=office)


def test_a_booking_that_joined_before_it_was_paid_can_still_be_changed(ada):
    draft = make_draft()
    booking = place(draft)
    joining.join_guest_bookings(ada)
    booking = Booking.objects.get(pk=booking.pk)
    draft.update_answers({"standard_delivery_item_count": 5})
    services.rewrite(booking, draft, shown_of(draft), ACCEPTANCE)
    booking.refresh_from_db()
    assert (booking.customer, booking.guest_checkout) == (ada, None)
