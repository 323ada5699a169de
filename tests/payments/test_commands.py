from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from booking.models import Booking, BookingStatus
from payments.models import CheckoutAttempt, StripeEvent, StripeProof
from payments.services import record_event
from payments.services.runs import ALREADY_RUNNING, alone
from tests.booking.helpers import make_booking
from tests.catalog.helpers import in_another_thread
from tests.payments.helpers import begin_booking
from tests.payments.money import paid
from totetaxi.lib import clock
from totetaxi.outbox.models import Job

pytestmark = [pytest.mark.usefixtures("catalog"), pytest.mark.django_db]
JOBS = ["reconcile_payments", "alert_money", "cancel_unpaid", "compare_with_stripe"]


def run(name, *arguments):
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue().strip().splitlines()


@pytest.fixture
def silent(stripe):
    """A booking that was paid ten minutes ago, and nobody told us."""
    booking = begin_booking()
    stripe.pay(booking.pk, webhook="never")
    CheckoutAttempt.objects.update(created_at=clock.real_now() - timedelta(minutes=10))
    return booking


def test_reconcile_by_hand_shows_each_row_and_the_sum(silent):
    lines = run("reconcile_payments")
    assert lines[0].endswith(": paid")
    assert lines[-1] == "1 paid"
    silent.refresh_from_db()
    assert silent.status == BookingStatus.PAID


def test_dry_run_shows_the_same_and_changes_nothing(silent):
    lines = run("reconcile_payments", "--dry-run")
    assert lines[0].endswith(": at Stripe paid")
    silent.refresh_from_db()
    assert silent.status == BookingStatus.PENDING


def test_cancel_unpaid_by_hand(stripe):
    booking = make_booking()
    Booking.objects.update(created_at=clock.real_now() - timedelta(hours=25))
    assert run("cancel_unpaid", "--dry-run")[0].endswith("would be cancelled, if Stripe agrees")
    booking.refresh_from_db()
    assert booking.status == BookingStatus.PENDING
    assert run("cancel_unpaid")[-1] == "1 cancelled"


def test_alert_by_hand(silent):
    CheckoutAttempt.objects.update(expires_at=clock.real_now() - timedelta(hours=1))
    assert run("alert_money", "--dry-run")[-1] == "1 would stand"
    assert run("alert_money")[-1] == "1 stand, 1 new, 0 resolved"


def test_compare_by_hand_for_a_day_of_choice(stripe):
    paid(stripe)
    today = clock.real_now().date().isoformat()
    assert run("compare_with_stripe", f"--day={today}", "--dry-run")[-1].endswith(
        "1 equal (nothing was changed)"
    )
    assert StripeProof.objects.count() == 0
    assert run("compare_with_stripe", f"--day={today}")[-1].endswith("1 equal")
    assert StripeProof.objects.get().day.isoformat() == today


def test_compare_of_an_impossible_day_is_refused_in_a_sentence(stripe):
    with pytest.raises(CommandError, match="write it as 2026-11-21"):
        run("compare_with_stripe", "--day=2026-13-45")
    with pytest.raises(CommandError, match="has not come yet"):
        run("compare_with_stripe", "--day=2099-01-01")


def test_a_job_by_hand_that_stripe_does_not_answer_ends_in_a_sentence(stripe):
    stripe.fault(match="GET /v1/charges", kind="error_500", times=None)
    today = clock.real_now().date().isoformat()
    with pytest.raises(CommandError, match="compare_with_stripe could not go on: Stripe"):
        run("compare_with_stripe", f"--day={today}")


@pytest.mark.parametrize("name", JOBS)
def test_job_that_is_switched_off_runs_by_hand_only_if_asked_to(stripe, name):
    Job.objects.create(name=name, enabled=False)
    with pytest.raises(CommandError, match="switched off"):
        run(name)
    assert run(name, "--dry-run")
    assert run(name, "--anyway")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", JOBS)
def test_job_by_hand_does_not_run_beside_itself(stripe, name):
    with alone(name):
        assert in_another_thread(lambda: run(name)) == [ALREADY_RUNNING]


def test_replay_of_named_and_of_waiting_events(stripe, silent):
    from payments.gateway import get_gateway

    done = next(e for e in stripe.events() if e["type"] == "checkout.session.completed")
    record_event(get_gateway().get_event(done["id"]))
    assert run("replay_event", "--unprocessed", "--dry-run") == [f"{done['id']}: would be acted on"]
    assert StripeEvent.objects.get().processed_at is None
    assert run("replay_event", "--unprocessed") == [f"{done['id']}: paid"]
    assert run("replay_event", done["id"]) == [f"{done['id']}: paid"]
    assert run("replay_event", "--unprocessed") == ["No event waits."]


def test_replay_says_what_it_could_not_do(stripe):
    with pytest.raises(CommandError, match="1 of 1"):
        run("replay_event", "evt_of_nobody")
    with pytest.raises(CommandError, match="Name events"):
        run("replay_event")


def test_check_of_the_invariants_ends_with_0_1_or_2(stripe):
    payment = paid(stripe)
    lines = run("check_invariants", "--stripe", "--settled")
    assert [line.split()[0] for line in lines if line.startswith("I")] == [
        f"I{n}" for n in range(1, 7)
    ]
    assert any("last proven against Stripe" in line for line in lines)

    stripe.control(f"charges/{payment.stripe_charge_id}/dashboard_refund", webhook="never")
    assert run("check_invariants")
    with pytest.raises(CommandError, match="Broken: I3") as failure:
        run("check_invariants", "--stripe", "--settled")
    assert failure.value.returncode == 1

    stripe.fault(match="GET /v1/charges", kind="error_500", times=None)
    with pytest.raises(CommandError, match="could not be asked") as failure:
        run("check_invariants", "--stripe")
    assert failure.value.returncode == 2
