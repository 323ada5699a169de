"""The team: adding, changing, shutting out, and who must always be left."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse

from staff import second_factor
from staff.capabilities import Role
from staff.models import ActionType, StaffAction, StaffProfile
from staff.services import team
from staff.services.team import TeamError
from tests.staff.forms import count_queries
from tests.staff.helpers import PASSWORD, enrolled, make_staff, signed_in
from totetaxi.users.models import User

TEAM, NEW, LOGIN = reverse("staff:team"), reverse("staff:member_new"), reverse("staff:login")
OLGA = {
    "first_name": "Olga",
    "last_name": "Sample",
    "email": "olga@office.example.com",
    "phone": "",
    "notes": "",
    "role": "operator",
    "can_modify_bookings": "on",
}
CHOSEN = "rivers tables nine clouds"


def page_of(user):
    return reverse("staff:member", args=[user.pk])


def act(client, user, name):
    return client.post(reverse("staff:member_act", args=[user.pk, name]))


def changed(user, **changes):
    """What the form of a colleague sends."""
    profile = StaffProfile.objects.get(pk=user.pk)
    given = {**OLGA, "role": profile.role, "first_name": user.first_name}
    return {**given, "last_name": user.last_name, **changes}


def link_in(mail):
    return re.search(r"/staff/password/[^\s]+/", mail.body)[0]


@pytest.fixture
def office(admin):
    return signed_in(admin)


def test_a_new_colleague_sets_their_own_password(office, admin, mailoutbox, run_queue):
    page = office.post(NEW, OLGA)
    olga = User.objects.get(email="olga@office.example.com")
    assert page["Location"] == page_of(olga)
    assert not olga.has_usable_password()
    assert "Invited" in office.get(TEAM).text
    made = StaffAction.objects.get()
    assert (made.action_type, made.staff_user) == (ActionType.MANAGE_STAFF, admin)
    assert made.after["role"] == "operator"
    assert made.after["user"] == str(olga.pk)

    run_queue()
    [mail] = mailoutbox
    assert mail.to == ["olga@office.example.com"]
    assert "set your password" in mail.subject
    client = Client()
    form = client.get(link_in(mail))["Location"]
    assert form == reverse("staff:new_password")
    assert "too common" in client.post(form, {"password": "password", "again": "password"}).text
    assert client.post(form, {"password": CHOSEN, "again": CHOSEN})["Location"] == LOGIN
    answer = client.post(LOGIN, {"email": olga.email, "password": CHOSEN})
    assert answer["Location"] == reverse("staff:login_enrol")
    # The link worked once.
    assert Client().get(link_in(mail)).status_code == 410
    assert client.get(form).status_code == 410


def test_a_link_ends_with_the_next_one_with_time_and_with_deactivation(
    office, mailoutbox, run_queue, time_machine
):
    time_machine.move_to("2026-06-02T12:00Z")
    office = signed_in(User.objects.get())
    office.post(NEW, OLGA)
    olga = User.objects.get(email="olga@office.example.com")
    run_queue()
    act(office, olga, "invite")
    run_queue()
    first, second = (link_in(mail) for mail in mailoutbox)
    assert Client().get(first).status_code == 410
    assert Client().get(second).status_code == 302

    act(office, olga, "deactivate")
    assert Client().get(second).status_code == 410
    act(office, olga, "reactivate")
    assert Client().get(second).status_code == 302
    time_machine.move_to("2026-06-05T12:00:30Z")
    assert Client().get(second).status_code == 410


@pytest.mark.parametrize("token", ["x", "a:b:c", "%00", "ü" * 5])
def test_a_made_up_link_has_ended(client, db, token):
    assert client.get(f"/staff/password/{token}/").status_code == 410
    assert client.get(reverse("staff:new_password")).status_code == 410


def test_an_invitation_is_not_mailed_to_somebody_shut_out_meanwhile(office, mailoutbox, run_queue):
    office.post(NEW, OLGA)
    StaffProfile.objects.filter(user__email=OLGA["email"]).update(is_active=False)
    run_queue()
    assert mailoutbox == []


def test_an_email_is_used_once_in_any_case(office, db):
    User.objects.create_user("Olga@Office.example.com")
    page = office.post(NEW, OLGA)
    assert "There is already an account with this email address." in page.text
    assert 'value="Olga"' in page.text
    assert User.objects.count() == 2


@pytest.mark.parametrize(
    ("role", "stored"),
    [
        ("operator", {"modify": True, "money": True, "refunds": False}),
        ("manager", {"modify": True, "money": True, "refunds": True}),
        ("admin", {"modify": True, "money": True, "refunds": True}),
    ],
)
def test_rights_are_stored_as_the_role_allows(office, role, stored):
    given = {**OLGA, "role": role, "can_view_financials": "on", "can_approve_refunds": "on"}
    del given["can_modify_bookings"]
    if role == "operator":
        stored = {**stored, "modify": False}
    office.post(NEW, given)
    profile = StaffProfile.objects.get(user__email=OLGA["email"])
    assert {
        "modify": profile.can_modify_bookings,
        "money": profile.can_view_financials,
        "refunds": profile.can_approve_refunds,
    } == stored


def test_a_change_is_audited_with_before_and_after(office, operator):
    given = changed(operator, phone="2125550142", can_view_financials="on")
    assert office.post(page_of(operator), given).status_code == 302
    action = StaffAction.objects.get()
    whom = {"user": str(operator.pk)}
    assert action.before == {**whom, "phone": "", "can_view_financials": False}
    assert action.after == {**whom, "phone": "2125550142", "can_view_financials": True}
    assert action.description == f"Changed {operator.get_full_name()}"


def test_an_unknown_role_is_refused_and_nothing_is_lost(office, operator):
    page = office.post(page_of(operator), changed(operator, role="owner", phone="555"))
    assert page.status_code == 200
    assert 'value="555"' in page.text
    operator.staff_profile.refresh_from_db()
    assert operator.staff_profile.role == "operator"


@pytest.mark.parametrize("how", ["deactivate", "role", "reset-app", "password", "user off"])
def test_a_live_session_ends_at_once(office, operator, how):
    theirs = signed_in(operator)
    own = reverse("staff:own_account")
    assert theirs.get(own).status_code == 200
    if how == "role":
        office.post(page_of(operator), changed(operator, role="manager"))
    elif how == "password":
        operator.set_password("another one")
        operator.save()
    elif how == "user off":
        User.objects.filter(pk=operator.pk).update(is_active=False)
    else:
        act(office, operator, how)
    assert theirs.get(own)["Location"] == f"{LOGIN}?next={own}"
    # Nothing brings it back.
    StaffProfile.objects.update(is_active=True, role="operator")
    User.objects.update(is_active=True)
    assert theirs.get(own).status_code == 302


def test_flags_count_from_the_next_request_without_a_new_sign_in(office, operator):
    theirs, page = signed_in(operator), reverse("staff:payments")
    assert theirs.get(page).status_code == 403
    office.post(page_of(operator), changed(operator, can_view_financials="on"))
    assert theirs.get(page).status_code == 200


def test_a_session_lasts_twelve_hours_however_much_it_is_used(operator, time_machine):
    time_machine.move_to("2026-06-02T06:00Z", tick=False)
    client, own = signed_in(operator), reverse("staff:own_account")
    for hour in ("10:00", "14:00", "17:59"):
        time_machine.move_to(f"2026-06-02T{hour}Z", tick=False)
        assert client.get(own).status_code == 200
    time_machine.move_to("2026-06-02T18:00Z", tick=False)
    assert client.get(own).status_code == 302


def test_the_cookie_of_a_session_lasts_twelve_hours(client, settings, operator, time_machine):
    settings.STAFF_TOTP_REQUIRED = False
    time_machine.move_to("2026-06-02T06:00Z", tick=False)
    client.post(LOGIN, {"email": operator.email, "password": PASSWORD})
    assert client.cookies["sessionid"]["expires"] == "Tue, 02 Jun 2026 18:00:00 GMT"


def test_a_session_of_another_sign_in_opens_nothing(client, operator):
    client.force_login(operator)
    assert client.get(reverse("staff:own_account"))["Location"].startswith(LOGIN)


def test_resetting_the_app_takes_the_recovery_codes_as_well(office, operator):
    enrolled(operator)
    act(office, operator, "reset-app")
    assert not second_factor.is_enrolled(operator)
    assert second_factor.recovery_codes_left(operator) == 0
    action = StaffAction.objects.get()
    assert action.description == f"Reset the second factor of {operator.get_full_name()}"
    assert (action.before["enrolled"], action.after["enrolled"]) == (True, False)


def test_nobody_shuts_themselves_out(office, admin):
    make_staff(Role.ADMIN)
    for name in ("deactivate", "reset-app"):
        act(office, admin, name)
    page = office.post(page_of(admin), changed(admin, role="operator"))
    assert "You cannot change your own role" in page.text
    admin.staff_profile.refresh_from_db()
    assert (admin.staff_profile.role, admin.staff_profile.is_active) == ("admin", True)
    assert office.get(TEAM).status_code == 200
    # The rest of oneself may be changed.
    assert office.post(page_of(admin), changed(admin, phone="1")).status_code == 302


def test_an_admin_who_never_set_a_password_does_not_count_as_left(office, admin):
    other = make_staff(Role.ADMIN)
    invited = make_staff(Role.ADMIN)
    User.objects.filter(pk=invited.pk).update(password="!unusable")
    User.objects.filter(pk=admin.pk).update(is_active=False)
    request: Any = RequestFactory().post("/")
    request.user = admin
    with pytest.raises(TeamError, match="last administrator"):
        team.deactivate(request, other.pk)


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_shut_each_other_out_leave_one():
    first, second = make_staff(Role.ADMIN), make_staff(Role.ADMIN)
    together = threading.Barrier(2, timeout=10)

    def shut_out(pair):
        actor, victim = pair
        request: Any = RequestFactory().post("/")
        request.user = actor
        try:
            together.wait()
            team.deactivate(request, victim.pk)
            return "done"
        except TeamError as error:
            return str(error)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(shut_out, [(first, second), (second, first)]))
    assert answers == ["You are no administrator any more.", "done"]
    assert StaffProfile.objects.admins().count() == 1


def test_unknown_people_and_acts_are_not_found(office, operator):
    nobody = "00000000-0000-4000-8000-000000000000"
    assert office.get(reverse("staff:member", args=[nobody])).status_code == 404
    assert office.post(reverse("staff:member_act", args=[nobody, "unlock"])).status_code == 404
    assert act(office, operator, "promote").status_code == 404
    url = reverse("staff:member_act", args=[operator.pk, "unlock"])
    assert office.get(url).status_code == 405


def test_the_list_asks_the_database_as_often_for_many_as_for_one(office, admin):
    one = count_queries(office, TEAM)
    for _ in range(5):
        enrolled(make_staff())
    assert count_queries(office, TEAM) == one
