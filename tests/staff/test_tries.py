"""Wrong tries: five lock an account for one client, fifty tell the admins."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse

from staff.jobs import purge_sign_in_tries
from staff.models import ActionType, SignInTries, StaffAction
from staff.services import tries
from tests.staff.helpers import PASSWORD, code_now, enrolled, make_staff, signed_in
from totetaxi.outbox.models import Message

LOGIN, CODE = reverse("staff:login"), reverse("staff:login_code")
LOCKED = "There were too many wrong tries. Try again in 30 minutes"


@pytest.fixture(autouse=True)
def _no_rate_limits(settings):
    settings.RATELIMIT_ENABLE = False


def send(client, email, password="wrong", address="127.0.0.1"):
    return client.post(LOGIN, {"email": email, "password": password}, REMOTE_ADDR=address)


def test_five_wrong_passwords_lock_this_account_for_this_client(client, operator, time_machine):
    time_machine.move_to("2026-06-02T12:00Z", tick=False)
    for _ in range(5):
        assert "do not open the office" in send(client, operator.email).text
    assert LOCKED in send(client, operator.email, PASSWORD).text
    # Not for another client, nor for another account.
    assert send(client, operator.email, PASSWORD, "203.0.113.9").status_code == 302
    other = make_staff()
    assert send(Client(), other.email, PASSWORD).status_code == 302

    time_machine.move_to("2026-06-02T12:29Z", tick=False)
    assert "Try again in 1 minute," in send(client, operator.email, PASSWORD).text
    time_machine.move_to("2026-06-02T12:30:01Z", tick=False)
    assert send(Client(), operator.email, PASSWORD).status_code == 302


def test_the_lock_is_not_made_longer_by_trying_on(client, operator, time_machine):
    time_machine.move_to("2026-06-02T12:00Z", tick=False)
    for _ in range(5):
        send(client, operator.email)
    time_machine.move_to("2026-06-02T12:20Z", tick=False)
    send(client, operator.email)
    time_machine.move_to("2026-06-02T12:30:01Z", tick=False)
    assert send(client, operator.email, PASSWORD).status_code == 302


def test_an_account_that_does_not_exist_locks_alike(client, db):
    pages = [send(client, "nobody@example.com").text for _ in range(6)]
    assert LOCKED not in pages[4]
    assert LOCKED in pages[5]
    assert not StaffAction.objects.exists()
    assert "nobody@example.com" not in str(list(SignInTries.objects.values()))


def test_all_addresses_of_an_ipv6_network_count_as_one(client, operator):
    for host in range(1, 6):
        send(client, operator.email, address=f"2001:db8::{host}")
    assert LOCKED in send(client, operator.email, PASSWORD, "2001:db8::99").text
    assert send(client, operator.email, PASSWORD, "2001:db8:1::1").status_code == 302


def test_a_known_password_buys_no_codes(client, operator):
    secret = enrolled(operator)
    for _ in range(5):
        send(client, operator.email, PASSWORD)
        client.post(CODE, {"code": "000000"})
    assert LOCKED in send(client, operator.email, PASSWORD).text
    assert "too many wrong tries" in client.post(CODE, {"code": code_now(secret)}).text


def test_a_finished_sign_in_starts_the_count_anew(operator):
    secret = enrolled(operator)
    client = Client()
    for _ in range(4):
        send(client, operator.email)
    send(client, operator.email, PASSWORD)
    client.post(CODE, {"code": code_now(secret)})
    assert not SignInTries.objects.exclude(address="").exists()
    for _ in range(4):
        assert LOCKED not in send(Client(), operator.email).text


def test_wrong_tries_are_audited_with_their_address(client, operator):
    send(client, operator.email, address="203.0.113.9")
    action = StaffAction.objects.get()
    assert action.action_type == ActionType.LOGIN_FAILED
    assert (action.staff_user, action.ip_address) == (operator, "203.0.113.9")
    assert action.description == "Sign-in failed: wrong password"


def test_many_wrong_tries_tell_the_admins_once(
    client, admin, operator, settings, mailoutbox, run_queue
):
    assert settings.STAFF_ALERT_TRIES == 50
    settings.STAFF_ALERT_TRIES = 8
    settings.STAFF_ALERT_EMAILS = ["office@example.com", admin.email]
    make_staff("admin", is_active=False)

    def from_many(first, last):
        for number in range(first, last):
            send(client, operator.email, address=f"198.51.100.{number}")
        run_queue()

    from_many(1, 8)
    assert mailoutbox == []
    from_many(8, 10)
    assert [mail.to for mail in mailoutbox] == [[admin.email, "office@example.com"]]
    assert operator.get_full_name() in mailoutbox[0].body
    assert reverse("staff:member", args=[operator.pk]) in mailoutbox[0].body
    from_many(10, 20)
    assert len(mailoutbox) == 1


def test_the_count_of_fifty_starts_anew_after_a_day(client, operator, settings, time_machine):
    settings.STAFF_ALERT_TRIES = 3
    time_machine.move_to("2026-06-02T12:00Z", tick=False)
    for _ in range(2):
        send(client, operator.email)
    time_machine.move_to("2026-06-03T12:00:01Z", tick=False)
    for _ in range(2):
        send(client, operator.email)
    assert not Message.objects.filter(event="staff_sign_in_attacked").exists()
    send(client, operator.email)
    assert Message.objects.filter(event="staff_sign_in_attacked").count() == 1


def test_an_admin_unlocks(client, admin, operator):
    for _ in range(5):
        send(client, operator.email)
    office = signed_in(admin)
    assert "Locked" in office.get(reverse("staff:team")).text
    page = office.get(reverse("staff:member", args=[operator.pk]))
    assert "Unlock" in page.text
    office.post(reverse("staff:member_act", args=[operator.pk, "unlock"]))
    assert "Locked" not in office.get(reverse("staff:team")).text
    assert send(client, operator.email, PASSWORD).status_code == 302
    unlocked = StaffAction.objects.get(action_type=ActionType.MANAGE_STAFF)
    assert unlocked.after == {"user": str(operator.pk), "locked_clients": 1}


def test_old_tries_are_forgotten(client, operator, time_machine):
    time_machine.move_to("2026-06-02T12:00Z", tick=False)
    send(client, operator.email)
    time_machine.move_to("2026-06-09T11:59Z", tick=False)
    assert purge_sign_in_tries() == "0 forgotten"
    time_machine.move_to("2026-06-09T12:01Z", tick=False)
    assert purge_sign_in_tries() == "2 forgotten"


@pytest.mark.django_db(transaction=True)
def test_tries_sent_at_once_are_all_counted():
    operator = make_staff()
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.9")
    looked = []
    together = threading.Barrier(8, timeout=10)

    def attack(_):
        try:
            together.wait()
            tries.guarded(request, operator.email, lambda: looked.append(1), what="password")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(attack, range(8)))
    assert len(looked) == 5


def test_letters_that_the_database_takes_for_the_same_are_no_more_tries(client, db):
    user = make_staff(email="kim.sis@office.example.com")
    spellings = ["kim.sis", "KIM.SIS", "k\u0131m.sis", "kim.\u017fis", "kim.si\u017f"]
    for spelling in spellings:
        send(client, f"{spelling}@office.example.com")
    assert LOCKED in send(client, user.email, PASSWORD).text
