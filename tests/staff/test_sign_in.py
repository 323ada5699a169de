"""Signing in to the office: email, password, second factor, and where that leads."""

import pytest
from django.test import Client
from django.urls import reverse

from staff import second_factor
from staff.capabilities import Role
from staff.models import ActionType, SignInTries, StaffAction, StaffProfile
from tests.staff.helpers import PASSWORD, code_now, enrolled, make_staff, signed_in
from totetaxi.users.models import User

LOGIN, CODE, RECOVERY, ENROL = (
    reverse(f"staff:{name}") for name in ("login", "login_code", "login_recovery", "login_enrol")
)
HOME = reverse("staff:dashboard")
WRONG = "This email and password do not open the office."


def send_password(client, user, password=PASSWORD, **more):
    return client.post(LOGIN, {"email": user.email, "password": password, **more})


@pytest.fixture
def app_user(operator):
    """An operator with an authenticator app: (user, secret)."""
    return operator, enrolled(operator)


def test_password_and_code_open_the_office(client, app_user):
    user, secret = app_user
    assert send_password(client, user)["Location"] == CODE
    assert client.get(HOME).status_code == 302
    assert client.post(CODE, {"code": code_now(secret)})["Location"] == HOME
    assert client.get(reverse("staff:own_account")).status_code == 200
    action = StaffAction.objects.get()
    assert (action.action_type, action.staff_user) == (ActionType.LOGIN, user)
    assert action.description == "Signed in with a code of their app"


def test_email_counts_in_any_case_and_the_code_with_blanks(client, app_user):
    user, secret = app_user
    client.post(LOGIN, {"email": user.email.upper(), "password": PASSWORD})
    code = code_now(secret)
    assert client.post(CODE, {"code": f" {code[:3]} {code[3:]} "})["Location"] == HOME


def test_first_sign_in_sets_up_the_app_and_shows_recovery_codes_once(client, operator):
    assert send_password(client, operator)["Location"] == ENROL
    page = client.get(ENROL)
    secret = client.session["staff_enrolment"]
    assert second_factor.enrolment(operator, secret).typed_key in page.text
    assert 'src="data:image/svg+xml' in page.text
    assert client.get(HOME).status_code == 302

    wrong = client.post(ENROL, {"code": "000000"})
    assert "This code does not fit" in wrong.text
    assert not second_factor.is_enrolled(operator)

    assert client.post(ENROL, {"code": code_now(secret)})["Location"] == reverse(
        "staff:recovery_codes"
    )
    page = client.get(reverse("staff:recovery_codes"))
    codes = client.session["staff_new_codes"]
    assert len(codes) == 10
    assert all(code in page.text for code in codes)
    file = client.get(reverse("staff:recovery_file"))
    assert file.text.splitlines()[3:] == codes
    assert "attachment" in file["Content-Disposition"]

    assert client.post(reverse("staff:recovery_kept"))["Location"] == HOME
    own = reverse("staff:own_account")
    assert client.get(reverse("staff:recovery_codes"))["Location"] == own
    assert client.get(reverse("staff:recovery_file"))["Location"] == own


def test_a_recovery_code_signs_in_once(app_user):
    user, _ = app_user
    code = second_factor.new_recovery_codes(user)[3]
    first, second = Client(), Client()
    for client in (first, second):
        send_password(client, user)
    assert first.post(RECOVERY, {"code": code})["Location"] == HOME
    assert "none of your unused recovery codes" in second.post(RECOVERY, {"code": code}).text
    assert second_factor.recovery_codes_left(user) == 9
    assert "You have 9 recovery codes left." in first.get(reverse("staff:own_account")).text


def test_a_code_works_once(app_user):
    user, secret = app_user
    first, second = Client(), Client()
    for client in (first, second):
        send_password(client, user)
    code = code_now(secret)
    assert first.post(CODE, {"code": code}).status_code == 302
    assert "does not fit" in second.post(CODE, {"code": code}).text


def test_a_code_older_than_the_last_one_used_works_no_more(app_user):
    user, secret = app_user
    assert second_factor.check_code(user, code_now(secret, steps=1))
    assert not second_factor.check_code(user, code_now(secret))


@pytest.mark.parametrize("code", ["", "000000", "abcdef", "\uff11" * 6, "\0", "9" * 20])
def test_wrong_codes_are_refused(client, app_user, code):
    user, _ = app_user
    send_password(client, user)
    assert client.post(CODE, {"code": code}).status_code == 200
    assert client.get(HOME).status_code == 302


def test_without_the_setting_a_password_is_enough(client, settings, operator):
    settings.STAFF_TOTP_REQUIRED = False
    assert send_password(client, operator)["Location"] == HOME
    assert client.get(reverse("staff:own_account")).status_code == 200


def test_without_the_setting_an_app_that_is_set_up_is_still_asked(client, settings, app_user):
    settings.STAFF_TOTP_REQUIRED = False
    assert send_password(client, app_user[0])["Location"] == CODE


def test_a_session_without_second_factor_ends_when_it_is_required(client, settings, operator):
    settings.STAFF_TOTP_REQUIRED = False
    send_password(client, operator)
    settings.STAFF_TOTP_REQUIRED = True
    assert client.get(reverse("staff:own_account"))["Location"].startswith(LOGIN)


def wrong_for_everyone():
    """(name, email, password) that must all be answered alike."""
    staff = make_staff(email="known@office.example.com")
    off = make_staff(email="off@office.example.com", is_active=False)
    gone = make_staff(email="gone@office.example.com")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    customer = User.objects.create_user("customer@example.com", PASSWORD)
    bare = User.objects.create_superuser("bare@example.com", PASSWORD)
    for user, password in (
        (staff, "wrong"),
        *((user, PASSWORD) for user in (off, gone, customer, bare)),
    ):
        yield user.email, password
    yield "nobody@example.com", PASSWORD


def test_every_refusal_reads_the_same(db, settings):
    settings.RATELIMIT_ENABLE = False
    pages = set()
    for email, password in wrong_for_everyone():
        page = Client().post(LOGIN, {"email": email, "password": password})
        assert page.status_code == 200
        assert WRONG in page.text
        pages.add(page.context["form"].non_field_errors()[0])
    assert len(pages) == 1


def test_what_was_typed_stays_but_the_password(client, operator):
    page = send_password(client, operator, "wrong password")
    assert f'value="{operator.email}"' in page.text
    assert "wrong password" not in page.text


@pytest.mark.parametrize("page", [CODE, RECOVERY, ENROL])
def test_the_second_step_needs_the_first(client, db, page):
    assert client.get(page)["Location"] == LOGIN
    assert client.post(page, {"code": "123456"})["Location"] == LOGIN


def test_the_second_step_ends_after_a_quarter_of_an_hour(client, app_user, time_machine):
    user, secret = app_user
    time_machine.move_to("2026-06-02T12:00Z")
    send_password(client, user)
    time_machine.move_to("2026-06-02T12:15:01Z")
    assert client.post(CODE, {"code": code_now(secret)})["Location"] == LOGIN


def test_the_second_step_ends_with_a_new_password_and_with_deactivation(app_user):
    user, _ = app_user
    clients = Client(), Client()
    for client in clients:
        send_password(client, user)
        assert client.get(CODE).status_code == 200
    StaffProfile.objects.update(is_active=False)
    assert clients[0].get(CODE)["Location"] == LOGIN
    StaffProfile.objects.update(is_active=True)
    assert clients[0].get(CODE).status_code == 200
    user.set_password("another one")
    user.save()
    assert clients[1].get(CODE)["Location"] == LOGIN


def test_an_app_cannot_be_replaced_between_the_steps(client, app_user):
    user, _ = app_user
    send_password(client, user)
    assert client.get(ENROL)["Location"] == LOGIN


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        ("/staff/bookings/?status=paid", "/staff/bookings/?status=paid"),
        ("/admin/", "/admin/"),
        ("https://evil.example.com/staff/", HOME),
        ("//evil.example.com/staff/", HOME),
        ("/\\evil.example.com", HOME),
        ("/account/", HOME),
        ("/staff/logout/", HOME),
        ("/staff/login/?next=/staff/", HOME),
        ("javascript:alert(1)", HOME),
        ("", HOME),
    ],
)
def test_sign_in_leads_only_to_pages_of_the_office(client, settings, operator, asked, leads):
    settings.STAFF_TOTP_REQUIRED = False
    assert send_password(client, operator, next=asked)["Location"] == leads


def test_next_lives_through_both_steps(client, app_user):
    user, secret = app_user
    send_password(client, user, next="/staff/bookings/?q=ann")
    answer = client.post(CODE, {"code": code_now(secret)})
    assert answer["Location"] == "/staff/bookings/?q=ann"


def test_who_is_in_is_not_asked_again(operator):
    client = signed_in(operator)
    assert client.get(f"{LOGIN}?next=/staff/team/")["Location"] == "/staff/team/"


def test_the_session_key_changes_at_sign_in(client, app_user):
    user, secret = app_user
    send_password(client, user)
    before = client.session.session_key
    client.post(CODE, {"code": code_now(secret)})
    assert client.session.session_key != before


def test_a_customer_who_turns_out_to_be_staff_takes_nothing_along(client, app_user):
    user, secret = app_user
    client.force_login(User.objects.create_user("customer@example.com"))
    session = client.session
    session["draft"] = "of the customer"
    session.save()
    send_password(client, user)
    client.post(CODE, {"code": code_now(secret)})
    assert "draft" not in client.session
    assert client.session["_auth_user_id"] == str(user.pk)


def test_sign_out_is_a_post_and_audited(operator):
    client = signed_in(operator)
    logout = reverse("staff:logout")
    assert client.get(logout).status_code == 405
    assert client.post(logout)["Location"] == LOGIN
    assert client.session.get("_auth_user_id") is None
    assert [action.action_type for action in StaffAction.objects.all()] == [ActionType.LOGOUT]
    assert Client().post(logout)["Location"] == LOGIN


def test_the_address_of_a_sign_in_comes_from_the_trusted_proxy_only(client, settings, operator):
    settings.STAFF_TOTP_REQUIRED = False
    forged = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9"}
    client.post(LOGIN, {"email": operator.email, "password": PASSWORD}, headers=forged)
    operator.staff_profile.refresh_from_db()
    assert operator.staff_profile.last_login_ip == "127.0.0.1"

    settings.TRUSTED_PROXIES = 1
    Client().post(LOGIN, {"email": operator.email, "password": PASSWORD}, headers=forged)
    operator.staff_profile.refresh_from_db()
    assert operator.staff_profile.last_login_ip == "203.0.113.9"
    assert {action.ip_address for action in StaffAction.objects.all()} == {
        "127.0.0.1",
        "203.0.113.9",
    }


def test_sign_in_is_limited_by_address(client, db, settings):
    settings.RATES = {**settings.RATES, "staff_login": "2/h"}
    codes = [
        client.post(LOGIN, {"email": f"a{number}@example.com", "password": "x"}).status_code
        for number in range(3)
    ]
    assert codes == [200, 200, 429]


def test_secrets_are_encrypted_and_open_under_a_former_key(settings, app_user):
    user, secret = app_user
    from allauth.mfa.models import Authenticator

    stored = Authenticator.objects.get(user=user, type="totp").data["secret"]
    assert secret not in stored
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "x" * 50, [settings.SECRET_KEY]
    assert second_factor.check_code(user, code_now(secret))
    # Used once, it is under the new key.
    settings.SECRET_KEY_FALLBACKS = []
    assert second_factor.check_code(user, code_now(secret, steps=1))


def test_new_recovery_codes_need_a_code_of_the_app(app_user):
    user, secret = app_user
    client, page = signed_in(user), reverse("staff:recovery_new")
    old = second_factor.new_recovery_codes(user)
    assert "does not fit" in client.post(page, {"code": "000000"}).text
    assert client.post(page, {"code": code_now(secret)}).status_code == 302
    new = client.session["staff_new_codes"]
    assert not set(old) & set(new)
    assert not second_factor.check_recovery_code(user, old[0])
    assert second_factor.check_recovery_code(user, new[0])
    texts = set(StaffAction.objects.values_list("description", flat=True))
    assert texts == {"Sign-in failed: wrong code", "Made their own recovery codes anew"}


def test_one_may_set_an_app_up_where_none_is_required(settings, operator):
    settings.STAFF_TOTP_REQUIRED = False
    client, page = signed_in(operator), reverse("staff:own_app")
    client.get(page)
    secret = client.session["staff_enrolment"]
    assert client.post(page, {"code": code_now(secret)})["Location"] == reverse(
        "staff:recovery_codes"
    )
    settings.STAFF_TOTP_REQUIRED = True
    assert client.get(reverse("staff:own_account")).status_code == 200
    assert client.get(page)["Location"] == reverse("staff:own_account")


def test_changing_the_password_keeps_this_session_and_ends_the_others(
    operator, mailoutbox, run_queue
):
    here, there = signed_in(operator), signed_in(operator)
    page = reverse("staff:own_password")
    given = {"password": "something else entirely", "again": "something else entirely"}
    assert "not your current password" in here.post(page, {**given, "current": "wrong"}).text
    different = here.post(page, {**given, "current": PASSWORD, "again": "typo"})
    assert "Type the same one twice." in different.text
    short = here.post(page, {"current": PASSWORD, "password": "short", "again": "short"})
    assert "too short" in short.text

    assert here.post(page, {**given, "current": PASSWORD}).status_code == 302
    assert here.get(reverse("staff:own_account")).status_code == 200
    assert there.get(reverse("staff:own_account"))["Location"].startswith(LOGIN)
    operator.refresh_from_db()
    assert operator.check_password("something else entirely")
    run_queue()
    assert [mail.to for mail in mailoutbox] == [[operator.email]]
    assert "was changed" in mailoutbox[0].subject


def test_five_wrong_current_passwords_lock_like_any_other(operator, settings):
    settings.RATELIMIT_ENABLE = False
    client, page = signed_in(operator), reverse("staff:own_password")
    given = {"password": "something else entirely", "again": "something else entirely"}
    for _ in range(5):
        client.post(page, {**given, "current": "wrong"})
    assert "too many wrong tries" in client.post(page, {**given, "current": PASSWORD}).text
    assert SignInTries.objects.exclude(address="").get().tries == 5


def test_roles_are_named_on_ones_own_page(db):
    page = signed_in(make_staff(Role.MANAGER)).get(reverse("staff:own_account"))
    assert "Administrators, and managers who may approve refunds only" in page.text
