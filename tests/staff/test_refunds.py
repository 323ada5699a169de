"""Refunds in the office: asked for, decided by another, retried, in bulk, on record."""

from uuid import uuid4

import pytest
from django.urls import reverse

from payments.gateway import get_gateway
from payments.models import Method, Payment, PaymentStatus, Refund, RefundStatus
from payments.services import approve_refund, request_refund, send_refund
from staff.models import ActionType, StaffAction
from tests.payments.money import at_stripe, paid
from tests.staff.forms import count_queries, fill, form_of
from tests.staff.helpers import make_staff

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]


def ask_url(payment):
    return reverse("staff:refund_request", args=[payment.pk])


def page_url(refund, page="refund"):
    return reverse(f"staff:{page}", args=[refund.pk])


def asked(payment, by, cents=100_00):
    return request_refund(payment.pk, amount_cents=cents, reason="Broken lamp", by=by)


def said(page):
    return [str(message) for message in page.context["messages"]]


def actions(*types):
    rows = StaffAction.objects.filter(action_type__in=types).order_by("created_at")
    return [(row.action_type, row.description) for row in rows]


def test_an_operator_asks_and_an_admin_approves(stripe, staff_client, operator, admin, run_queue):
    payment = paid(stripe)
    page = fill(staff_client(operator), ask_url(payment), amount_cents="85.50", reason="Late")
    refund = Refund.objects.get()
    assert page.url == page_url(refund)
    assert (refund.amount_cents, refund.requested_by, refund.status) == (
        85_50,
        operator,
        "requested",
    )

    answer = staff_client(admin).post(page_url(refund, "refund_decide"), {"decision": "approve"})
    assert answer.url == page_url(refund)
    run_queue()

    refund.refresh_from_db()
    assert (refund.status, refund.approved_by) == (RefundStatus.COMPLETED, admin)
    assert at_stripe(payment) == [("succeeded", 85_50)]
    types = ActionType.PROCESS_REFUND, ActionType.APPROVE_REFUND
    assert actions(*types) == [
        (ActionType.PROCESS_REFUND, "Asked for a refund of $85.50"),
        (ActionType.APPROVE_REFUND, "Approved a refund of $85.50"),
    ]
    assert set(StaffAction.objects.filter(action_type__in=types).values_list("booking_id")) == {
        (payment.booking_id,)
    }


@pytest.mark.parametrize(
    ("amount", "reason", "field", "message"),
    [
        ("285.01", "Late", "amount_cents", "Only $285.00 of this payment is left."),
        ("0", "Late", "amount_cents", "Enter an amount of at least 1 cent."),
        ("-1", "Late", "amount_cents", "Enter an amount of $0 or more."),
        ("1E+99999", "Late", "amount_cents", "Enter at most $1,000,000."),
        ("10", "  ", "reason", "Say why the money goes back."),
    ],
)
def test_what_cannot_be_asked_for(stripe, staff_client, operator, amount, reason, field, message):
    payment = paid(stripe)
    page = fill(staff_client(operator), ask_url(payment), amount_cents=amount, reason=reason)
    assert page.context["form"].errors == {field: [message]}
    assert f'value="{amount}"' in page.text
    assert not Refund.objects.exists()
    assert actions(ActionType.PROCESS_REFUND) == []


def test_refunds_under_way_count_as_gone(stripe, staff_client, operator):
    payment = paid(stripe)
    asked(payment, operator, 200_00)
    page = staff_client(operator).get(ask_url(payment))
    assert page.context["left_cents"] == 85_00
    assert page.context["form"]["amount_cents"].value() == 85
    asked(payment, operator, 85_00)
    page = staff_client(operator).get(ask_url(payment))
    assert "Nothing of this payment is left to give back." in page.text


def test_an_approver_asks_and_approves_in_one_step(stripe, staff_client, operator, admin):
    payment = paid(stripe)
    fill(staff_client(admin), ask_url(payment), amount_cents="10", reason="Late", approve="on")
    assert Refund.objects.get().status == RefundStatus.APPROVED
    # The box is nothing to those who may not approve, whatever they send.
    fill(staff_client(operator), ask_url(payment), amount_cents="10", reason="Late", approve="on")
    assert list(Refund.objects.filter(requested_by=operator).values_list("status")) == [
        (RefundStatus.REQUESTED,)
    ]


def test_above_the_limit_the_same_person_is_refused_and_told_before(stripe, staff_client, admin):
    payment = paid(stripe, standard_delivery_item_count=6)
    browser = staff_client(admin)
    page = fill(browser, ask_url(payment), amount_cents="500.01", reason="Late", approve="on")
    refund = Refund.objects.get()
    assert (refund.two_person, refund.status) == (True, RefundStatus.REQUESTED)
    page = browser.get(page_url(refund))
    assert "another person approves it" in page.text
    assert 'value="approve"' not in page.text
    assert 'value="deny"' in page.text

    page = browser.post(page_url(refund, "refund_decide"), {"decision": "approve"}, follow=True)
    assert said(page) == ["You asked for this refund: another person approves it."]
    refund.refresh_from_db()
    assert refund.status == RefundStatus.REQUESTED
    assert actions(ActionType.APPROVE_REFUND) == []

    other = make_staff("admin")
    staff_client(other).post(page_url(refund, "refund_decide"), {"decision": "approve"})
    refund.refresh_from_db()
    assert (refund.status, refund.approved_by) == (RefundStatus.APPROVED, other)


def test_without_the_flag_nobody_decides(stripe, staff_client, operator, manager):
    refund = asked(paid(stripe), operator)
    for person in (operator, manager):
        browser = staff_client(person)
        page = browser.get(page_url(refund))
        assert "Someone who may approve refunds decides about it." in page.text
        for name in ("refund_decide", "refund_send"):
            answer = browser.post(page_url(refund, name), {"decision": "approve"})
            assert answer.status_code == 403
        many = {"decision": "approve", "row": [str(refund.pk)]}
        assert browser.post(reverse("staff:refunds_decide"), many).status_code == 403
    refund.refresh_from_db()
    assert refund.status == RefundStatus.REQUESTED


def test_denying_needs_a_reason(stripe, staff_client, operator, admin):
    refund = asked(paid(stripe), operator)
    browser = staff_client(admin)
    page = browser.post(page_url(refund, "refund_decide"), {"decision": "deny", "reason": ""})
    assert page.context["form"].errors == {"reason": ["Say why."]}
    browser.post(
        page_url(refund, "refund_decide"), {"decision": "deny", "reason": "It was on time"}
    )
    refund.refresh_from_db()
    assert (refund.status, refund.denied_by) == (RefundStatus.DENIED, admin)
    assert refund.denial_reason == "It was on time"
    assert actions(ActionType.DENY_REFUND) == [
        (ActionType.DENY_REFUND, "Denied a refund of $100.00")
    ]
    page = browser.post(page_url(refund, "refund_decide"), {"decision": "approve"}, follow=True)
    assert said(page)[-1:] == ["This refund is denied already."]


def test_many_are_decided_each_by_itself(stripe, staff_client, operator, admin):
    payment = paid(stripe, standard_delivery_item_count=6)
    small = asked(payment, operator, 10_00)
    own = asked(payment, admin, 495_00)
    done = asked(payment, operator, 20_00)
    approve_refund(done.pk, by=admin)
    assert own.two_person
    rows = [str(pk) for pk in (small.pk, own.pk, done.pk, uuid4())] + ["nonsense"]

    page = staff_client(admin).post(
        reverse("staff:refunds_decide"), {"decision": "approve", "row": rows}, follow=True
    )

    number = payment.booking.booking_number
    assert said(page) == [
        f"{number}, $10.00: approved.",
        f"{number}, $495.00: You asked for this refund: another person approves it.",
        f"{number}, $20.00: This refund is approved already.",
    ]
    statuses = dict(Refund.objects.values_list("pk", "status"))
    assert (statuses[small.pk], statuses[own.pk]) == ("approved", "requested")
    assert len(actions(ActionType.APPROVE_REFUND)) == 1


def test_many_are_denied_with_one_reason_or_not_at_all(stripe, staff_client, operator, admin):
    payment = paid(stripe)
    rows = [str(asked(payment, operator, 1_00).pk) for _ in range(2)]
    browser, url = staff_client(admin), reverse("staff:refunds_decide")
    page = browser.post(url, {"decision": "deny", "row": rows, "reason": " "}, follow=True)
    assert said(page) == [f"{payment.booking.booking_number}, $1.00: Say why it is denied."] * 2
    browser.post(url, {"decision": "deny", "row": rows, "reason": "No"})
    assert set(Refund.objects.values_list("status", "denial_reason")) == {("denied", "No")}
    assert "Tick the refunds" in browser.post(url, {"decision": "deny"}, follow=True).text
    assert browser.post(url, {"decision": "burn", "row": rows}).status_code == 404


def test_a_refund_that_does_not_move_is_asked_about_and_sent_once(
    stripe, staff_client, operator, admin
):
    payment = paid(stripe)
    refund = asked(payment, operator)
    approve_refund(refund.pk, by=admin)
    browser, url = staff_client(admin), page_url(refund, "refund_send")
    assert "Ask Stripe now" in browser.get(page_url(refund)).text
    stripe.fault(match="GET /v1/refunds*", kind="error_500", times=None)
    assert "Stripe doesn’t answer" in said(browser.post(url, follow=True))[0]
    stripe._http.delete("/sandbox/faults")
    assert said(browser.post(url, follow=True)) == ["This refund is now: completed."]
    assert said(browser.post(url, follow=True)) == ["This refund is completed."]
    assert at_stripe(payment) == [("succeeded", 100_00)]


def test_a_failed_refund_is_asked_for_again(stripe, staff_client, operator, admin):
    payment = paid(stripe)
    refund = asked(payment, operator, 70_00)
    approve_refund(refund.pk, by=admin)
    get_gateway().create_refund(
        key=str(uuid4()),
        payment_id=str(payment.pk),
        intent_id=payment.stripe_payment_intent_id,
        amount_cents=285_00,
    )
    send_refund(refund.pk)
    refund.refresh_from_db()
    assert refund.status == RefundStatus.FAILED
    page = staff_client(admin).get(page_url(refund))
    assert f"{ask_url(payment)}?again={refund.pk}" in page.text
    Refund.objects.filter(kind="dashboard").update(status=RefundStatus.FAILED)
    Payment.objects.update(status=PaymentStatus.SUCCEEDED)
    form = form_of(staff_client(operator).get(f"{ask_url(payment)}?again={refund.pk}"))
    assert (form["amount_cents"], form["reason"]) == ("70", "Broken lamp")


def test_money_from_outside_stripe_is_not_refunded_here(stripe, staff_client, operator, admin):
    payment = paid(stripe)
    Payment.objects.filter(pk=payment.pk).update(
        method=Method.OUTSIDE, outside_method="cash", recorded_by=admin
    )
    page = staff_client(operator).get(ask_url(payment))
    assert "give it back as it was paid" in page.text
    page = staff_client(operator).post(ask_url(payment), {"amount_cents": "5", "reason": "Late"})
    assert page.context["form"].non_field_errors()
    assert not Refund.objects.exists()


def test_the_queue_shows_what_waits_first_and_every_state_a_click_away(
    stripe, staff_client, operator, admin
):
    payment = paid(stripe)
    waiting, denied = asked(payment, operator, 1_00), asked(payment, operator, 2_00)
    staff_client(admin).post(
        page_url(denied, "refund_decide"), {"decision": "deny", "reason": "No"}
    )
    browser = staff_client(operator)

    def shown(**filters):
        page = browser.get(reverse("staff:refunds"), filters)
        return [refund.pk for refund, _ in page.context["table"]]

    assert shown() == [waiting.pk]
    assert shown(queue="denied") == [denied.pk]
    assert shown(queue="all") == [denied.pk, waiting.pk]
    assert shown(queue="all", q=payment.booking.booking_number.lower()) == [denied.pk, waiting.pk]
    assert shown(queue="all", q="Sample Ada") == [denied.pk, waiting.pk]
    assert shown(queue="all", q="Nobody") == []
    assert shown(queue="nonsense", since="yesterday") == [waiting.pk]
    assert shown(queue="all", until="2020-01-01") == []


def test_the_queue_takes_as_many_queries_for_a_hundred_as_for_one(
    stripe, staff_client, operator, admin
):
    payment = paid(stripe)
    browser = staff_client(admin)

    def make(number):
        return Refund(
            payment=payment,
            kind="request",
            amount_cents=1,
            reason=f"r{number}",
            requested_by=operator,
        )

    Refund.objects.bulk_create([make(0)])
    one = count_queries(browser, reverse("staff:refunds"))
    Refund.objects.bulk_create(make(number) for number in range(1, 100))
    assert count_queries(browser, reverse("staff:refunds")) == one


def test_somebody_elses_ids_and_wrong_methods(staff_client, admin):
    browser = staff_client(admin)
    for name in ("refund", "refund_request"):
        assert browser.get(reverse(f"staff:{name}", args=[uuid4()])).status_code == 404
    assert browser.post(reverse("staff:refund_decide", args=[uuid4()])).status_code == 404
    for name in ("refund_decide", "refund_send"):
        assert browser.get(reverse(f"staff:{name}", args=[uuid4()])).status_code == 405
