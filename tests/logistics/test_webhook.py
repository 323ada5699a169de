"""Onfleet's webhook: who may call it, what is stored, and that any order ends right."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from booking.models import Booking, BookingStatus
from logistics import services
from logistics.gateway import InvalidSignatureError, parse_event
from logistics.models import (
    AlertKind,
    DeliveryProof,
    LogisticsAlert,
    OnfleetEvent,
    OnfleetTask,
    TaskStatus,
)
from tests.logistics.helpers import make_paid, task_of
from tests.onfleet import SECRET, signed
from totetaxi.lib.errors import TemporaryError

pytestmark = pytest.mark.django_db
URL = "/webhooks/onfleet/"
# As Onfleet sends it, with the fields we do not read.
RECORDED = {
    "time": 1779730000000,
    "triggerId": 3,
    "triggerName": "taskCompleted",
    "taskId": "11z1BFspwhBYDvIH_FrJfWMm",
    "workerId": "1Ds6ulPYWxNPgaIaoLPqlIQE",
    "adminId": None,
    "actionContext": None,
    "data": {
        "task": {
            "id": "11z1BFspwhBYDvIH_FrJfWMm",
            "shortId": "8f983639",
            "state": 3,
            "completionDetails": {
                "success": True,
                "time": 1779730000000,
                "notes": "Delivered at front desk",
                "photoUploadIds": ["b5OuQ7t9d1zk5lbqgPyzM3rQ"],
                "signatureUploadId": None,
            },
        },
        "worker": {"id": "1Ds6ulPYWxNPgaIaoLPqlIQE", "name": "A Driver"},
    },
}


@pytest.fixture
def dispatched(catalog, onfleet):
    """A paid booking whose tasks are at Onfleet."""
    booking = make_paid()
    services.dispatch(booking.pk)
    return booking


def drive_to_the_end(onfleet, booking):
    for kind in ("pickup", "dropoff"):
        task_id = task_of(booking, kind).onfleet_task_id
        onfleet.drive(task_id, "assign", "start", "arrive")
        onfleet.drive(task_id, "complete", photo=True, signature=True, notes="At the desk")


# -- who may call ------------------------------------------------------------


def test_check_is_echoed(client):
    answer = client.get(URL, {"check": "abc123"})
    assert (answer.status_code, answer.content) == (200, b"abc123")
    assert answer["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("query", [{}, {"check": ""}, {"check": "x" * 501}])
def test_missing_check_is_refused(client, query):
    assert client.get(URL, query).status_code == 400


def test_check_cannot_paint_a_page(client):
    answer = client.get(URL, {"check": "<script>alert(1)</script>"})
    assert answer["Content-Type"].startswith("text/plain")
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("secrets", "signature"),
    [
        ([], "right"),
        ([""], "right"),
        (["not hexadecimal"], "right"),
        ([SECRET], ""),
        ([SECRET], "0" * 128),
        ([SECRET], "é"),
        (["ab" * 32], "right"),
    ],
)
def test_unsigned_news_is_refused_and_not_stored(client, settings, secrets, signature):
    settings.ONFLEET_WEBHOOK_SECRETS = secrets
    body = json.dumps(RECORDED).encode()
    header = signed(body) if signature == "right" else signature
    answer = client.post(URL, body, "application/json", headers={"X-Onfleet-Signature": header})
    assert answer.status_code == 401
    assert not OnfleetEvent.objects.exists()


def test_changed_body_is_refused(settings):
    settings.ONFLEET_WEBHOOK_SECRETS = [SECRET]
    body = json.dumps(RECORDED).encode()
    with pytest.raises(InvalidSignatureError):
        parse_event(body.replace(b"front", b"back"), signed(body))


def test_second_secret_counts_while_the_first_is_replaced(settings, deliver):
    settings.ONFLEET_WEBHOOK_SECRETS = ["ab" * 32, SECRET]
    assert deliver(RECORDED) == 200


def test_recorded_event_is_read(settings):
    settings.ONFLEET_WEBHOOK_SECRETS = [SECRET]
    body = json.dumps(RECORDED).encode()
    notice = parse_event(body, signed(body))
    assert (notice.trigger, notice.task_id) == (3, "11z1BFspwhBYDvIH_FrJfWMm")
    assert notice.happened_at == datetime.fromtimestamp(1779730000, UTC)


@pytest.mark.parametrize(
    "event",
    [
        [],
        {},
        {"triggerId": "3"},
        {"triggerId": 5, "workerId": "w", "time": 1779730000000},
        {"triggerId": 3, "taskId": None, "time": 1779730000000},
        {"triggerId": 3, "taskId": "t", "time": None},
        {"triggerId": 3, "taskId": "t", "time": 10**30},
        {"triggerId": 1, "taskId": "t", "time": 1779730000000, "data": None},
        {"triggerId": 1, "taskId": "t", "time": 1779730000000, "data": {"task": "t"}},
        {"triggerId": 1, "taskId": "t", "time": 1779730000000, "etaSeconds": float("inf")},
        {"triggerId": 10**9, "taskId": "t", "time": 1779730000000},
        {"triggerId": -1, "taskId": "t", "time": 1779730000000},
        {"triggerId": True, "taskId": "t", "time": 1779730000000},
        {"triggerId": 3, "taskId": "\x00", "time": 1779730000000},
    ],
)
def test_odd_but_signed_news_is_answered_well(settings, deliver, event):
    settings.ONFLEET_WEBHOOK_SECRETS = [SECRET]
    assert deliver(event) == 200


# -- what follows ------------------------------------------------------------


def test_delivered_with_proof(dispatched, onfleet, deliver, run_queue):
    drive_to_the_end(onfleet, dispatched)
    assert {deliver(event) for event in onfleet.sent()} == {200}
    run_queue()

    dispatched.refresh_from_db()
    assert dispatched.status == BookingStatus.COMPLETED
    dropoff = task_of(dispatched, "dropoff")
    assert (dropoff.status, dropoff.driver_name) == (TaskStatus.COMPLETED, "Test")
    assert dropoff.completion_notes == "At the desk"
    assert None not in (dropoff.started_at, dropoff.arrived_at, dropoff.completed_at)
    assert sorted(dropoff.proofs.values_list("kind", flat=True)) == ["photo", "signature"]
    for proof in DeliveryProof.objects.all():
        with default_storage.open(str(proof.image.name)) as file, Image.open(file) as picture:
            assert (picture.format, picture.size) == ("JPEG", (480, 320))


def duplicated(events, dice):
    return [event for event in events for _ in range(50 // len(events) + 1)]


def out_of_order(events, dice):
    mixed = [*events] * (50 // len(events) + 1)
    dice.shuffle(mixed)
    return mixed


def with_nulls(events, dice):
    """Nothing but the names of the fields has to be there; what says nothing changes nothing."""
    spoiled = []
    for _ in range(50):
        event = dict(dice.choice(events))
        for name in dice.sample(sorted(event), dice.randrange(1, 4)):
            event[name] = None
        spoiled.append(event)
    missing = {"data": None, "workerId": None, "adminId": None, "triggerName": None}
    return [*spoiled, *({**event, **missing} for event in events)]


@pytest.mark.parametrize("kind", [duplicated, out_of_order, with_nulls])
def test_fifty_deliveries_of_each_kind_end_right(dispatched, onfleet, deliver, run_queue, kind):
    drive_to_the_end(onfleet, dispatched)
    events, dice = onfleet.sent(), random.Random(2026)  # noqa: S311
    sent = kind(events, dice)
    assert len(sent) >= 50
    for number, event in enumerate(sent):
        assert deliver(event) == 200
        if number % 15 == 0:
            run_queue()
    run_queue()

    dispatched.refresh_from_db()
    assert dispatched.status == BookingStatus.COMPLETED
    statuses = OnfleetTask.objects.of(dispatched).values_list("status", flat=True)
    assert list(statuses) == [TaskStatus.COMPLETED, TaskStatus.COMPLETED]
    assert DeliveryProof.objects.exclude(fetched_at=None).count() == 4
    assert dispatched.events.filter(to_status=BookingStatus.COMPLETED).count() == 1
    assert not LogisticsAlert.objects.exists()
    assert OnfleetEvent.objects.count() == len(
        {(event["triggerId"], event["taskId"], event["time"]) for event in events}
    )


def test_one_picture_that_is_none_keeps_no_other_away(dispatched, onfleet, settings):
    drive_to_the_end(onfleet, dispatched)
    task = task_of(dispatched, "pickup")
    services.read_task(task)
    photo = task.proofs.get(kind="photo")
    onfleet.fault(match="GET /attachments/*", kind="error_500", times=1)
    with pytest.raises(TemporaryError):
        services.fetch_proofs(task.pk)
    assert task.proofs.exclude(fetched_at=None).count() == 1
    # The queue may give up; the job does not.
    services.catch_up()
    assert task.proofs.filter(fetched_at=None).count() == 0
    assert photo.onfleet_upload_id


def test_newest_arrival_time_stands_in_whatever_order_they_come(dispatched, onfleet, deliver):
    task = task_of(dispatched, "pickup")
    began = 1779730000000
    for minutes in (10, 0):
        event = {"triggerId": 1, "taskId": task.onfleet_task_id, "etaSeconds": 600}
        deliver({**event, "time": began + minutes * 60_000})
        services.process_event(OnfleetEvent.objects.order_by("-received_at")[0].pk)
    task.refresh_from_db()
    start = datetime.fromtimestamp(began / 1000, UTC)
    assert task.estimated_arrival_at == start + timedelta(minutes=20)


def test_cancelled_booking_is_not_completed(dispatched, onfleet, deliver, run_queue):
    drive_to_the_end(onfleet, dispatched)
    booking = Booking.objects.get(pk=dispatched.pk)
    booking.move_to(BookingStatus.CANCELLED, reason="by phone")
    for event in onfleet.sent():
        deliver(event)
    run_queue()
    booking.refresh_from_db()
    assert booking.status == BookingStatus.CANCELLED


def test_confirmed_booking_is_not_completed(dispatched, onfleet, deliver, run_queue):
    Booking.objects.filter(pk=dispatched.pk).update(status=BookingStatus.CONFIRMED)
    drive_to_the_end(onfleet, dispatched)
    for event in onfleet.sent():
        deliver(event)
    run_queue()
    assert Booking.objects.get(pk=dispatched.pk).status == BookingStatus.CONFIRMED


def test_failed_delivery_leaves_the_booking_and_tells_staff(
    dispatched, onfleet, deliver, run_queue, settings, mailoutbox
):
    settings.STAFF_ALERT_EMAILS = ["office@example.com"]
    task = task_of(dispatched, "pickup")
    onfleet.drive(task.onfleet_task_id, "start")
    onfleet.drive(task.onfleet_task_id, "fail", reason="CUSTOMER_UNAVAILABLE", notes="Closed")
    for event in onfleet.sent():
        deliver(event)
    run_queue()
    run_queue()

    task.refresh_from_db()
    assert (task.status, task.failure_reason) == (TaskStatus.FAILED, "CUSTOMER_UNAVAILABLE")
    assert Booking.objects.get(pk=dispatched.pk).status == BookingStatus.PAID
    assert LogisticsAlert.objects.get().kind == AlertKind.DELIVERY_FAILED
    told = [mail for mail in mailoutbox if mail.to == ["office@example.com"]]
    assert [mail.subject for mail in told] == [
        f"A driver reported a failure: {dispatched.booking_number}"
    ]


def test_task_deleted_at_onfleet_is_told_to_staff(dispatched, onfleet, deliver, run_queue):
    dropoff = task_of(dispatched, "dropoff")
    onfleet.delete(dropoff.onfleet_task_id)
    for event in onfleet.sent():
        deliver(event)
    run_queue()
    dropoff.refresh_from_db()
    assert dropoff.status == TaskStatus.DELETED
    assert LogisticsAlert.objects.get().kind == AlertKind.TASK_DELETED


def test_unassigned_task_loses_its_driver(dispatched, onfleet):
    task = task_of(dispatched, "pickup")
    onfleet.drive(task.onfleet_task_id, "assign")
    services.read_task(task)
    task.refresh_from_db()
    assert (task.status, task.driver_name) == (TaskStatus.ASSIGNED, "Test")
    onfleet.drive(task.onfleet_task_id, "unassign")
    services.read_task(task)
    task.refresh_from_db()
    assert (task.status, task.driver_name) == (TaskStatus.CREATED, "")


def test_arrival_time_is_the_events(dispatched, onfleet, deliver, run_queue):
    task = task_of(dispatched, "pickup")
    onfleet.drive(task.onfleet_task_id, "start")
    for event in onfleet.sent():
        deliver(event)
    run_queue()
    task.refresh_from_db()
    expected = datetime.now(UTC) + timedelta(minutes=25)
    assert abs(task.estimated_arrival_at - expected) < timedelta(minutes=1)


def test_unknown_task_waits_five_minutes_and_is_then_left_alone(onfleet, deliver):
    deliver(RECORDED)
    event = OnfleetEvent.objects.get()
    with pytest.raises(TemporaryError, match="not known here yet"):
        services.process_event(event.pk)
    later = event.received_at - timedelta(minutes=5)
    OnfleetEvent.objects.update(received_at=later)
    services.process_event(event.pk)
    event.refresh_from_db()
    assert event.result == "not ours"


def test_onfleet_is_asked_again_when_it_does_not_answer(dispatched, onfleet, deliver, run_queue):
    task = task_of(dispatched, "pickup")
    onfleet.drive(task.onfleet_task_id, "start")
    deliver(onfleet.sent()[-1])
    onfleet.fault(match="GET /api/v2/tasks/*", kind="error_500")
    event = OnfleetEvent.objects.get()
    with pytest.raises(TemporaryError):
        services.process_event(event.pk)
    services.process_event(event.pk)
    task.refresh_from_db()
    assert task.status == TaskStatus.ACTIVE
