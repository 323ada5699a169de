"""The dispatcher's page: figures, troubles, tasks, and what can be done about them."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from booking.models import Booking, BookingStatus, Document
from logistics import services
from logistics.models import AlertKind, LogisticsAlert, OnfleetTask, TaskStatus
from staff.models import ActionType, StaffAction
from tests.logistics.helpers import make_paid, task_of
from tests.staff.office import booked, queries_of
from tests.totetaxi.lib.test_uploads import GOOD_PDF
from totetaxi.lib import clock

URL = "/staff/logistics/"


def make_task(booking, kind="pickup", status=TaskStatus.CREATED, **fields):
    now = clock.now()
    return OnfleetTask.objects.create(
        booking=booking,
        kind=kind,
        status=status,
        environment="sandbox",
        onfleet_task_id=f"{kind}-{booking.pk}",
        **{"window_start": now, "window_end": now + timedelta(hours=1), **fields},
    )


def test_without_a_key_the_page_says_that_dispatch_is_off(catalog, operator, staff_client):
    page = staff_client(operator).get(URL).text
    assert "Dispatch is off" in page
    assert "No tasks yet." in page
    assert "Send to Onfleet" not in page


def test_every_page_of_the_office_says_that_dispatch_is_off(
    catalog, operator, staff_client, settings
):
    client = staff_client(operator)
    assert 'id="dispatch-off"' in client.get("/staff/bookings/").text
    settings.ONFLEET_API_KEY = "a key"
    assert 'id="dispatch-off"' not in client.get("/staff/bookings/").text


@pytest.mark.parametrize(("environment", "said"), [("sandbox", True), ("production", False)])
def test_sandbox_is_said(
    catalog,
    operator,
    staff_client,
    onfleet,
    settings,
    environment,
    said,
):
    settings.ONFLEET_ENVIRONMENT = environment
    page = staff_client(operator).get(URL).text
    assert (">Sandbox</span>" in page.replace("</svg>", ">")) is said


def test_figures_by_hand(catalog, operator, staff_client):
    now = clock.now()
    first, second = make_paid(), make_paid()
    make_task(first, status=TaskStatus.COMPLETED, completed_at=now)
    make_task(first, "dropoff", status=TaskStatus.ACTIVE)
    make_task(second, status=TaskStatus.FAILED)
    late = now - timedelta(days=2)
    make_task(
        second,
        "dropoff",
        status=TaskStatus.COMPLETED,
        window_start=late,
        window_end=late,
        completed_at=now,
    )
    cards = staff_client(operator).get(URL).context["cards"]
    assert (cards.active, cards.today, cards.completed_today, cards.waiting) == (1, 3, 1, 0)
    assert (cards.pickups, cards.dropoffs) == (2, 1)
    # Two of three that are over were completed; one of the two in its window.
    assert (cards.rate, cards.on_time) == (66.7, 50.0)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, 2),
        ({"status": "failed"}, 1),
        ({"kind": "dropoff"}, 1),
        ({"kind": "dropoff", "status": "failed"}, 0),
        ({"q": "ada sample"}, 2),
        ({"q": "nobody"}, 0),
        ({"q": "Kim"}, 1),
        ({"day": "2020-01-01"}, 0),
        ({"day": "9999-12-31"}, 2),
        ({"day": "no day", "kind": "no kind"}, 2),
    ],
)
def test_filters_narrow_together(catalog, operator, staff_client, query, found):
    booking = make_paid()
    make_task(booking, status=TaskStatus.FAILED)
    make_task(booking, "dropoff", driver_name="Kim")
    page = staff_client(operator).get(URL, query)
    assert page.context["page"].paginator.count == found


def test_what_comes_next_stands_first(catalog, operator, staff_client):
    now = clock.now()
    hours: dict[str, Any] = {
        "past": {"window_start": now - timedelta(days=2)},
        "later": {"window_start": now + timedelta(days=2)},
        "recalled": {"window_start": now + timedelta(days=1), "status": TaskStatus.DELETED},
        "next": {"window_start": now + timedelta(hours=1)},
        "unsent": {"window_start": None, "window_end": None, "status": TaskStatus.WAITING},
    }
    made = {make_task(make_paid(), **fields).pk: name for name, fields in hours.items()}
    page = staff_client(operator).get(URL)
    found = [made[task.pk] for task, _ in page.context["table"]]
    assert found == ["unsent", "next", "later", "recalled", "past"]


def test_queries_do_not_grow_with_the_list(catalog, operator, staff_client):
    client = staff_client(operator)
    make_task(booked())
    few = queries_of(lambda: client.get(URL))
    for _ in range(99):
        make_task(booked())
    assert queries_of(lambda: client.get(URL)) == few <= 40


def test_booking_is_sent_by_its_number_and_that_is_on_record(
    catalog,
    operator,
    staff_client,
    onfleet,
):
    booking = make_paid()
    client = staff_client(operator)
    answer = client.post(f"{URL}create/", {"booking": booking.booking_number.lower()})
    assert answer.status_code == 302
    assert len(onfleet.tasks()) == 2
    action = StaffAction.objects.get(action_type=ActionType.MANAGE_LOGISTICS)
    assert action.booking == booking


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("", "Enter a booking number"),
        ("TT-999999", "There is no booking with this number."),
        ("00000000-0000-0000-0000-000000000000", "There is no booking with this number."),
        ("'; drop table", "There is no booking with this number."),
    ],
)
def test_number_that_is_none_gets_its_reason(
    catalog,
    operator,
    staff_client,
    onfleet,
    number,
    message,
):
    answer = staff_client(operator).post(f"{URL}create/", {"booking": number})
    assert answer.status_code == 422
    assert message in answer.text


def test_cancelled_booking_is_not_sent(catalog, operator, staff_client, onfleet):
    booking = make_paid()
    booking.move_to(BookingStatus.CANCELLED, reason="by phone")
    answer = staff_client(operator).post(f"{URL}create/", {"booking": str(booking.pk)})
    assert "there is nothing to deliver" in answer.text


def test_outage_is_said_and_nothing_is_lost(
    catalog,
    operator,
    staff_client,
    onfleet,
):
    booking = make_paid()
    onfleet.fault(match="*", kind="error_500", times=None)
    client = staff_client(operator)
    answer = client.post(f"{URL}create/", {"booking": booking.booking_number})
    assert (answer.status_code, "Onfleet doesn’t answer" in answer.text) == (422, True)
    onfleet.mend()
    assert services.dispatch(booking.pk) == 2


def test_sync_button_reads_what_is_open(catalog, operator, staff_client, onfleet):
    booking = make_paid()
    services.dispatch(booking.pk)
    OnfleetTask.objects.update(window_start=clock.now())
    onfleet.drive(task_of(booking, "pickup").onfleet_task_id, "start")
    page = staff_client(operator).post(f"{URL}sync/", follow=True).text
    assert "Asked Onfleet: 2 read, 0 failed." in page
    assert task_of(booking, "pickup").status == TaskStatus.ACTIVE


def test_trouble_is_shown_until_somebody_dealt_with_it(catalog, operator, staff_client):
    booking = make_paid()
    alert = services.raise_alert(AlertKind.DELIVERY_FAILED, booking.pk, "Pickup")
    client = staff_client(operator)
    assert "A driver reported a failure" in client.get(URL).text
    assert "A driver reported a failure" in client.get("/staff/").text
    client.post(f"{URL}alerts/{alert.pk}/resolve/")
    assert not LogisticsAlert.objects.open().exists()
    assert LogisticsAlert.objects.get().resolved_by == operator


def test_certificate_is_put_on_a_booking_and_handed_out(
    catalog, operator, staff_client, client, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    booking = make_paid()
    staff = staff_client(operator)
    data = {"kind": "coi_certificate", "file": SimpleUploadedFile("coi.pdf", GOOD_PDF)}
    answer = staff.post(reverse("staff:document_add", args=[booking.pk]), data)
    assert answer.status_code == 302
    document = Document.objects.get()
    assert (document.by_staff, document.uploaded_by) == (True, operator)
    assert StaffAction.objects.filter(action_type=ActionType.UPLOAD_DOCUMENT).count() == 1
    url = reverse("staff:document", args=[document.pk])
    assert "coi.pdf" in staff.get(reverse("staff:booking", args=[booking.pk])).text
    assert staff.get(url)["Content-Disposition"] == 'attachment; filename="coi.pdf"'
    assert client.get(url).status_code == 302
    staff.post(reverse("staff:document_remove", args=[document.pk]))
    assert staff.get(url).status_code == 404


def test_hidden_bookings_papers_are_hidden_too(catalog, operator, staff_client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    booking = make_paid()
    document = Document.objects.create(
        booking=booking, kind="other", name="x", content_type="x", size_bytes=1, file="x"
    )
    Booking.objects.filter(pk=booking.pk).update(deleted_at=clock.now())
    answer = staff_client(operator).get(reverse("staff:document", args=[document.pk]))
    assert answer.status_code == 404


def test_no_trouble_is_closed_without_a_row_in_the_audit(
    catalog, operator, staff_client, monkeypatch
):
    alert = services.raise_alert(AlertKind.DELIVERY_FAILED, make_paid().pk, "Pickup")

    def broken(*_args, **_more):
        raise RuntimeError("the audit cannot be written")

    monkeypatch.setattr("staff.views.logistics.log_action", broken)
    with pytest.raises(RuntimeError):
        staff_client(operator).post(f"{URL}alerts/{alert.pk}/resolve/")
    assert LogisticsAlert.objects.open().count() == 1


def test_tasks_of_hidden_bookings_are_for_admins(catalog, operator, staff_client):
    booking = make_paid()
    task = make_task(booking)
    Booking.objects.filter(pk=booking.pk).update(deleted_at=clock.now())
    client = staff_client(operator)
    assert client.post(f"{URL}tasks/{task.pk}/read/").status_code == 404
    assert booking.booking_number not in client.get(URL).text
