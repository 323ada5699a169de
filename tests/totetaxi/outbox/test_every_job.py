"""Every job in the registry: by hand, twice, switched off, and with one row that raises.

A new job fails here until it stands in ``CASES`` and in ``WALKS`` or ``AT_ONCE``.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_q.models import Failure

from booking.models import Booking, BookingStatus, CustomerProfile, Draft
from catalog.models import SurchargeRule
from logistics.models import OnfleetTask
from logistics.services import dispatch
from payments.models import CheckoutAttempt, MoneyAlert
from staff.models import SignInTries
from tests.booking.helpers import make_booking, make_draft, standard_answers
from tests.logistics.helpers import make_paid
from tests.onfleet import Onfleet
from tests.payments.conftest import Stripe, stripe  # noqa: F401 (the fixture)
from tests.payments.helpers import begin_booking
from tests.payments.money import paid_booking
from totetaxi.account.models import LinkRequest
from totetaxi.lib import clock
from totetaxi.outbox import registry
from totetaxi.outbox.models import Job, Message
from totetaxi.outbox.registry import handles
from totetaxi.outbox.services import SKIPPED_OFF, run_job
from totetaxi.outbox.testing import run_queue
from totetaxi.pages.models import ContactMessage
from totetaxi.users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalog")]

# 12:00 in New York.
NOON = datetime(2026, 6, 9, 16, tzinfo=UTC)
LONG_AGO = timedelta(days=400)
# Tables of the machinery itself, and columns that say when something was last looked at.
MACHINERY = re.compile(r"outbox_(job|beat)|django_(q|session|migrations)|cache|rate_counter")
LOOKED = ["last_synced", "last_seen_at", "proven_at", "synced_at", "updated_at"]


@dataclass(frozen=True)
class World:
    """Where a case finds its stand-ins; each starts when it is asked for."""

    request: pytest.FixtureRequest

    @property
    def stripe(self) -> Stripe:
        given: Stripe = self.request.getfixturevalue("stripe")
        return given

    @property
    def onfleet(self) -> Onfleet:
        given: Onfleet = self.request.getfixturevalue("onfleet")
        return given

    @property
    def settings(self) -> Any:
        return self.request.getfixturevalue("settings")


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    return World(request)


def contents() -> dict[str, str]:
    """What every table holds, apart from the machinery and from when one looked."""
    with connection.cursor() as cursor:
        tables = [
            table.name
            for table in connection.introspection.get_table_list(cursor)
            if table.type == "t" and not MACHINERY.match(table.name)
        ]
        row = "(to_jsonb(t) - %s::text[])::text"
        each = (
            f"SELECT '{name}', md5(coalesce(string_agg({row}, '' ORDER BY {row}), '')) "  # noqa: S608
            f"FROM {connection.ops.quote_name(name)} t"
            for name in tables
        )
        cursor.execute(" UNION ALL ".join(each), [LOOKED] * 2 * len(tables))
        return dict(cursor.fetchall())


def noon() -> time_machine.travel:
    return time_machine.travel(NOON, tick=False)


# --- What each job finds


def open_payments(world: World) -> None:
    """Two that were paid, of which nobody told us, and one whose page ended."""
    sandbox = world.stripe
    paid, other, ended = (begin_booking(email=f"{name}@example.com") for name in "abc")
    for booking in (paid, other):
        sandbox.pay(booking.pk, webhook="never")
    sandbox.control(f"sessions/{sandbox.session_of(ended.pk)}/expire", webhook="never")
    CheckoutAttempt.objects.update(created_at=clock.real_now() - timedelta(minutes=4))


def dead_tasks(world: World) -> None:
    for number in range(2):
        given_up(f"one {number}", handler="payments.send_refund")


def given_up(key: str, **fields: Any) -> Message:
    return Message.objects.create(
        **{"event": "e", "handler": "shop.mail", "subject_id": "1", "key": key, **fields},
        dead_at=timezone.now(),
    )


def unpaid(world: World) -> None:
    for name in "ab":
        make_booking(email=f"{name}@example.com")
    Booking.objects.update(created_at=clock.real_now() - timedelta(hours=25))


def yesterdays_money(world: World) -> None:
    """Compared on the day after the money moved."""
    sandbox = world.stripe
    for name in "ab":
        paid_booking(sandbox, email=f"{name}@example.com")
    run_queue()
    traveller = time_machine.travel(datetime.now(UTC) + timedelta(days=1))
    traveller.start()
    world.request.addfinalizer(traveller.stop)


def undispatched(world: World) -> None:
    world.onfleet  # noqa: B018 (starts it)
    for name in "ab":
        make_paid(standard_answers(email=f"{name}@example.com"))
    Message.objects.all().delete()


def dispatched(world: World) -> None:
    world.onfleet  # noqa: B018 (starts it)
    for name in "ab":
        dispatch(make_paid(standard_answers(email=f"{name}@example.com")).pk)
    OnfleetTask.objects.update(window_start=clock.now())
    Message.objects.all().delete()


def tomorrows_bookings(world: World) -> None:
    """Two of tomorrow and one of the day after, all paid a week ago."""
    for name, days in (("a", 1), ("b", 1), ("c", 2)):
        booking = make_booking(email=f"{name}@example.com")
        amend(booking, pickup_date=clock.today() + timedelta(days=days))
    Booking.objects.update(status=BookingStatus.PAID, paid_at=clock.now() - timedelta(days=7))


def delivered(world: World) -> None:
    world.settings.GOOGLE_REVIEW_PLACE_ID = "a place"
    for name in "ab":
        make_booking(email=f"{name}@example.com")
    hours_ago = clock.now() - timedelta(hours=3)
    Booking.objects.update(
        status=BookingStatus.COMPLETED, paid_at=hours_ago, completed_at=hours_ago
    )


def amend(booking: Booking, **fields: Any) -> None:
    Booking.objects.filter(pk=booking.pk).update(**fields)


def unqueued(world: World) -> None:
    for number in range(2):
        Message.objects.create(
            event="e", handler="shop.mail", subject_id=str(number), key=str(number), queued_at=None
        )


def old_rows(world: World) -> None:
    long_ago = timezone.now() - LONG_AGO
    fields = {"event": "e", "handler": "h.h", "subject_id": "1", "created_at": long_ago}
    Message.objects.create(**fields, key="done", done_at=long_ago)
    Message.objects.create(**fields, key="dead", dead_at=long_ago)
    Failure.objects.create(
        id="f" * 32, name="f", func="f", started=long_ago, stopped=long_ago, success=False
    )


def old_drafts(world: World) -> None:
    make_draft()
    Draft.objects.update(expires_at=clock.now() - timedelta(minutes=1))
    make_draft()


def old_requests(world: World) -> None:
    for at in (timezone.now() - LONG_AGO, timezone.now()):
        LinkRequest.objects.create(booking_number="TT-1", email="a@example.com", created_at=at)


def old_tries(world: World) -> None:
    for name, at in (("a", timezone.now() - LONG_AGO), ("b", timezone.now())):
        SignInTries.objects.create(account=name, since=at, last_at=at)


def old_notes(world: World) -> None:
    for at in (timezone.now() - LONG_AGO, timezone.now()):
        ContactMessage.objects.create(
            name="Ann", email="a@example.com", subject="s", message="m", sent_at=at
        )


def old_claims(world: World) -> None:
    for name, at in (("a", timezone.now() - LONG_AGO), ("b", timezone.now())):
        user = User.objects.create_user(f"{name}@example.com", date_joined=at)
        CustomerProfile.objects.create(user=user)


def missing_dates(world: World) -> None:
    SurchargeRule.objects.filter(surcharge_type="peak_date").first().delete()


def nothing(world: World) -> None:
    """The job needs nothing."""


@dataclass(frozen=True)
class Case:
    """What a job finds, and what it says when it runs first and when it runs again."""

    arrange: Callable[[World], None]
    first: str
    again: str
    # The job goes by the hours of the day.
    at_noon: bool = False
    # There is nothing to be seen of it in the tables.
    idle: bool = False


CASES = {
    # New until the mail is out; it was announced once.
    "alert_money": Case(dead_tasks, "2 stand, 2 new, 0 resolved", "2 stand, 2 new, 0 resolved"),
    "cancel_unpaid": Case(unpaid, "2 cancelled", "nothing unpaid"),
    "compare_with_stripe": Case(
        yesterdays_money, r"\d{4}-\d\d-\d\d: 2 equal", r"\d{4}-\d\d-\d\d: 2 equal"
    ),
    "dispatch_retry": Case(undispatched, "2 bookings sent, 0 failed", "0 bookings sent, 0 failed"),
    "extend_seasons": Case(missing_dates, "1 rows created", "nothing missing"),
    "onfleet_sync": Case(
        dispatched,
        "4 read, 0 failed; 0 webhooks, 0 failures in a row",
        "4 read, 0 failed; 0 webhooks, 0 failures in a row",
    ),
    "outbox.beat": Case(nothing, "alive", "alive", idle=True),
    "outbox.deliver_due": Case(unqueued, "2 queued", "0 queued"),
    "outbox.purge": Case(
        old_rows,
        "1 messages, 0 mails, 1 queue failures, 0 counters",
        "0 messages, 0 mails, 0 queue failures, 0 counters",
    ),
    "purge_claims": Case(old_claims, "1 deleted", "0 deleted"),
    "purge_contact_messages": Case(old_notes, "1 deleted", "0 deleted"),
    "purge_drafts": Case(old_drafts, "1 drafts deleted", "0 drafts deleted"),
    "purge_manage_links": Case(old_requests, "1 deleted", "0 deleted"),
    "purge_sign_in_tries": Case(old_tries, "1 forgotten", "0 forgotten"),
    "reconcile_payments": Case(open_payments, "1 expired, 2 paid", "nothing open"),
    "request_reviews": Case(delivered, "2 asked", "0 asked", at_noon=True),
    "send_reminders": Case(tomorrows_bookings, "2 reminded", "0 reminded", at_noon=True),
}


@pytest.fixture
def case(request: pytest.FixtureRequest, world: World) -> Iterator[tuple[str, Case]]:
    """A job by name, with what it finds already there."""
    name: str = request.param
    found = CASES[name]
    if not found.at_noon:
        found.arrange(world)
        yield name, found
        return
    with noon():
        found.arrange(world)
        yield name, found


@pytest.mark.parametrize("case", CASES, indirect=True)
def test_job_does_nothing_while_it_is_off_and_its_work_once_when_it_is_on(case, capsys):
    name, expected = case
    Job.objects.create(name=name, enabled=False)
    before = contents()
    assert run_job(name) == SKIPPED_OFF
    assert contents() == before

    Job.objects.update(enabled=True)
    call_command("run_job", name)
    assert re.fullmatch(expected.first, capsys.readouterr().out.strip())
    after = contents()
    assert (after == before) is expected.idle

    call_command("run_job", name)
    assert re.fullmatch(expected.again, capsys.readouterr().out.strip())
    assert contents() == after


# --- One row that raises


def broken_for(monkeypatch: pytest.MonkeyPatch, place: str, is_broken: Callable[..., bool]) -> None:
    """Let a function raise for the arguments that ``is_broken`` names, and work for all others."""
    module, _, name = place.rpartition(".")
    works = getattr(import_module(module), name)

    def sometimes(*args: Any, **kwargs: Any) -> Any:
        if is_broken(*args, **kwargs):
            raise RuntimeError("this row is broken")
        return works(*args, **kwargs)

    monkeypatch.setattr(place, sometimes)


def first_booking() -> Booking:
    return Booking.objects.get(email="a@example.com")


def break_session(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    session = world.stripe.session_of(first_booking().pk)
    broken_for(
        monkeypatch, "payments.services.reconciliation.settle", lambda given: given == session
    )


def break_finding(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Message.objects.get(key="one 0").pk
    broken_for(
        monkeypatch, "payments.services.alerts.store", lambda finding: str(broken) in str(finding)
    )


def break_cancelling(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = first_booking().pk
    broken_for(monkeypatch, "booking.services.cancel_unpaid", lambda pk, **kw: pk == broken)


def break_charge(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = first_booking().payments.get().stripe_payment_intent_id
    broken_for(
        monkeypatch, "payments.services.comparison.payment_of_intent", lambda given: given == broken
    )


def break_dispatch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = first_booking().pk
    broken_for(monkeypatch, "logistics.services.sync.dispatch", lambda pk: pk == broken)


def break_reading(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = first_booking().onfleet_tasks.first().pk
    broken_for(monkeypatch, "logistics.services.sync.read_task", lambda task: task.pk == broken)


def break_reminder(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = first_booking().pk
    broken_for(
        monkeypatch,
        "booking.reminders.announce",
        lambda *args, booking_id, **kw: booking_id == broken,
    )


def break_asking(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = first_booking().pk
    broken_for(monkeypatch, "booking.reviews.announce", lambda event, pk, **kw: pk == broken)


def break_handler(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job queues each message by itself, and each is a task of its own."""
    for place in ("_handlers", "_names_by_event"):
        monkeypatch.setattr(registry, place, {})

    def mail(subject_id: str) -> None:
        if subject_id == "0":
            raise RuntimeError("this row is broken")

    mail.__module__ = "shop.handlers"
    handles("e")(mail)


def protect_claim(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A booking keeps its customer: deleting that one raises."""
    booking = make_booking()
    amend(booking, customer=User.objects.get(email="a@example.com"), guest_checkout=None)
    old = User.objects.create_user("z@example.com", date_joined=timezone.now() - LONG_AGO)
    CustomerProfile.objects.create(user=old)


@dataclass(frozen=True)
class Walk:
    """How one row is broken, what the job says then, and where one sees that the other was done."""

    break_a_row: Callable[[World, pytest.MonkeyPatch], None]
    says: str
    done: Callable[[], object]
    is_done: object


def states() -> list[str]:
    return list(Booking.objects.order_by("email").values_list("status", flat=True))


#: Jobs that go through rows one by one.
WALKS = {
    "alert_money": Walk(
        break_finding, "ExceptionGroup: some alerts.*", MoneyAlert.objects.count, 1
    ),
    "cancel_unpaid": Walk(
        break_cancelling, "1 broken, 1 cancelled", states, ["pending", "cancelled"]
    ),
    "compare_with_stripe": Walk(
        break_charge, r"\d{4}-\d\d-\d\d: 1 broken, 2 equal; incomplete", states, ["paid", "paid"]
    ),
    "dispatch_retry": Walk(
        break_dispatch,
        "1 bookings sent, 1 failed",
        lambda: [booking.onfleet_tasks.count() for booking in Booking.objects.order_by("email")],
        [0, 2],
    ),
    "onfleet_sync": Walk(
        break_reading, "3 read, 1 failed; 0 webhooks, 0 failures in a row", states, ["paid"] * 2
    ),
    "outbox.deliver_due": Walk(
        break_handler,
        "2 queued",
        lambda: (
            run_queue(errors_allowed=True),
            [message.state for message in Message.objects.order_by("subject_id")],
        ),
        (1, ["retrying", "done"]),
    ),
    "purge_claims": Walk(
        protect_claim,
        "1 deleted",
        lambda: list(User.objects.order_by("email").values_list("email", flat=True)),
        ["a@example.com", "b@example.com"],
    ),
    "reconcile_payments": Walk(
        break_session,
        "1 broken, 1 expired, 1 paid",
        lambda: states()[:2],
        ["pending", "paid"],
    ),
    "request_reviews": Walk(
        break_asking,
        "1 asked, 1 broken",
        lambda: [b.review_requested_at for b in Booking.objects.order_by("email")],
        [None, NOON],
    ),
    "send_reminders": Walk(
        break_reminder,
        "1 reminded, 1 broken",
        lambda: [booking.reminded_at for booking in Booking.objects.order_by("email")],
        [None, NOON, None],
    ),
}
#: Jobs that touch no row by itself, and what they do instead.
AT_ONCE = {
    "extend_seasons": "one transaction, all or nothing",
    "outbox.beat": "no rows",
    "outbox.purge": "one DELETE for each table",
    "purge_contact_messages": "one DELETE",
    "purge_drafts": "one DELETE for each batch; a draft at work is passed over",
    "purge_manage_links": "one DELETE for each table",
    "purge_sign_in_tries": "one DELETE",
}


@pytest.mark.parametrize("case", WALKS, indirect=True)
def test_row_that_raises_does_not_stop_the_others(case, world, monkeypatch):
    name, _ = case
    walk = WALKS[name]
    walk.break_a_row(world, monkeypatch)
    try:
        said = run_job(name)
    except ExceptionGroup:  # Told what could be told, then says that not all could.
        said = Job.objects.get(name=name).last_error
    assert re.fullmatch(walk.says, said)
    assert walk.done() == walk.is_done


# --- The tables above


def test_every_job_is_in_the_tables_above():
    names = {job.name for job in registry.jobs()}
    assert set(CASES) == names
    assert set(WALKS) | set(AT_ONCE) == names
    assert not set(WALKS) & set(AT_ONCE)


def test_cadences_are_those_of_the_specification():
    cadences = {job.name: job.cron for job in registry.jobs()}
    assert cadences == {
        "send_reminders": "0 * * * *",
        "reconcile_payments": "*/5 * * * *",
        "alert_money": "*/15 * * * *",
        "cancel_unpaid": "0 6 * * *",
        "purge_drafts": "0 6 * * *",
        "dispatch_retry": "*/5 * * * *",
        "onfleet_sync": "*/15 * * * *",
        "outbox.deliver_due": "* * * * *",
        "compare_with_stripe": "0 5 * * *",
        "outbox.purge": "10 4 * * *",
        "outbox.beat": "* * * * *",
        # Ours, besides.
        "extend_seasons": "0 4 * * *",
        "purge_claims": "50 4 * * *",
        "purge_contact_messages": "20 4 * * *",
        "purge_manage_links": "40 4 * * *",
        "purge_sign_in_tries": "40 4 * * *",
        "request_reviews": "*/15 * * * *",
    }
