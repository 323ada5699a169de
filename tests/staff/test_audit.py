"""What the office did: written once, shown with filters, never changed."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test import RequestFactory
from django.urls import reverse

from staff.audit import log_action
from staff.models import ActionType, StaffAction
from tests.staff.forms import count_queries
from tests.staff.helpers import make_staff, signed_in
from tests.staff.office import booked
from totetaxi.users.models import User

AUDIT = reverse("staff:audit")


@pytest.fixture
def office(admin):
    return signed_in(admin)


def acted(user, action=ActionType.MODIFY_BOOKING, text="Did something", **more):
    request = RequestFactory().get("/", headers={"User-Agent": "a browser" * 100})
    request.user = user
    return log_action(request, action, text, **more)


def texts(page):
    return [action.description for action in page.context["page"].object_list]


def test_an_act_names_person_address_program_booking_and_its_customer(catalog, operator):
    customer = User.objects.create_user("ann@example.com")
    booking = booked(customer=customer)
    action = acted(operator, booking=booking, before={"id": uuid.UUID(int=1)}, after={"n": 2})
    action.refresh_from_db()
    assert (action.staff_user, action.booking, action.customer) == (operator, booking, customer)
    assert (action.ip_address, len(action.user_agent)) == ("127.0.0.1", 300)
    assert action.before == {"id": str(uuid.UUID(int=1))}
    assert action.changes == [("id", str(uuid.UUID(int=1)), None), ("n", None, 2)]


@pytest.mark.parametrize(
    "sql", ["UPDATE staff_staffaction SET description = ''", "DELETE FROM staff_staffaction"]
)
def test_the_database_refuses_to_change_or_delete_acts(operator, sql):
    acted(operator)
    sql = sql.format("staff_staffaction")
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        connection.cursor().execute(sql)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL totetaxi.wipe = 'on'")
        cursor.execute(sql)
        assert cursor.rowcount == 1


def test_who_acted_cannot_be_deleted(operator):
    acted(operator)
    with pytest.raises(ProtectedError):
        operator.delete()


def test_the_database_knows_the_actions(operator):
    with pytest.raises(IntegrityError), transaction.atomic():
        StaffAction.objects.create(
            staff_user=operator, action_type="dance", description="", ip_address="::1"
        )


def test_filters_stand_in_the_address(catalog, office, admin, operator, time_machine):
    booking = booked()
    time_machine.move_to("2026-06-10T03:59Z", tick=False)  # June 9 in New York.
    acted(operator, text="Old")
    time_machine.move_to("2026-06-10T04:00Z", tick=False)
    acted(operator, ActionType.SEND_NOTIFICATION, "Mailed it", booking=booking)
    acted(admin, text="Of the admin")
    time_machine.move_to("2026-06-11T04:00Z", tick=False)
    office = signed_in(admin)

    def found(**filters):
        return texts(office.get(AUDIT, filters))

    assert set(found()) == {"Old", "Mailed it", "Of the admin"}
    assert found()[-1] == "Old"
    assert found(who=operator.pk) == ["Mailed it", "Old"]
    assert found(action="send_notification") == ["Mailed it"]
    assert found(q="MAILED") == ["Mailed it"]
    assert found(booking=booking.booking_number.lower()) == ["Mailed it"]
    assert found(last="2026-06-09") == ["Old"]
    assert set(found(first="2026-06-10", last="2026-06-10")) == {"Mailed it", "Of the admin"}
    assert found(first="2026-06-11") == []
    # What cannot be understood narrows nothing.
    assert len(found(first="soon", who="x", action="y", page="z")) == 3


def test_no_act_fits_is_said(office):
    page = office.get(AUDIT, {"q": "nothing like this"})
    assert "Nothing fits." in page.text
    assert "Show everything" in page.text


def test_pages_of_25_keep_the_filters(office, operator):
    for number in range(30):
        acted(operator, text=f"Number {number}")
    page = office.get(AUDIT, {"who": operator.pk})
    assert len(page.context["page"].object_list) == 25
    assert f'href="?who={operator.pk}&amp;page=2"' in page.text
    assert "1 to 25 of 30" in page.text
    assert len(texts(office.get(AUDIT, {"who": operator.pk, "page": 2}))) == 5


def test_the_csv_holds_what_is_filtered_and_runs_nothing(office, admin, operator):
    acted(operator, text="=1+1", after={"a": 1})
    acted(admin, text="Another")
    answer = office.get(AUDIT, {"who": operator.pk, "format": "csv"})
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("When,Who,Action,What")
    assert len(lines) == 2
    assert ",'=1+1," in lines[1]
    export = StaffAction.objects.filter(action_type=ActionType.EXPORT_DATA).get()
    assert export.after["rows"] == 1
    assert export.after["filters"]["who"] == str(operator.pk)


def test_the_page_asks_the_database_as_often_for_many_as_for_one(catalog, office, operator):
    acted(operator, booking=booked())
    one = count_queries(office, AUDIT)
    for number in range(5):
        acted(make_staff(), booking=booked(email=f"a{number}@example.com"))
    assert count_queries(office, AUDIT) == one
