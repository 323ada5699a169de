"""Too many unpaid orders, as the customer sees it (rules R674 and R670)."""

import pytest
from django.urls import reverse

from booking.models import Booking, Draft
from payments.models import Payment
from tests.booking.helpers import make_booking, make_draft, shown_of, standard_answers

pytestmark = pytest.mark.usefixtures("catalog")
START, REVIEW = reverse("payments:start"), reverse("booking:review")


@pytest.fixture
def draft(client) -> Draft:
    """The complete order of this browser."""
    draft = make_draft(standard_answers())
    session = client.session
    session["draft_id"] = str(draft.pk)
    session.save()
    return draft


def press_pay(client, draft, **more):
    shown = shown_of(draft)
    typed = {
        "terms": "on",
        "draft_version": shown.draft_version,
        "shown_total_cents": shown.total_cents,
    }
    return client.post(START, typed | more)


def test_one_order_too_many_is_told_on_the_review_page_and_loses_nothing(client, draft, settings):
    settings.HOLDS_PER_EMAIL = 1
    make_booking()

    answer = press_pay(client, draft)

    assert (answer.status_code, answer["Location"]) == (302, REVIEW)
    page = client.get(REVIEW)
    assert page.status_code == 200
    assert "Too many orders from you are waiting for their payment." in page.text
    assert "Nothing was charged" in page.text
    assert "Three suitcases" in page.text
    assert (Booking.objects.count(), Payment.objects.count()) == (1, 0)


def test_one_order_is_tried_six_times_an_hour(client, draft, settings):
    settings.HOLDS_PER_EMAIL = 0
    codes = [press_pay(client, draft).status_code for _ in range(7)]
    assert codes == [302] * 6 + [429]
    refusal = press_pay(client, draft)
    assert 'name="terms" value="on"' in refusal.text
    assert int(refusal["Retry-After"]) <= 3600
