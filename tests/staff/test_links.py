"""Payment links in the office: which stand, a new one for an old one, revoking."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from payments.models import PaymentLink
from payments.services import change_by_staff, create_link, open_link, settle
from staff.models import StaffAction
from tests.booking.helpers import make_booking
from tests.payments.changing import asked
from tests.payments.helpers import BASE_URL
from tests.payments.money import paid_booking
from tests.staff.forms import count_queries
from tests.staff.helpers import make_staff
from tests.staff.test_refunds import said
from totetaxi.lib import clock

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]


@pytest.fixture
def office(staff_client, operator):
    return staff_client(operator)


def states(office, **filters):
    page = office.get(reverse("staff:links"), filters)
    return [state for _, (state, _) in page.context["table"]]


def test_links_are_listed_with_what_they_are_now(office, operator, run_queue):
    link = create_link(make_booking().pk, by=operator)
    assert states(office) == ["Not sent yet"]
    assert states(office, state="unsent") == ["Not sent yet"]
    run_queue()
    assert states(office) == ["Waiting for the customer"]
    assert states(office, state="unsent") == []
    assert states(office, state="live", q="Ada") == ["Waiting for the customer"]
    PaymentLink.objects.filter(pk=link.pk).update(expires_at=clock.now() - timedelta(hours=1))
    assert states(office, state="over") == ["Time is over"]
    page = office.get(reverse("staff:links"))
    # The address is a key: who has it can pay and see the order.
    assert link.token not in page.text


def test_a_new_link_ends_the_old_one_and_is_mailed(office, operator, run_queue, mailoutbox):
    booking = make_booking()
    old = create_link(booking.pk, by=None)
    page = office.post(reverse("staff:link_resend", args=[old.pk]), follow=True)
    assert said(page) == [f"A new link for {booking.booking_number} is on its way by mail."]
    run_queue()
    new = PaymentLink.objects.standing().get()
    old.refresh_from_db()
    assert (new.created_by, old.revoked_at is not None) == (operator, True)
    assert [mail.to for mail in mailoutbox] == [["ada@example.com"]]
    assert new.token in mailoutbox[0].body
    action = StaffAction.objects.get(booking=booking)
    assert action.action_type == "send_notification"
    assert states(office) == ["Waiting for the customer", "Ended by us"]


def test_revoking_ends_the_page_at_stripe_too(office, stripe, operator):
    booking = make_booking()
    link = create_link(booking.pk, by=operator)
    open_link(link.pk, base_url=BASE_URL)
    session = stripe.session_of(booking.pk)
    url = reverse("staff:link_revoke", args=[link.pk])
    assert said(office.post(url, follow=True)) == [
        f"The link of {booking.booking_number} no longer works."
    ]
    assert stripe.state()["sessions"].get("expired", 0) == 1, session
    assert said(office.post(url, follow=True)) == ["This link has ended already."]
    assert StaffAction.objects.filter(booking=booking).count() == 1


def test_nothing_ends_while_stripe_cannot_be_asked(office, stripe, operator):
    booking = make_booking()
    link = create_link(booking.pk, by=operator)
    open_link(link.pk, base_url=BASE_URL)
    stripe.fault(match="* /v1/checkout/sessions*", kind="error_500", times=None)
    for name in ("link_revoke", "link_resend"):
        page = office.post(reverse(f"staff:{name}", args=[link.pk]), follow=True)
        assert "Stripe doesn’t answer" in said(page)[0]
    link.refresh_from_db()
    assert link.revoked_at is None
    assert not StaffAction.objects.filter(booking=booking).exists()


def test_a_paid_or_cancelled_booking_gets_no_link(office, operator):
    booking = make_booking()
    link = create_link(booking.pk, by=operator)
    type(booking).objects.filter(pk=booking.pk).update(status="cancelled")
    page = office.post(reverse("staff:link_resend", args=[link.pk]), follow=True)
    assert said(page) == ["This booking is cancelled."]
    assert states(office) == ["Booking cancelled"]


def test_who_may_not_change_bookings_only_looks(staff_client):
    person = make_staff("operator", can_modify_bookings=False)
    browser = staff_client(person)
    link = create_link(make_booking().pk, by=None)
    page = browser.get(reverse("staff:links"))
    assert "Revoke" not in page.text
    for name in ("link_resend", "link_revoke"):
        assert browser.post(reverse(f"staff:{name}", args=[link.pk])).status_code == 403


def test_acts_are_posted(office):
    for name in ("link_resend", "link_revoke"):
        assert office.get(reverse(f"staff:{name}", args=[uuid4()])).status_code == 405


def test_links_list_has_as_many_queries_for_a_hundred_as_for_one(office, operator):
    booking, now = make_booking(), clock.now()

    def make(number):
        return PaymentLink(booking=booking, created_by=operator, expires_at=now, revoked_at=now)

    PaymentLink.objects.bulk_create([make(0)])
    one = count_queries(office, reverse("staff:links"))
    PaymentLink.objects.bulk_create(make(number) for number in range(1, 100))
    assert count_queries(office, reverse("staff:links")) == one
    assert office.post(reverse("staff:link_revoke", args=[uuid4()])).status_code == 404


def test_revoking_from_the_page_of_the_booking_comes_back_to_it(office, operator):
    booking = make_booking()
    link = create_link(booking.pk, by=operator)
    detail = reverse("staff:booking", args=[booking.pk])
    assert 'name="back" value="booking"' in office.get(detail).text
    gone = office.post(reverse("staff:link_revoke", args=[link.pk]), {"back": "booking"})
    assert gone.url == detail


def test_a_link_for_a_change_asks_for_its_difference_and_can_be_sent_again(
    office, operator, stripe
):
    booking = paid_booking(stripe)
    done = change_by_staff(
        booking.pk,
        asked(booking, standard_delivery_item_count=4),
        version=booking.version,
        price="new",
        actor=operator,
    )
    page = office.get(reverse("staff:links"))
    [(link, state)] = page.context["table"]
    assert (link.to_pay_cents, state[0]) == (95_00, "Not sent yet")
    assert "$95.00" in page.text
    mail = reverse("staff:booking_mail", args=[booking.pk])
    offered = office.get(mail)
    kinds = [one.kind for one in offered.context["offered"]]
    assert kinds == ["confirmation", "change", "payment_link", "receipt"]
    data = {"kind": "payment_link", "token": uuid4(), "standing": offered.context["standing"]}
    office.post(mail, data)
    done.link.refresh_from_db()
    new = PaymentLink.objects.standing().get()
    assert (done.link.revoked_at is None, new.change) == (False, done.link.change)
    open_link(new.pk, base_url=BASE_URL)
    settle(stripe.pay(booking.pk, webhook="never"))
    assert states(office) == ["Paid", "Paid"]
    assert "payment_link" not in [one.kind for one in office.get(mail).context["offered"]]


def test_no_link_ends_without_a_row_in_the_audit(office, operator, monkeypatch):
    link = create_link(make_booking().pk, by=operator)

    def broken(*_args, **_more):
        raise RuntimeError("the audit cannot be written")

    monkeypatch.setattr("staff.views.links.log_action", broken)
    for name in ("link_revoke", "link_resend"):
        with pytest.raises(RuntimeError):
            office.post(reverse(f"staff:{name}", args=[link.pk]))
    assert PaymentLink.objects.get().revoked_at is None


def test_links_of_hidden_bookings_are_not_listed(office, operator):
    booking = make_booking()
    link = create_link(booking.pk, by=operator)
    type(booking).objects.filter(pk=booking.pk).update(deleted_at=clock.now())
    assert states(office) == []
    assert office.post(reverse("staff:link_revoke", args=[link.pk])).status_code == 404


def test_the_address_of_a_link_is_for_those_who_may_change_the_booking(staff_client, operator):
    booking = make_booking()
    link = create_link(booking.pk, by=None)
    url = reverse("staff:booking", args=[booking.pk])
    assert link.token in staff_client(operator).get(url).text
    looking = staff_client(make_staff("operator", can_modify_bookings=False)).get(url)
    assert link.token not in looking.text
