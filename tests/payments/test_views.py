import pytest
from django.urls import reverse

from booking.models import Booking, BookingStatus
from payments.models import Payment
from tests.booking.helpers import make_draft, shown_of, standard_answers

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def draft(client):
    """A complete draft of this browser."""
    draft = make_draft()
    session = client.session
    session["draft_id"] = str(draft.pk)
    session.save()
    return draft


def start(client, draft, **changes):
    shown = shown_of(draft)
    data = {
        "terms": "on",
        "draft_version": shown.draft_version,
        "shown_total_cents": shown.total_cents,
        **changes,
    }
    return client.post(reverse("payments:start"), data)


def texts(client):
    page = client.get(reverse("booking:review"))
    return [str(message) for message in page.context["messages"]]


def test_start_sends_the_customer_to_stripe(client, stripe, draft):
    answer = start(client, draft)
    assert answer.status_code == 303
    assert answer["Location"].startswith(stripe.url)
    assert Booking.objects.get().status == BookingStatus.PENDING


def test_start_twice_sends_to_the_same_session(client, stripe, draft):
    assert start(client, draft)["Location"] == start(client, draft)["Location"]
    assert Booking.objects.count() == 1


def test_start_keeps_what_was_agreed_to(client, stripe, draft, settings):
    settings.TRUSTED_PROXIES = 1
    client.post(
        reverse("payments:start"),
        {
            "terms": "on",
            "draft_version": 1,
            "shown_total_cents": 285_00,
        },
        headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9", "User-Agent": "Mozilla/5.0"},
    )
    booking = Booking.objects.get()
    assert booking.terms_version == "2026-11"
    assert booking.terms_ip_address == "203.0.113.9"
    assert booking.terms_user_agent == "Mozilla/5.0"
    assert booking.terms_accepted_at is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"terms": ""},
        {"draft_version": "x"},
        {"shown_total_cents": ""},
        {"shown_total_cents": "-1"},
        {"draft_version": str(10**30)},
    ],
)
def test_start_without_terms_or_with_rubbish_charges_nothing(client, stripe, draft, changes):
    answer = start(client, draft, **changes)
    assert (answer.status_code, answer["Location"]) == (302, reverse("booking:review"))
    assert Booking.objects.count() == 0


def test_start_at_another_price_says_what_changed(client, stripe, draft):
    start(client, draft, shown_total_cents=200_00)
    assert any("from $200.00 to $285.00" in text for text in texts(client))
    assert Booking.objects.count() == 0


def test_start_of_a_draft_changed_in_another_tab_asks_again(client, stripe, draft):
    shown = shown_of(draft)
    draft.update_answers({"standard_delivery_item_count": 5})
    start(client, draft, draft_version=shown.draft_version)
    assert any("another tab" in text for text in texts(client))
    assert Booking.objects.count() == 0


def test_start_while_stripe_is_down_says_so_and_keeps_everything(client, stripe, draft):
    stripe.fault(match="POST /v1/checkout/sessions", kind="error_500", times=None)
    answer = start(client, draft)
    assert answer["Location"] == reverse("booking:review")
    assert any("Nothing was charged" in text for text in texts(client))
    assert Payment.objects.get().status == "pending"


def test_start_without_a_draft_begins_at_the_start(client, stripe):
    answer = client.post(reverse("payments:start"), {"terms": "on"})
    assert answer["Location"] == reverse("booking:start")


def test_start_again_after_paying_shows_the_booking(client, stripe, draft):
    start(client, draft)
    booking = Booking.objects.get()
    session_id = stripe.pay(booking.pk, webhook="never")
    client.get(reverse("payments:done"), {"session_id": session_id})

    answer = client.post(
        reverse("payments:start"),
        {"terms": "on", "draft_version": 1, "shown_total_cents": 285_00},
    )
    assert answer["Location"] == reverse("account:status", args=[booking.pk])


def test_start_opened_by_hand_leads_to_the_review(client):
    assert client.get(reverse("payments:start"))["Location"] == reverse("booking:review")
    assert client.put(reverse("payments:start")).status_code == 405


def test_start_needs_the_csrf_token(stripe):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    assert strict.post(reverse("payments:start"), {"terms": "on"}).status_code == 403


def test_done_settles_without_a_webhook_and_confirms(client, stripe, draft):
    start(client, draft)
    booking = Booking.objects.get()
    session_id = stripe.pay(booking.pk, webhook="never")

    page = client.get(reverse("payments:done"), {"session_id": session_id}, follow=True)

    booking.refresh_from_db()
    assert booking.status == BookingStatus.PAID
    assert "You’re booked" in page.text
    assert booking.booking_number in page.text
    assert "ada@example.com" in page.text


def test_done_of_an_unpaid_session_goes_back_to_review(client, stripe, draft):
    start(client, draft)
    session_id = stripe.session_of(Booking.objects.get().pk)
    answer = client.get(reverse("payments:done"), {"session_id": session_id})
    assert answer["Location"] == reverse("booking:review")


def test_done_while_stripe_is_down_asks_nobody_to_pay_again(client, stripe, draft):
    start(client, draft)
    session_id = stripe.pay(Booking.objects.get().pk, webhook="never")
    stripe.fault(match="GET /v1/checkout/sessions/*", kind="error_500", times=None)
    page = client.get(reverse("payments:done"), {"session_id": session_id})
    assert page.status_code == 200
    assert "don’t pay again" in page.text


@pytest.mark.parametrize("session_id", ["", "cs_test_unknown", "x" * 5000, "../../etc", "\x00"])
def test_done_of_no_session_of_ours_is_not_found(client, stripe, session_id):
    answer = client.get(reverse("payments:done"), {"session_id": session_id})
    assert answer.status_code == 404


def test_done_in_another_browser_shows_four_facts_only(client, stripe, draft):
    start(client, draft)
    booking = Booking.objects.get()
    session_id = stripe.pay(booking.pk, webhook="never")
    from django.test import Client

    page = Client().get(reverse("payments:done"), {"session_id": session_id}, follow=True)

    assert booking.booking_number in page.text
    for private in ("Ada", "Sample", "ada@example.com", "Example Street", "285.00", "555-0142"):
        assert private not in page.text


def test_free_order_is_confirmed_without_stripe(client, stripe):
    from catalog.models import DiscountCode

    DiscountCode.objects.create(code="FREE", discount_type="percentage", percent=100)
    free = make_draft(standard_answers(discount_code="FREE"))
    session = client.session
    session["draft_id"] = str(free.pk)
    session.save()

    answer = start(client, free)

    booking = Booking.objects.get()
    assert answer["Location"] == reverse("account:status", args=[booking.pk])
    assert booking.status == BookingStatus.PAID
