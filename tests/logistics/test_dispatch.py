"""Two tasks for each paid booking: made once, whatever fails in between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from booking.models import Address, Booking, BookingStatus
from logistics import services
from logistics.models import AlertKind, LogisticsAlert, OnfleetTask, TaskKind, TaskStatus
from logistics.services import DispatchRefusedError, catch_up, dispatch, redispatch
from tests.booking.helpers import airport_answers, make_booking
from tests.logistics.helpers import make_paid, task_of
from totetaxi.lib import clock
from totetaxi.lib.errors import PermanentError, TemporaryError
from totetaxi.outbox.models import Message

pytestmark = pytest.mark.django_db


def kinds(onfleet):
    return sorted("pickup" if task["pickupTask"] else "dropoff" for task in onfleet.tasks())


def test_paid_booking_gets_two_linked_tasks(catalog, onfleet, run_queue):
    booking = make_paid()
    run_queue()

    pickup, dropoff = onfleet.tasks()
    assert (pickup["pickupTask"], dropoff["pickupTask"]) == (True, False)
    assert dropoff["dependencies"] == [pickup["id"]]
    rows = OnfleetTask.objects.of(booking)
    assert [(row.kind, row.status, row.onfleet_task_id) for row in rows] == [
        (TaskKind.PICKUP, TaskStatus.CREATED, pickup["id"]),
        (TaskKind.DROPOFF, TaskStatus.CREATED, dropoff["id"]),
    ]
    for task in (pickup, dropoff):
        [recipient] = task["recipients"]
        assert (recipient["name"], recipient["phone"]) == ("Ada Sample", "+12125550142")
    assert rows[0].tracking_url == pickup["trackingURL"]
    assert rows[1].depends_on == rows[0]


def test_task_carries_number_kind_and_our_key(catalog, onfleet, run_queue):
    booking = make_paid()
    run_queue()
    found = {item["name"]: item["value"] for item in onfleet.tasks()[0]["metadata"]}
    assert found == {
        "task_key": str(task_of(booking, "pickup").pk),
        "booking_number": booking.booking_number,
        "task_type": "pickup",
        "service_type": "standard_delivery",
    }


def test_repeated_dispatch_makes_nothing_more(catalog, onfleet):
    booking = make_paid()
    assert [dispatch(booking.pk), dispatch(booking.pk)] == [2, 0]
    assert kinds(onfleet) == ["dropoff", "pickup"]


def test_pending_booking_gets_no_tasks(catalog, onfleet):
    assert dispatch(make_booking().pk) == 0
    assert onfleet.tasks() == []


def test_without_a_key_nothing_is_made_and_nothing_fails(catalog, settings, run_queue):
    settings.ONFLEET_API_KEY = ""
    booking = make_paid()
    run_queue()
    assert not OnfleetTask.objects.exists()
    assert Message.objects.get(handler="logistics.dispatch_booking").state == "done"
    with pytest.raises(DispatchRefusedError, match="Dispatch is off"):
        redispatch(booking.pk)


@pytest.mark.parametrize("kind", ["timeout_after", "error_500_after", "reset_after", "bad_json"])
def test_lost_answer_is_found_again_instead_of_made_twice(catalog, onfleet, kind):
    booking = make_paid()
    onfleet.fault(match="POST /api/v2/tasks", kind=kind, seconds=0.1)
    with pytest.raises(TemporaryError):
        dispatch(booking.pk)
    assert kinds(onfleet) == ["pickup"]

    dispatch(booking.pk)
    assert kinds(onfleet) == ["dropoff", "pickup"]


def test_second_task_alone_is_made_when_only_it_failed(catalog, onfleet):
    booking = make_paid()
    onfleet.fault(match="POST /api/v2/tasks", kind="error_500", skip=1)
    with pytest.raises(TemporaryError):
        dispatch(booking.pk)
    first = task_of(booking, "pickup").onfleet_task_id

    assert dispatch(booking.pk) == 1
    assert task_of(booking, "pickup").onfleet_task_id == first
    assert kinds(onfleet) == ["dropoff", "pickup"]


def test_two_workers_at_once_make_one_pair(catalog, onfleet, transactional_db):
    booking = make_paid()

    def work(_: int) -> str:
        try:
            return f"sent {dispatch(booking.pk)}"
        except (TemporaryError, PermanentError) as error:
            return str(error)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    dispatch(booking.pk)
    assert kinds(onfleet) == ["dropoff", "pickup"]


def test_outage_of_an_hour_loses_and_doubles_nothing(catalog, onfleet, run_queue, settings):
    settings.STAFF_ALERT_EMAILS = ["office@example.com"]
    bookings = [make_paid() for _ in range(2)]
    # It begins in the midst of the first task, which is made without our knowing.
    onfleet.fault(match="POST /api/v2/tasks", kind="error_500_after")
    with pytest.raises(TemporaryError):
        dispatch(bookings[0].pk)
    onfleet.fault(match="*", kind="error_500", times=None)
    run_queue(errors_allowed=True)
    messages = Message.objects.filter(handler="logistics.dispatch_booking")
    for _ in range(4):  # 1, 5, 15 and 60 minutes pass
        messages.waiting().update(next_attempt_at=clock.real_now(), queued_at=None)
        run_queue(errors_allowed=True)
    assert {message.state for message in messages} == {"dead"}
    catch_up()
    alerts = LogisticsAlert.objects.filter(kind=AlertKind.DISPATCH_FAILED)
    assert {alert.booking_id for alert in alerts.open()} == {booking.pk for booking in bookings}

    onfleet.mend()
    catch_up()
    catch_up()
    assert kinds(onfleet) == ["dropoff"] * 2 + ["pickup"] * 2
    assert not alerts.open().exists()


def test_new_task_that_met_an_outage_is_sent_later_by_itself(catalog, onfleet):
    booking = make_paid()
    dispatch(booking.pk)
    Message.objects.all().delete()
    onfleet.delete(task_of(booking, "dropoff").onfleet_task_id)
    services.read_task(task_of(booking, "dropoff"))
    onfleet.fault(match="*", kind="error_500", times=None)
    with pytest.raises(TemporaryError):
        redispatch(booking.pk)
    onfleet.mend()
    Booking.objects.filter(pk=booking.pk).update(pickup_date=clock.today() - timedelta(days=1))
    catch_up()
    assert kinds(onfleet) == ["dropoff", "pickup"]


def test_worker_that_was_slow_does_not_send_what_was_recalled_meanwhile(catalog, onfleet):
    booking = make_paid()
    tasks = services.dispatch.__globals__["_make_rows"](booking.pk, again=False)
    with transaction.atomic():
        locked = Booking.objects.select_for_update().get(pk=booking.pk)
        locked.move_to(BookingStatus.CANCELLED, reason="the customer wishes it")
    services.recall(booking.pk)
    assert services.dispatch.__globals__["_send_all"](booking.pk, tasks) == 0
    assert onfleet.tasks() == []


def test_claim_that_ran_out_does_not_end_the_next_ones(catalog):
    task = OnfleetTask.objects.create(booking=make_paid(), kind="pickup", environment="sandbox")
    slow, quick = OnfleetTask.objects.get(pk=task.pk), OnfleetTask.objects.get(pk=task.pk)
    now, life = clock.real_now(), timedelta(seconds=90)
    assert slow.claim(now - 2 * life, life)
    assert quick.claim(now, life)
    slow.release()
    assert not task.claim(now, life)
    quick.release()
    assert task.claim(now, life)


def test_refusal_is_told_to_staff_at_once(catalog, onfleet, run_queue):
    booking = make_paid()
    Address.objects.filter(pk=booking.pickup_address_id).update(address_line_1="Nowhere Lane")
    run_queue(errors_allowed=True)
    alert = LogisticsAlert.objects.open().get()
    assert (alert.kind, alert.booking) == (AlertKind.DISPATCH_FAILED, booking)


def test_during_an_outage_few_calls_are_made_and_all_of_staffs_alerts(catalog, onfleet):
    bookings = [make_paid() for _ in range(5)]
    Message.objects.all().delete()
    for booking in bookings:
        OnfleetTask.objects.create(booking=booking, kind="pickup", environment="sandbox")
    OnfleetTask.objects.update(created_at=clock.real_now() - timedelta(minutes=81))
    onfleet.fault(match="*", kind="error_500", times=None)
    catch_up()
    assert onfleet.requests("*") == 3
    assert LogisticsAlert.objects.open().count() == 5


def test_sync_of_many_tasks_keeps_to_the_limit(catalog, onfleet):
    for _ in range(3):
        dispatch(make_paid().pk)
    OnfleetTask.objects.update(window_start=clock.now())
    onfleet.control("limit", calls_a_second=4)
    assert services.sync_open_tasks() == "6 read, 0 failed"
    codes = [one["status"] for one in onfleet.state()["requests"]]
    assert codes.count(429) <= 1


def test_booking_cancelled_while_it_is_sent_is_recalled(catalog, onfleet, monkeypatch):
    booking = make_paid()
    send = services.dispatch.__globals__["_send"]

    def cancel_then_send(task):
        if task.kind == TaskKind.DROPOFF:
            with transaction.atomic():
                locked = Booking.objects.select_for_update().get(pk=booking.pk)
                locked.move_to(BookingStatus.CANCELLED, reason="the customer wishes it")
        return send(task)

    monkeypatch.setitem(services.dispatch.__globals__, "_send", cancel_then_send)
    dispatch(booking.pk)
    assert onfleet.tasks() == []
    assert {task.status for task in booking.onfleet_tasks.all()} == {TaskStatus.DELETED}


def test_booking_without_a_number_to_call_is_told_to_staff(catalog, onfleet):
    booking = make_paid()
    Booking.objects.filter(pk=booking.pk).update(phone="")
    dispatch(booking.pk)
    assert [task["recipients"] for task in onfleet.tasks()] == [[], []]
    assert LogisticsAlert.objects.open().get().kind == AlertKind.NO_PHONE


def test_airport_is_found_by_its_coordinates(catalog, onfleet, run_queue):
    make_paid(airport_answers())
    run_queue()
    airport = onfleet.tasks()[1]["destination"]
    assert airport["location"] == [-73.7781, 40.6413]
    assert airport["address"]["street"] == "JFK Access Road"


def test_failed_task_is_replaced_only_when_staff_say_so(catalog, onfleet):
    booking = make_paid()
    dispatch(booking.pk)
    pickup = task_of(booking, "pickup")
    onfleet.drive(pickup.onfleet_task_id, "start", "fail")
    services.read_task(pickup)

    catch_up()
    assert len(onfleet.tasks()) == 2
    assert redispatch(booking.pk) == 1
    again = task_of(booking, "pickup")
    assert again.pk != pickup.pk
    assert again.status == TaskStatus.CREATED
    with pytest.raises(DispatchRefusedError, match="at Onfleet already"):
        redispatch(booking.pk)


def test_catch_up_leaves_alone_what_the_queue_will_try_again(catalog, onfleet):
    make_paid()  # its message waits
    assert catch_up() == "0 bookings sent, 0 failed"
    Message.objects.all().delete()
    assert catch_up() == "1 bookings sent, 0 failed"


def test_yesterdays_booking_is_not_sent(catalog, onfleet):
    booking = make_paid()
    Message.objects.all().delete()
    Booking.objects.filter(pk=booking.pk).update(pickup_date=clock.today() - timedelta(days=1))
    assert catch_up() == "0 bookings sent, 0 failed"


@pytest.mark.parametrize("kind", TaskKind.values)
def test_database_refuses_a_second_live_task(catalog, kind):
    booking = make_paid()
    OnfleetTask.objects.create(booking=booking, kind=kind, environment="sandbox")
    with pytest.raises(IntegrityError, match="onfleet_task_one_live_per_kind"):
        OnfleetTask.objects.create(booking=booking, kind=kind, environment="sandbox")
