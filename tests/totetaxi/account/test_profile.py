"""Profile, preferences and saved addresses."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import close_old_connections
from django.urls import reverse
from django.utils.html import escape

from booking.models import CustomerProfile, SavedAddress
from catalog.models import ServiceZip
from totetaxi.account import services
from totetaxi.account.services import NicknameTakenError
from totetaxi.users.models import User

PROFILE, PREFERENCES, ADDRESSES = (
    "/account/profile/",
    "/account/preferences/",
    "/account/addresses/",
)
NEW = "/account/addresses/new/"
HOME = {
    "nickname": "Home",
    "address_line_1": "100 Example Street",
    "address_line_2": "Apt 4B",
    "city": "New York",
    "state": "NY",
    "zip_code": "10024",
    "delivery_instructions": "Ring twice",
}


BUFFALO = {**HOME, "nickname": "Lake house", "zip_code": "14201", "city": "Buffalo"}


@pytest.fixture
def home(member):
    return SavedAddress.objects.create(user=member, **HOME)


@pytest.fixture
def served(db):
    """The ZIP of that address is in New York, and we go there."""
    ServiceZip.objects.create(zip_code="10024", zone="core", state="NY", label="Manhattan")


@pytest.fixture
def strangers(db):
    """An address of somebody else's."""
    other = User.objects.create_user("bea@example.com")
    return SavedAddress.objects.create(user=other, **HOME)


def refused(client, path, data, *, field, saying):
    """The form comes back with what is to be done beside the field, and nothing typed is lost."""
    page = client.post(path, data)
    assert page.status_code == 422
    [message] = page.context["form"].errors[field]
    assert saying in message
    assert 'id="error-summary"' in page.text
    assert page.text.count(escape(message)) == 2  # in the summary, and beside its field
    return page


# -- profile ---------------------------------------------------------------------


def test_profile_is_filled_and_leads_to_email_and_password(member_client):
    page = member_client.get(PROFILE).text
    for words in ('value="Ada"', 'value="Sample"', 'value="(212) 555-0142"', "ada@example.com"):
        assert words in page
    for name in ("account_email", "account_change_password", "usersessions_list"):
        assert reverse(name) in page


def test_profile_is_saved(member, member_client):
    answer = member_client.post(
        PROFILE, {"first_name": " Ada  May ", "last_name": "Gull", "phone": "+1 917 555 0199"}
    )
    assert answer.url == PROFILE
    member.refresh_from_db()
    assert (member.get_full_name(), member.customer_profile.phone) == ("Ada May Gull", "9175550199")
    assert "Your profile is saved" in member_client.get(PROFILE).text


def test_phone_may_be_left_out(member, member_client):
    data = {"first_name": "Ada", "last_name": "Sample", "phone": ""}
    assert member_client.post(PROFILE, data).status_code == 302
    assert CustomerProfile.objects.get(user=member).phone == ""


def test_profile_says_what_to_put_right(member_client):
    for field, typed, saying in (
        ("first_name", "  ", "Enter your first name"),
        ("last_name", "", "Enter your last name"),
        ("last_name", "x" * 101, "Shorten this to 100"),
        ("phone", "555-0142", "ten digits"),
        ("phone", "nobody", "ten digits"),
        ("first_name", "A\0da", "characters we can"),
    ):
        data = {"first_name": "Ada", "last_name": "Gull", "phone": "", field: typed}
        refused(member_client, PROFILE, data, field=field, saying=saying)
    assert User.objects.get().last_name == "Sample"


def test_profile_changes_neither_email_nor_vip(member, member_client):
    data = {"first_name": "Ada", "last_name": "Sample", "phone": ""}
    member_client.post(PROFILE, {**data, "email": "eve@example.com", "is_vip": "on", "notes": "x"})
    member.refresh_from_db()
    profile = member.customer_profile
    assert (member.email, profile.is_vip, profile.notes) == ("ada@example.com", False, "")


# -- preferences -----------------------------------------------------------------


def test_preferences_are_saved(member, member_client):
    data = {"preferred_pickup_time": "no_time_preference", "sms_notifications": "on"}
    assert member_client.post(PREFERENCES, data).url == PREFERENCES
    profile = CustomerProfile.objects.get(user=member)
    assert profile.preferred_pickup_time == "no_time_preference"
    assert (profile.email_notifications, profile.sms_notifications) == (False, True)


@pytest.mark.parametrize("typed", ["", "midnight"])
def test_preferences_refuse_a_time_there_is_not(member_client, typed):
    data = {"preferred_pickup_time": typed, "email_notifications": "on"}
    refused(member_client, PREFERENCES, data, field="preferred_pickup_time", saying="Choose")


def test_preferences_show_the_most_used_address(member_client, home):
    assert "None yet" in member_client.get(PREFERENCES).text
    home.mark_used()
    page = member_client.get(PREFERENCES).text
    assert "100 Example Street, Apt 4B" in page
    assert "Used once" in page


# -- addresses -------------------------------------------------------------------


def test_addresses_stand_by_use(member, member_client, home):
    office = SavedAddress.objects.create(user=member, **{**HOME, "nickname": "Office"})
    office.mark_used()
    page = member_client.get(ADDRESSES)
    assert list(page.context["addresses"]) == [office, home]
    assert "Ring twice" in page.text


def test_no_addresses_says_what_to_do(member_client, strangers):
    page = member_client.get(ADDRESSES).text
    assert "No addresses yet" in page
    assert "Home" not in page.split("<main")[1]


def test_address_is_saved(member, member_client):
    answer = member_client.post(NEW, {**HOME, "zip_code": " 10024 ", "nickname": " Our  home "})
    assert answer.url == ADDRESSES
    saved = SavedAddress.objects.get()
    assert (saved.user, saved.nickname, saved.zip_code) == (member, "Our home", "10024")
    assert saved.delivery_instructions == "Ring twice"


def test_address_is_changed(member_client, home):
    path = reverse("account:addresses_edit", args=[home.pk])
    assert "100 Example Street" in member_client.get(path).text
    assert member_client.post(path, {**HOME, "city": "Brooklyn"}).url == ADDRESSES
    home.refresh_from_db()
    assert home.city == "Brooklyn"


def test_address_form_says_what_to_put_right(member_client, served):
    for field, typed, saying in (
        ("nickname", "", "nickname"),
        ("nickname", "x" * 51, "Shorten this to 50"),
        ("address_line_1", "", "street address"),
        ("city", "", "city"),
        ("state", "", "Choose the state"),
        ("state", "ZZ", "Choose New York"),
        ("state", "NJ", "is in New York"),
        ("zip_code", "", "ZIP"),
        ("zip_code", "1002", "five digits"),
        ("zip_code", "1" * 30, "Shorten"),
        ("delivery_instructions", "x" * 1001, "1,000"),
    ):
        page = refused(member_client, NEW, {**HOME, field: typed}, field=field, saying=saying)
        assert 'value="Apt 4B"' in page.text
    assert not SavedAddress.objects.exists()


def test_nickname_in_any_case_is_taken(member_client, home):
    page = refused(
        member_client, NEW, {**HOME, "nickname": "hOME"}, field="nickname", saying="already"
    )
    assert "Apt 4B" in page.text
    assert SavedAddress.objects.count() == 1


def test_nickname_of_somebody_else_is_free(member_client, strangers):
    assert member_client.post(NEW, HOME).status_code == 302


def test_address_keeps_its_own_nickname(member_client, home):
    path = reverse("account:addresses_edit", args=[home.pk])
    assert member_client.post(path, {**HOME, "nickname": "HOME"}).status_code == 302


def test_address_we_do_not_serve_is_kept_with_a_word(member_client, served):
    assert "serve" not in member_client.post(NEW, HOME, follow=True).text.split("<main")[0]
    answer = member_client.post(NEW, BUFFALO, follow=True)
    assert SavedAddress.objects.filter(city="Buffalo").exists()
    assert "We don’t serve this ZIP right now" in answer.text


def test_deleted_address_is_gone_and_frees_its_nickname(member_client, home):
    path = reverse("account:addresses_delete", args=[home.pk])
    assert "Delete “Home”?" in member_client.get(path).text
    home.refresh_from_db()
    assert home.is_active  # asking deletes nothing
    assert member_client.post(path).url == ADDRESSES
    home.refresh_from_db()
    assert not home.is_active
    assert member_client.get(path).status_code == 404
    assert member_client.post(NEW, HOME).status_code == 302


@pytest.mark.parametrize("name", ["addresses_edit", "addresses_delete"])
def test_address_of_somebody_else_is_not_found(member_client, strangers, name):
    for pk in (strangers.pk, uuid.uuid4()):
        path = reverse(f"account:{name}", args=[pk])
        assert member_client.get(path).status_code == 404
        assert member_client.post(path, HOME).status_code == 404
    strangers.refresh_from_db()
    assert strangers.is_active
    assert strangers.user.email == "bea@example.com"


@pytest.mark.django_db(transaction=True)
def test_one_of_two_equal_nicknames_saved_at_once_stays(member):
    def save(_):
        try:
            services.save_address(SavedAddress(user=member), **HOME)
        except NicknameTakenError:
            return "taken"
        finally:
            close_old_connections()
        return "saved"

    with ThreadPoolExecutor(4) as together:
        answers = sorted(together.map(save, range(4)))
    assert answers == ["saved", "taken", "taken", "taken"]
