"""A user is a customer or one of the staff, never both: the database holds to it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from booking.models import CustomerProfile
from staff.models import StaffProfile
from totetaxi.users.models import User

CUSTOMER_SQL = """
INSERT INTO booking_customerprofile
(user_id, phone, preferred_pickup_time, email_notifications, sms_notifications, is_vip, notes,
 search_text, created_at, updated_at)
VALUES (%s, '', 'morning', true, false, false, '', '', now(), now())
"""


def insert_customer(user):
    with connection.cursor() as cursor:
        cursor.execute(CUSTOMER_SQL, [user.pk])


def insert_staff(user):
    StaffProfile.objects.bulk_create([StaffProfile(user=user)])


@pytest.mark.parametrize(
    "inserts", [(insert_customer, insert_staff), (insert_staff, insert_customer)]
)
def test_the_second_profile_is_refused(db, inserts):
    user = User.objects.create_user("ann@example.com")
    inserts[0](user)
    with pytest.raises(IntegrityError, match="cannot be"), transaction.atomic():
        inserts[1](user)


def test_a_profile_cannot_be_moved_to_a_user_with_the_other_one(db):
    customer, staff = (User.objects.create_user(f"{name}@example.com") for name in "ab")
    insert_customer(customer)
    insert_staff(staff)
    with pytest.raises(IntegrityError, match="cannot be staff"), transaction.atomic():
        StaffProfile.objects.update(user=customer)


@pytest.mark.django_db(transaction=True)
def test_two_transactions_at_once_leave_one_profile():
    user = User.objects.create_user("ann@example.com")
    together = threading.Barrier(2, timeout=10)

    def insert(profile):
        try:
            with transaction.atomic():
                together.wait()
                profile(user)
                # The other one is at its insert by now, and waits.
                connection.cursor().execute("SELECT pg_sleep(0.3)")
            return "made"
        except IntegrityError:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(insert, [insert_customer, insert_staff]))
    assert answers == ["made", "refused"]
    assert CustomerProfile.objects.count() + StaffProfile.objects.count() == 1
