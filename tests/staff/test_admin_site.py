"""Django admin: superusers who came in through the office's sign-in, and nobody else."""

import pytest
from django.test import Client
from django.urls import reverse

from booking.models import CustomerProfile
from staff.capabilities import Role
from staff.models import StaffAction, StaffProfile
from tests.staff.helpers import make_staff, signed_in
from totetaxi.users.models import User

INDEX = reverse("admin:index")
LOGIN = reverse("staff:login")


@pytest.fixture
def boss(db):
    user = make_staff(Role.ADMIN)
    user.is_staff = user.is_superuser = True
    user.save()
    return user


def test_it_opens_after_the_office_s_sign_in_only(client, boss):
    assert signed_in(boss).get(INDEX).status_code == 200
    client.force_login(boss)
    page = client.get(INDEX, follow=True)
    assert page.redirect_chain[-1] == (f"{LOGIN}?next=%2Fadmin%2F", 302)


def test_signed_out_leads_to_the_office_s_sign_in_and_back(client, db):
    changes = reverse("admin:catalog_servicezip_changelist")
    page = client.get(changes, follow=True)
    assert page.request["PATH_INFO"] == LOGIN
    assert f'name="next" value="{changes}"' in page.text
    # Its own form is gone.
    assert (
        client.post(reverse("admin:login"), {"username": "a", "password": "b"}).status_code == 302
    )


@pytest.mark.parametrize("role", ["operator", "manager", "admin"])
def test_staff_who_are_no_superusers_are_refused(db, role):
    assert signed_in(make_staff(role)).get(INDEX, follow=True).status_code == 403


def test_customers_and_superusers_who_do_not_work_here_are_refused(client, db):
    for user in (
        User.objects.create_user("ann@example.com"),
        User.objects.create_superuser("bare@example.com"),
    ):
        client.force_login(user)
        assert client.get(INDEX, follow=True).status_code == 403


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "manager"}])
def test_who_administers_no_more_is_out_at_once(boss, change):
    client = signed_in(boss)
    assert client.get(INDEX).status_code == 200
    StaffProfile.objects.update(**change)
    assert client.get(INDEX).status_code == 302


def test_it_needs_the_second_factor_where_that_is_required(settings, client, boss):
    settings.STAFF_TOTP_REQUIRED = False
    client.post(LOGIN, {"email": boss.email, "password": "a plain password of tests"})
    assert client.get(INDEX).status_code == 200
    settings.STAFF_TOTP_REQUIRED = True
    assert client.get(INDEX).status_code == 302


def test_its_sign_out_and_password_page_are_the_office_s(boss):
    client = signed_in(boss)
    assert client.get("/admin/password_change/")["Location"] == reverse("staff:own_password")
    assert client.post("/admin/logout/")["Location"] == LOGIN
    assert StaffAction.objects.get().action_type == "logout"
    assert client.get(INDEX).status_code == 302


def test_people_and_acts_are_looked_at_only(boss, operator):
    client = signed_in(boss)
    client.post(reverse("staff:logout"))
    client = signed_in(boss)
    for model in ("staffprofile", "staffaction"):
        assert client.get(reverse(f"admin:staff_{model}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:staff_{model}_add")).status_code == 403
    page = reverse("admin:staff_staffprofile_change", args=[operator.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"role": "admin"}).status_code == 403
    assert Client().get(page).status_code == 302


def test_it_sets_no_password_no_right_and_no_second_factor(boss):
    office, colleague = signed_in(boss), make_staff(Role.ADMIN)
    page = reverse("admin:users_user_change", args=[colleague.pk])
    assert office.get(page).status_code == 200
    assert office.post(page, {"is_active": "", "is_superuser": "on"}).status_code == 403
    customer = User.objects.create_user("ann@example.com")
    CustomerProfile.objects.create(user=customer)
    for user in (colleague, boss, customer):
        password = {"password1": "another password", "password2": "another password"}
        url = reverse("admin:auth_user_password_change", args=[user.pk])
        assert office.post(url, password).status_code == 403
        assert office.post(reverse("admin:users_user_delete", args=[user.pk])).status_code == 403
    assert office.get(reverse("admin:users_user_add")).status_code == 403
    for closed in ("mfa/authenticator", "auth/group", "django_q/schedule"):
        assert office.get(f"/admin/{closed}/").status_code == 404
    assert office.get("/admin/account/emailaddress/add/").status_code == 403


def test_a_customer_is_switched_off_on_record(boss):
    customer = User.objects.create_user("ann@example.com")
    CustomerProfile.objects.create(user=customer)
    url = reverse("admin:users_user_change", args=[customer.pk])
    typed = {"first_name": "Ann", "last_name": "", "is_superuser": "on", "is_staff": "on"}
    assert signed_in(boss).post(url, typed).status_code == 302
    customer.refresh_from_db()
    assert (customer.first_name, customer.is_active, customer.is_office) == ("Ann", False, False)
    action = StaffAction.objects.get(action_type="modify_customer")
    assert (action.customer, action.before["is_active"], action.after["is_active"]) == (
        customer,
        True,
        False,
    )
