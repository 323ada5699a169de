"""Events, alerts, disputes and invariants in the office."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from catalog.models import CapacityDay
from payments.gateway import EventNotice
from payments.models import AlertKind, Dispute, MoneyAlert, Payment, StripeEvent
from payments.services import record_event, sync_disputes
from payments.services.alerts import look, raise_alert
from payments.services.runs import Run
from staff.models import StaffAction
from tests.booking.helpers import make_booking
from tests.payments.helpers import begin_booking
from tests.payments.money import paid
from tests.staff.forms import count_queries
from tests.staff.test_refunds import said
from totetaxi.lib import clock

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]


@pytest.fixture
def office(staff_client, manager):
    return staff_client(manager)


def heard(event_id="evt_1", kind="checkout.session.completed", about="cs_1"):
    record_event(EventNotice(event_id, kind, about, clock.real_now()))
    return StripeEvent.objects.get(pk=event_id)


# -- events --------------------------------------------------------------------


def test_events_are_filtered(office):
    heard("evt_1")
    done = heard("evt_2", "charge.refunded", "ch_1")
    done.mark_processed("synced", clock.real_now())

    def shown(**filters):
        page = office.get(reverse("staff:events"), filters)
        return [event.pk for event in page.context["page"].object_list]

    assert shown() == ["evt_2", "evt_1"]
    assert shown(state="waiting") == ["evt_1"]
    assert shown(state="done") == ["evt_2"]
    assert shown(type="charge.") == ["evt_2"]
    assert shown(q="ch_1") == ["evt_2"]
    assert shown(q="evt_1") == ["evt_1"]
    assert shown(q="\x00", type="%") == []


def test_replaying_an_event_settles_what_its_webhook_could_not(office, stripe):
    booking = begin_booking()
    session = stripe.pay(booking.pk, webhook="never")
    heard("evt_1", about=session)
    page = office.post(reverse("staff:event_replay"), {"event_id": "evt_1"}, follow=True)
    assert said(page) == ["evt_1: paid."]
    booking.refresh_from_db()
    assert booking.status == "paid"
    assert StaffAction.objects.filter(description="Acted on Stripe’s event evt_1 again").exists()


def test_an_event_that_never_arrived_is_fetched(office, stripe):
    booking = begin_booking()
    stripe.pay(booking.pk, webhook="never")
    event = next(e for e in stripe.events() if e["type"] == "checkout.session.completed")
    office.post(reverse("staff:event_replay"), {"event_id": event["id"]})
    booking.refresh_from_db()
    assert (booking.status, StripeEvent.objects.get().result) == ("paid", "paid")


def test_events_that_nobody_knows_or_that_are_none(office, stripe):
    page = office.post(reverse("staff:event_replay"), {"event_id": "evt_unknown"}, follow=True)
    assert said(page) == ["Stripe doesn’t know evt_unknown."]
    page = office.post(reverse("staff:event_replay"), {"event_id": "cs_1"})
    assert "It starts with evt_" in page.context["form"].errors["event_id"][0]
    stripe.fault(match="GET /v1/events*", kind="error_500", times=None)
    page = office.post(reverse("staff:event_replay"), {"event_id": "evt_other"}, follow=True)
    assert "Stripe doesn’t answer" in said(page)[0]
    assert not StaffAction.objects.filter(action_type="modify_booking").exists()
    assert office.get(reverse("staff:event_replay")).status_code == 405


# -- alerts --------------------------------------------------------------------


def alert(subject="ch_1", kind=AlertKind.NOT_IN_BOOKS, booking=None):
    raise_alert(kind, subject, "28500 cents", booking.pk if booking else None)
    return MoneyAlert.objects.get(subject=subject)


def test_an_alert_is_dismissed_with_a_reason_and_is_no_news_again(office, manager):
    booking = make_booking()
    one = alert(booking=booking)
    url = reverse("staff:alert_dismiss", args=[one.pk])
    assert booking.booking_number in office.get(url).text
    page = office.post(url, {"reason": " "})
    assert page.context["form"].errors == {"reason": ["Say why."]}
    assert set(office.post(url, {"reason": "x" * 301}).context["form"].errors) == {"reason"}

    office.post(url, {"reason": "Refunded by hand"})

    one.refresh_from_db()
    assert (one.dismissed_by, one.dismissal_reason) == (manager, "Refunded by hand")
    assert one.resolved_at is not None
    assert StaffAction.objects.get(booking=booking).after["reason"] == "Refunded by hand"
    raise_alert(AlertKind.NOT_IN_BOOKS, "ch_1", "28500 cents")
    assert MoneyAlert.objects.standing().count() == 0
    page = office.post(url, {"reason": "Again"}, follow=True)
    assert said(page)[-1:] == ["This alert is resolved already."]
    assert StaffAction.objects.filter(booking=booking).count() == 1


def test_alerts_show_what_stands_and_lead_to_it(office, stripe):
    payment = paid(stripe)
    booking = payment.booking
    type(booking).objects.filter(pk=booking.pk).update(status="pending")
    Payment.objects.update(processed_at=clock.now() - timedelta(hours=1))
    look(Run())
    alert("ch_9")
    gone = alert("ch_8")
    MoneyAlert.objects.filter(pk=gone.pk).update(resolved_at=clock.real_now())

    def shown(**filters):
        page = office.get(reverse("staff:alerts"), filters)
        return {row.subject: link for row, link in page.context["table"]}

    assert set(shown()) == {str(payment.pk), "ch_9"}
    assert shown()[str(payment.pk)] == ("Payment", reverse("staff:payment", args=[payment.pk]))
    assert set(shown(state="gone")) == {"ch_8"}
    assert len(shown(state="all")) == 3
    assert set(shown(kind=AlertKind.NOT_IN_BOOKS)) == {"ch_9"}
    MoneyAlert.objects.all().delete()
    assert "Nothing is wrong with money." in office.get(reverse("staff:alerts")).text


def test_an_alert_about_no_id_of_ours_has_no_page(office):
    alert("not-a-uuid", AlertKind.REFUND_STUCK)
    page = office.get(reverse("staff:alerts"))
    assert [link for _, link in page.context["table"]] == [None]


def test_lists_have_as_many_queries_for_a_hundred_as_for_one(office, manager):
    booking, now = make_booking(), clock.real_now()
    payment = Payment.objects.create(booking=booking, amount_cents=1, status="failed")

    def make(number):
        MoneyAlert.objects.create(
            kind=AlertKind.DIFFERS, subject=f"ch_{number}", booking=booking, last_seen_at=now
        )
        StripeEvent.objects.create(
            event_id=f"evt_{number}", type="x", object_id="y", created_at_stripe=now
        )
        Dispute.objects.create(
            payment=payment,
            stripe_dispute_id=f"dp_{number}",
            amount_cents=1,
            reason="fraudulent",
            status="needs_response",
            opened_at=now,
        )

    paths = [reverse(f"staff:{name}") for name in ("alerts", "events", "disputes")]
    make(0)
    one = [count_queries(office, path) for path in paths]
    for number in range(1, 100):
        make(number)
    assert [count_queries(office, path) for path in paths] == one


# -- disputes and invariants ------------------------------------------------------


def test_disputes_are_listed_and_filtered(office, stripe):
    payment = paid(stripe)
    stripe.control(f"charges/{payment.stripe_charge_id}/dispute", webhook="never")
    sync_disputes(payment.pk)
    dispute = Dispute.objects.get()
    page = office.get(reverse("staff:disputes"), {"state": "open", "q": "ada@example"})
    assert dispute.stripe_dispute_id in page.text
    page = office.get(reverse("staff:disputes"), {"state": "closed"})
    assert "No dispute fits." in page.text


def test_invariants_hold_and_say_when_one_does_not(office, stripe):
    booking = paid(stripe).booking
    page = office.get(reverse("staff:invariants"))
    assert "All hold." in page.text
    assert [result.number for result, _ in page.context["results"]] == [
        f"I{n}" for n in range(1, 7)
    ]

    CapacityDay.objects.filter(pk=booking.pickup_date).update(used=5)

    page = office.get(reverse("staff:invariants"))
    assert "1 of 6 is broken." in page.text
    assert f"{booking.pickup_date}: 5 counted as taken, 1 held" in page.text


def test_invariants_are_compared_with_stripe_when_asked(office, stripe):
    payment = paid(stripe)
    Payment.objects.update(created_at=clock.real_now() - timedelta(hours=1))
    page = office.get(reverse("staff:invariants"), {"stripe": "1"})
    assert "All money was compared with Stripe’s just now" in page.text
    stripe.fault(match="GET /v1/charges*", kind="error_500", times=None)
    page = office.get(reverse("staff:invariants"), {"stripe": "1"})
    assert "only our own rows were checked" in page.text
    assert payment.pk


def test_unknown_alert(office):
    assert office.get(reverse("staff:alert_dismiss", args=[uuid4()])).status_code == 404


def test_no_alert_is_dismissed_without_a_row_in_the_audit(office, monkeypatch):
    raise_alert(AlertKind.NOT_IN_BOOKS, "ch_1", "28500 cents")
    alert = MoneyAlert.objects.get()

    def broken(*_args, **_more):
        raise RuntimeError("the audit cannot be written")

    monkeypatch.setattr("staff.views.money_watch.log_action", broken)
    with pytest.raises(RuntimeError):
        office.post(reverse("staff:alert_dismiss", args=[alert.pk]), {"reason": "Seen"})
    assert MoneyAlert.objects.get().resolved_at is None
