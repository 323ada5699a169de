"""What Onfleet says about a task is taken over forwards only, and never comes back to life."""

import uuid
from datetime import timedelta

import pytest

from booking.models import Booking, BookingStatus
from logistics.gateway import _task_state
from logistics.models import AlertKind, DeliveryProof, LogisticsAlert, OnfleetTask, TaskStatus
from logistics.services.states import apply_state, mark_deleted, note_moments
from tests.logistics.helpers import make_paid
from totetaxi.lib import clock
from totetaxi.outbox.models import Message

pytestmark = pytest.mark.django_db
NOW = clock.real_now().replace(microsecond=0)  # Onfleet tells milliseconds
CREATED, ASSIGNED, ACTIVE, COMPLETED = range(4)


@pytest.fixture
def booking(catalog):
    return make_paid()


def make_task(booking, kind="dropoff", status=TaskStatus.ACTIVE, **fields):
    return OnfleetTask.objects.create(
        booking=booking,
        kind=kind,
        status=status,
        environment="sandbox",
        onfleet_task_id=str(uuid.uuid4()),
        changed_at_onfleet=NOW,
        **fields,
    )


def said(task, state, *, minutes=1, **fields):
    """What Onfleet answers about a task, so many minutes after what we know."""
    changed = NOW + timedelta(minutes=minutes)
    body = {
        "id": task.onfleet_task_id,
        "state": state,
        "timeLastModified": int(changed.timestamp() * 1000),
    }
    return _task_state({**body, **fields})


def details(**fields):
    return {"completionDetails": fields}


NEWS: list[
    tuple[str, object, int, str]
] = [  # What we know, what Onfleet says, so many minutes later, and what is then.
    ("created", ASSIGNED, 1, "assigned"),
    ("assigned", CREATED, 1, "created"),
    ("active", ASSIGNED, -1, "active"),
    ("active", COMPLETED, 0, "completed"),
    ("completed", ACTIVE, 1, "completed"),
    ("completed", CREATED, 1, "completed"),
    ("failed", ACTIVE, 0, "failed"),
    ("failed", ACTIVE, 1, "active"),
    ("deleted", ACTIVE, -1, "deleted"),
    ("active", 7, 1, "active"),
    ("active", None, 1, "active"),
    ("active", [], 1, "active"),
]


def test_newer_news_leads_forwards(booking):
    for known, state, minutes, then in NEWS:
        task = make_task(booking, "pickup", status=known)
        found = apply_state(task.pk, said(task, state, minutes=minutes))
        assert found == then, (known, state, minutes)
        OnfleetTask.objects.all().delete()


@pytest.mark.parametrize("fields", [{}, {"timeLastModified": None}, details(success=None)])
def test_nothing_told_about_the_end_is_a_good_end(booking, fields):
    task = make_task(booking)
    assert apply_state(task.pk, said(task, COMPLETED, **fields)) == TaskStatus.COMPLETED
    assert Booking.objects.get(pk=booking.pk).status == BookingStatus.COMPLETED


@pytest.mark.parametrize("success", [False, None])
def test_reason_of_a_failure_is_a_failure(booking, success):
    task = make_task(booking)
    told = details(success=success, failureReason="CUSTOMER_UNAVAILABLE")
    assert apply_state(task.pk, said(task, COMPLETED, **told)) == TaskStatus.FAILED
    assert Booking.objects.get(pk=booking.pk).status == BookingStatus.PAID


@pytest.mark.parametrize("state", [ACTIVE, COMPLETED])
def test_task_that_was_replaced_stays_what_it_is(booking, state):
    old = make_task(booking, status=TaskStatus.FAILED)
    make_task(booking, status=TaskStatus.CREATED)
    assert apply_state(old.pk, said(old, state)) == TaskStatus.FAILED


def test_what_was_read_before_the_recall_brings_nothing_back(booking):
    task = make_task(booking, status=TaskStatus.CREATED)
    read = said(task, ASSIGNED, minutes=-1)
    OnfleetTask.objects.filter(pk=task.pk).update(changed_at_onfleet=NOW - timedelta(hours=1))
    mark_deleted(task.pk, by_us=True)
    assert apply_state(task.pk, read) == TaskStatus.DELETED
    assert not LogisticsAlert.objects.exists()


def test_hidden_booking_is_not_completed(booking):
    task = make_task(booking)
    Booking.objects.filter(pk=booking.pk).update(deleted_at=NOW)
    apply_state(task.pk, said(task, COMPLETED))
    assert Booking.objects.get(pk=booking.pk).status == BookingStatus.PAID


def test_photo_that_came_later_is_fetched_too(booking):
    task = make_task(booking)
    for minutes, photos in ((1, ["a"]), (2, ["a"]), (3, [{"id": "a"}, {"id": "b"}])):
        told = details(success=True, photoUploadIds=photos)
        apply_state(task.pk, said(task, COMPLETED, minutes=minutes, **told))
    assert sorted(DeliveryProof.objects.values_list("onfleet_upload_id", flat=True)) == ["a", "b"]
    assert Message.objects.filter(event="delivery_proofs").count() == 2


def test_second_failure_raises_no_second_alert(booking):
    for kind in ("pickup", "dropoff"):
        task = make_task(booking, kind)
        apply_state(task.pk, said(task, COMPLETED, **details(success=False)))
    assert LogisticsAlert.objects.get().kind == AlertKind.DELIVERY_FAILED


def test_earliest_start_stands(booking):
    task = make_task(booking)
    for minutes in (0, 5, -5):
        note_moments(task.pk, started_at=NOW + timedelta(minutes=minutes))
    task.refresh_from_db()
    assert task.started_at == NOW - timedelta(minutes=5)


@pytest.mark.parametrize(
    "odd",
    [
        {"completionDetails": []},
        {"completionDetails": {"photoUploadIds": [None, 3, {}], "signatureUploadId": 5}},
        {"worker": 5, "trackingURL": "javascript:alert(1)", "shortId": 7},
        {"completionDetails": {"notes": "a\x00b", "failureReason": None, "time": "soon"}},
    ],
)
def test_odd_answers_harm_nothing(booking, odd):
    task = make_task(booking)
    apply_state(task.pk, said(task, COMPLETED, **odd))
    task.refresh_from_db()
    assert (task.tracking_url, task.onfleet_short_id) == ("", "")
    assert not DeliveryProof.objects.exists()
