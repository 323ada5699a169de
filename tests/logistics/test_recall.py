"""Changed and cancelled bookings: their tasks follow, as long as nobody has set out."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F

from booking.models import Address, Booking, BookingStatus
from booking.services import apply_change, proposal
from logistics import services
from logistics.models import AlertKind, LogisticsAlert, OnfleetTask, TaskKind, TaskStatus
from payments.services import hide_booking, restore_booking
from tests.booking.helpers import make_booking
from tests.logistics.helpers import make_paid, task_of
from tests.payments.changing import asked
from tests.payments.money import person
from totetaxi.lib.errors import TemporaryError
from totetaxi.outbox.models import Message
from totetaxi.outbox.services import announce

pytestmark = pytest.mark.django_db


@pytest.fixture
def dispatched(catalog, onfleet):
    booking = make_paid()
    services.dispatch(booking.pk)
    return booking


def cancel(booking):
    booking.refresh_from_db()
    booking.move_to(BookingStatus.CANCELLED, reason="by phone")
    announce("booking_cancelled", booking.pk, booking_id=booking.pk)


def test_cancelled_booking_takes_its_tasks_back(dispatched, onfleet):
    cancel(dispatched)
    assert services.recall(dispatched.pk) == 2
    assert onfleet.tasks() == []
    assert set(dispatched.onfleet_tasks.values_list("status", flat=True)) == {TaskStatus.DELETED}
    assert not LogisticsAlert.objects.exists()


def test_recall_goes_on_where_it_was_interrupted(dispatched, onfleet):
    cancel(dispatched)
    onfleet.fault(match="DELETE *", kind="error_500_after")
    with pytest.raises(TemporaryError):
        services.recall(dispatched.pk)
    # The other one was not kept waiting.
    assert services.recall(dispatched.pk) == 1
    assert onfleet.tasks() == []


def test_task_under_way_stays_and_staff_must_phone(dispatched, onfleet):
    pickup = task_of(dispatched, "pickup")
    onfleet.drive(pickup.onfleet_task_id, "start")
    cancel(dispatched)
    assert services.recall(dispatched.pk) == 1
    assert [task["id"] for task in onfleet.tasks()] == [pickup.onfleet_task_id]
    assert LogisticsAlert.objects.get().kind == AlertKind.UNDER_WAY


def test_task_made_without_our_knowing_is_found_and_recalled(catalog, onfleet):
    booking = make_paid()
    onfleet.fault(match="POST /api/v2/tasks", kind="reset_after")
    with pytest.raises(TemporaryError):
        services.dispatch(booking.pk)
    cancel(booking)
    services.recall(booking.pk)
    assert onfleet.tasks() == []


def test_change_reaches_both_tasks(dispatched, onfleet):
    before = [task["completeAfter"] for task in onfleet.tasks()]
    address = Address.objects.get(pk=dispatched.delivery_address_id)
    address.address_line_1 = "7 New Lane"
    address.save()
    moved = dispatched.pickup_date + timedelta(days=1)
    change(dispatched, pickup_date=moved)

    assert services.update_tasks(dispatched.pk) == 2
    pickup, dropoff = onfleet.tasks()
    day = 24 * 60 * 60 * 1000
    assert [pickup["completeAfter"], dropoff["completeAfter"]] == [at + day for at in before]
    assert dropoff["destination"]["address"]["street"] == "New Lane"
    row = task_of(dispatched, "pickup")
    assert int(row.window_start.timestamp() * 1000) == pickup["completeAfter"]


def change(booking, **fields):
    """Something about the booking changes, and nobody is told."""
    Booking.objects.filter(pk=booking.pk).update(version=F("version") + 1, **fields)


def test_change_under_way_is_for_the_phone_once(dispatched, onfleet):
    pickup = task_of(dispatched, "pickup")
    onfleet.drive(pickup.onfleet_task_id, "start")
    change(dispatched, special_instructions="Ring twice")
    assert services.update_tasks(dispatched.pk) == 1
    alert = LogisticsAlert.objects.get()
    assert alert.kind == AlertKind.UNDER_WAY
    services.resolve_alert(alert.pk)
    services.update_tasks(dispatched.pk)
    services.catch_up()
    assert not LogisticsAlert.objects.open().exists()


def test_refusal_of_one_task_keeps_no_other_waiting_and_is_told(dispatched, onfleet):
    change(dispatched, special_instructions="x" * 1000)
    Address.objects.filter(pk=dispatched.pickup_address_id).update(address_line_1="Nowhere Lane")
    assert services.update_tasks(dispatched.pk) == 1
    assert LogisticsAlert.objects.get().kind == AlertKind.REFUSED


def test_what_nobody_announced_reaches_onfleet_all_the_same(dispatched, onfleet):
    change(dispatched, special_instructions="Ring twice")
    Message.objects.all().delete()
    services.catch_up()
    assert all("Ring twice" in task["notes"] for task in onfleet.tasks())
    calls = onfleet.requests("*")
    services.catch_up()
    assert onfleet.requests("*") == calls
    change(dispatched, status=BookingStatus.CANCELLED)
    services.catch_up()
    assert onfleet.tasks() == []


def test_change_that_a_task_does_not_show_is_not_sent(dispatched, onfleet):
    window = task_of(dispatched, "pickup").window_start
    change(dispatched, terms_version="2")
    assert services.update_tasks(dispatched.pk) == 0
    assert onfleet.requests("PUT *") == 0
    assert task_of(dispatched, "pickup").window_start == window


def test_change_while_the_second_task_is_sent_reaches_the_first(catalog, onfleet, monkeypatch):
    booking = make_paid()
    send = services.dispatch.__globals__["_send"]

    def change_then_send(task):
        if task.kind == TaskKind.DROPOFF:
            change(booking, special_instructions="Ring twice")
        return send(task)

    monkeypatch.setitem(services.dispatch.__globals__, "_send", change_then_send)
    services.dispatch(booking.pk)
    assert all("Ring twice" in task["notes"] for task in onfleet.tasks())


def test_task_found_again_is_brought_up_to_date(catalog, onfleet):
    booking = make_paid()
    onfleet.fault(match="POST /api/v2/tasks", kind="reset_after")
    with pytest.raises(TemporaryError):
        services.dispatch(booking.pk)
    change(booking, special_instructions="Ring twice")
    services.dispatch(booking.pk)
    assert [("Ring twice" in task["notes"]) for task in onfleet.tasks()] == [True, True]


def test_new_phone_of_a_known_person_reaches_the_driver(dispatched, onfleet):
    change(dispatched, phone="")
    services.update_tasks(dispatched.pk)
    assert [task["recipients"] for task in onfleet.tasks()] == [[], []]
    assert LogisticsAlert.objects.open().get().kind == AlertKind.NO_PHONE
    for first_name, phone in (
        ("Ada", "2125550142"),
        ("Adele", "2125550142"),
        ("Ada", "2125550143"),
    ):
        change(dispatched, phone=phone, first_name=first_name)
        services.update_tasks(dispatched.pk)
        for task in onfleet.tasks():
            [person] = task["recipients"]
            assert (person["name"], person["phone"]) == (f"{first_name} Sample", f"+1{phone}")
    assert not LogisticsAlert.objects.open().exists()


def test_task_that_is_gone_when_it_should_change_is_told(dispatched, onfleet):
    change(dispatched, special_instructions="Ring twice")
    onfleet.delete(task_of(dispatched, "dropoff").onfleet_task_id)
    assert services.update_tasks(dispatched.pk) == 1
    assert LogisticsAlert.objects.get().kind == AlertKind.TASK_DELETED


def test_sync_reads_what_no_webhook_told(dispatched, onfleet):
    OnfleetTask.objects.update(window_start=dispatched.created_at)
    pickup = task_of(dispatched, "pickup")
    onfleet.drive(pickup.onfleet_task_id, "start")
    onfleet.fault(match=f"GET */{task_of(dispatched, 'dropoff').onfleet_task_id}", kind="error_500")
    assert services.sync_open_tasks() == "1 read, 1 failed"
    pickup.refresh_from_db()
    assert pickup.status == TaskStatus.ACTIVE


def test_older_answer_does_not_move_a_task_back(dispatched, onfleet):
    from logistics.gateway import get_gateway
    from logistics.services.states import apply_state

    task = task_of(dispatched, "pickup")
    old = get_gateway().get_task(task.onfleet_task_id)
    onfleet.drive(task.onfleet_task_id, "start", "complete")
    services.read_task(task)
    assert apply_state(task.pk, old) == TaskStatus.COMPLETED


@pytest.mark.parametrize(("failures", "alarm"), [(19, False), (20, True)])
def test_webhooks_that_fail_raise_an_alarm_long_before_they_are_cut_off(
    catalog, onfleet, settings, monkeypatch, failures, alarm
):
    from logistics.gateway import OnfleetGateway
    from logistics.onfleet_data import WebhookState

    hook = WebhookState(f"{settings.SITE_URL}/webhooks/onfleet/", failures, is_enabled=True)
    monkeypatch.setattr(OnfleetGateway, "webhooks", lambda self: (hook,))
    services.watch_webhooks()
    assert LogisticsAlert.objects.open().exists() is alarm
    hook = WebhookState(hook.url, 0, is_enabled=True)
    services.watch_webhooks()
    assert not LogisticsAlert.objects.open().exists()


def test_a_change_of_the_booking_reaches_its_tasks(dispatched, onfleet, run_queue):
    run_queue()
    proposed = proposal(dispatched, asked(dispatched, special_instructions="Ring twice"))
    with transaction.atomic():
        locked = Booking.objects.select_for_update().get(pk=dispatched.pk)
        apply_change(locked, proposed, actor=None)
    run_queue()
    assert all("Ring twice" in task["notes"] for task in onfleet.tasks())
    assert not Message.objects.exclude(last_error="").exists()


def test_a_hidden_booking_is_not_driven_until_it_is_back(catalog, onfleet, run_queue):
    booking, admin = make_booking(), person()
    booking.move_to(BookingStatus.CONFIRMED)
    services.dispatch(booking.pk)
    for _ in range(2):
        hide_booking(booking.pk, reason="a test", by=admin)
        run_queue()
        assert onfleet.tasks() == []
        restore_booking(booking.pk, by=admin)
        run_queue()
        assert len(onfleet.tasks()) == 2
    # Back before the message's turn came: nothing is taken away.
    hide_booking(booking.pk, reason="a mistake", by=admin)
    restore_booking(booking.pk, by=admin)
    run_queue()
    assert len(onfleet.tasks()) == 2
    assert OnfleetTask.objects.live().of(booking).count() == 2
