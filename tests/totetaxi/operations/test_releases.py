"""A release can be repeated, two at once are harmless, and somebody can come in afterwards."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django_q.models import Schedule

from catalog.models import ServiceZip
from staff.models import StaffProfile
from totetaxi.operations import releases
from totetaxi.operations.errors import OperationError
from totetaxi.outbox.models import Message
from totetaxi.outbox.registry import jobs
from totetaxi.users.models import User


def release() -> str:
    said: list[str] = []
    releases.release(said.append)
    return "\n".join(said)


def test_a_release_brings_everything_and_can_be_repeated(db, settings):
    settings.FIRST_ADMIN_EMAIL = "olga@office.example.com"
    assert release().startswith("The first administrator is added")
    assert release() == "There is an administrator."

    profile = StaffProfile.objects.get()
    assert (profile.user.email, profile.role) == ("olga@office.example.com", "admin")
    assert (profile.user.is_superuser, profile.user.has_usable_password()) == (True, False)
    assert Message.objects.get(event="staff_invited").subject_id == str(profile.pk)
    assert ServiceZip.objects.exists()
    assert Schedule.objects.count() == len(jobs())


def test_nobody_is_added_unless_asked_for(db):
    assert releases.make_first_admin() == "No FIRST_ADMIN_EMAIL."
    assert not User.objects.exists()


def test_a_customer_does_not_become_an_administrator_by_it(db, settings):
    settings.FIRST_ADMIN_EMAIL = "Ann@example.com"
    User.objects.create_user("ann@example.com")
    said = releases.make_first_admin()
    assert said.startswith("No administrator was made: There is already an account")
    assert not StaffProfile.objects.exists()


def test_what_a_release_prints_holds_no_link_and_no_address(db, settings, capsys):
    settings.FIRST_ADMIN_EMAIL = "olga@office.example.com"
    said = release() + "".join(capsys.readouterr())
    assert "/staff/password/" not in said
    assert "olga@" not in said


def test_one_release_waits_for_the_other(db, monkeypatch):
    monkeypatch.setattr(releases, "LOCK_SECONDS", 0)
    monkeypatch.setattr(releases, "LOOK_SECONDS", 0)
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [releases.RELEASE_LOCK])
        try:
            with pytest.raises(CommandError, match="Another release has been at it"):
                call_command("release")
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [releases.RELEASE_LOCK])
    other.close()
    assert release() == "No FIRST_ADMIN_EMAIL."
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s",
            [releases.RELEASE_LOCK],
        )
        assert cursor.fetchone() == (0,)


def test_the_database_is_waited_for_but_not_forever(monkeypatch):
    tries = iter([OperationalError("starting up"), OperationalError("starting up"), None])

    def connect() -> Any:
        if error := next(tries):
            raise error

    monkeypatch.setattr(connection, "ensure_connection", connect)
    monkeypatch.setattr(releases, "LOOK_SECONDS", 0)
    releases.wait_for_database(5)
    tries = iter([OperationalError("no route")])
    with pytest.raises(OperationError, match="did not answer for 0 s: no route"):
        releases.wait_for_database(0)
