"""The wizard for members: contact, saved addresses, preferred window, whose draft it is."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from booking import services
from booking.models import Booking, CustomerProfile, Draft, SavedAddress
from booking.wizard.session import SESSION_KEY
from tests.booking.helpers import (
    CONTACT,
    NEW_YORK,
    SOUTHAMPTON,
    airport_answers,
    make_draft,
    mini_move_answers,
    place,
    standard_answers,
)
from totetaxi.lib import clock

pytestmark = pytest.mark.usefixtures("june", "catalog")

REVIEW = "/book/review/"
WHERE = {name: value for name, value in standard_answers().items() if name not in CONTACT}
HOME = {
    "address_line_1": "100 Example Street",
    "address_line_2": "Apt 4B",
    "city": "New York",
    "state": "NY",
    "zip_code": "10001",
}


def url_of(slug):
    return reverse("booking:step", args=[slug])


def make_member(email="ada@example.com", **profile):
    user = get_user_model().objects.create_user(email, first_name="Ada", last_name="Sample")
    CustomerProfile.objects.create(user=user, **{"phone": "2125550142", **profile})
    return user


@pytest.fixture
def member(db):
    return make_member()


@pytest.fixture
def desk(member):
    client = Client()
    client.force_login(member)
    return client


def save_home(user, **changes):
    return SavedAddress.objects.create(user=user, **{"nickname": "Home", **HOME, **changes})


def give(client, answers):
    """Let the browser work on a draft with these answers."""
    draft = make_draft(answers)
    session = client.session
    session[SESSION_KEY] = str(draft.pk)
    session.save()
    return draft


def draft_of(client):
    return Draft.objects.get(pk=client.session[SESSION_KEY])


# -- contact -------------------------------------------------------------------


def test_member_with_a_complete_profile_is_not_asked_for_the_contact(desk):
    page = desk.get(url_of("service"))
    assert "Step 1 of 4" in page.text
    assert "Contact" not in page.text.split('aria-label="Booking steps"')[1].split("</nav>")[0]

    give(desk, {**WHERE, **dict.fromkeys(NEW_YORK)})
    after = desk.post(url_of("addresses"), {**NEW_YORK, **SOUTHAMPTON})
    assert after["Location"] == REVIEW
    page = desk.get(REVIEW).text
    for words in ("Ada Sample", "ada@example.com", "(212) 555-0142", "From your profile"):
        assert words in page
    assert 'href="/book/addresses/">' in page  # Back leads past the contact.


def test_guest_is_asked_and_offered_to_sign_in(client):
    give(client, WHERE)
    page = client.get(url_of("contact")).text
    assert "Step 4 of 5" in page
    assert f"{reverse('account_login')}?next=/book/" in page


def test_member_without_a_phone_gets_the_contact_with_the_rest_filled(member, desk):
    CustomerProfile.objects.update(phone="")
    give(desk, WHERE)
    assert desk.get(REVIEW)["Location"] == url_of("contact")
    page = desk.get(url_of("contact"))
    form = page.context["form"]
    assert [form[name].value() for name in CONTACT] == ["Ada", "Sample", "ada@example.com", None]
    assert "Use my profile" not in page.text

    typed = {**CONTACT, "email": "ada@example.com", "phone": "212 555 0199"}
    assert desk.post(url_of("contact"), typed)["Location"] == REVIEW
    assert "(212) 555-0199" in desk.get(REVIEW).text
    member.customer_profile.refresh_from_db()
    assert member.customer_profile.phone == ""


def test_contact_follows_the_profile_until_it_is_changed_for_this_order(member, desk):
    give(desk, WHERE)
    before = desk.get(REVIEW).context["draft_version"]
    CustomerProfile.objects.update(phone="2125550177")
    page = desk.get(REVIEW)
    assert "(212) 555-0177" in page.text
    assert page.context["draft_version"] == before + 1

    desk.post(f"{url_of('contact')}", {**CONTACT, "first_name": "Grace", "return": "review"})
    CustomerProfile.objects.update(phone="2125550188")
    page = desk.get(REVIEW).text
    assert "Grace Sample" in page
    assert "(212) 555-0142" in page
    assert "From your profile" not in page

    back = desk.post(url_of("contact"), {**CONTACT, "first_name": "Joan", "go": "profile"})
    assert back["Location"] == REVIEW
    page = desk.get(REVIEW).text
    assert "Ada Sample" in page
    assert "(212) 555-0188" in page


def test_member_may_open_the_contact_step_from_the_review(desk):
    give(desk, WHERE)
    page = desk.get(url_of("contact"), {"return": "review"}).text
    assert "for this order only" in page
    assert "Step 4 of 5" in page


# -- whose draft -----------------------------------------------------------------


def test_signing_in_keeps_the_answers_and_makes_the_draft_the_member_s(client, member):
    draft = give(client, WHERE)
    client.get(url_of("contact"))
    client.force_login(member)

    taken = draft_of(client)
    assert (taken.pk, taken.user_id) == (draft.pk, member.pk)
    assert WHERE.items() <= taken.answers.items()
    assert "Three suitcases" in client.get(REVIEW).text


def test_contact_typed_for_somebody_else_stays_after_signing_in(client, member):
    give(client, standard_answers(email="grace@example.com", first_name="Grace"))
    client.force_login(member)
    assert "grace@example.com" in client.get(REVIEW).text

    client.logout()
    give(client, standard_answers(phone="2125550111"))
    client.force_login(member)
    assert "(212) 555-0142" in client.get(REVIEW).text


def test_nobody_sees_the_draft_of_another_member(client, member, desk):
    draft = give(desk, standard_answers(item_description="A secret piano"))
    desk.get(REVIEW)
    for user in (make_member("bob@example.com"), None):
        other = Client()
        if user:
            other.force_login(user)
        # As if the earlier member's key had been left behind in this desk.
        session = other.session
        session[SESSION_KEY] = str(draft.pk)
        session.save()
        assert "secret piano" not in other.get(url_of("service")).text
        assert other.get(REVIEW)["Location"] == url_of("service")
        other.post(url_of("service"), {"service_type": "mini_move"})
        started = other.post(
            reverse("payments:start"),
            {"terms": "on", "draft_version": draft.version + 1, "shown_total_cents": 285_00},
        )
        assert Booking.objects.count() == 0, started
    draft.refresh_from_db()
    assert draft.answers["item_description"] == "A secret piano"
    assert draft.user_id == member.pk


def test_signing_out_leaves_nothing_and_signing_in_elsewhere_brings_it_back(desk, member):
    give(desk, WHERE)
    desk.get(REVIEW)
    desk.logout()
    assert desk.get(REVIEW)["Location"] == url_of("service")

    elsewhere = Client()
    elsewhere.force_login(member)
    assert "Three suitcases" in elsewhere.get(REVIEW).text
    elsewhere.post("/book/reset/")
    third = Client()
    third.force_login(member)
    assert third.get(REVIEW)["Location"] == url_of("service")


def test_what_this_browser_holds_comes_before_what_was_left_elsewhere(client, desk, member):
    give(desk, standard_answers(item_description="An old harp"))
    desk.get(REVIEW)
    give(client, standard_answers(item_description="A new drum"))
    client.force_login(member)
    assert "A new drum" in client.get(REVIEW).text


def test_office_orders_as_a_guest(client):
    user = get_user_model().objects.create_user("olga@example.com", is_staff=True)
    client.force_login(user)
    give(client, standard_answers())
    assert "Step 5 of 5" in client.get(REVIEW).text
    assert draft_of(client).user is None


def test_booking_belongs_to_the_member_and_keeps_its_own_contact(desk, member):
    give(desk, WHERE)
    desk.get(REVIEW)
    booking = place(draft_of(desk))
    assert (booking.customer_id, booking.guest_checkout) == (member.pk, None)
    CustomerProfile.objects.update(phone="2125550199")
    booking.refresh_from_db()
    assert (booking.email, booking.phone) == ("ada@example.com", "2125550142")


# -- saved addresses ---------------------------------------------------------------


def addresses_post(**changes):
    return {**dict.fromkeys([*NEW_YORK, *SOUTHAMPTON], ""), **SOUTHAMPTON, **changes}


def test_chosen_address_fills_its_side_without_javascript(desk, member):
    home = save_home(member, delivery_instructions="Ring twice")
    give(desk, {**WHERE, **dict.fromkeys(NEW_YORK)})
    page = desk.get(url_of("addresses")).text
    assert "Home" in page
    assert "100 Example Street, Apt 4B, New York, NY 10001" in page

    answer = desk.post(
        url_of("addresses"), addresses_post(pickup_saved=home.pk, pickup_filled="", go="price")
    )
    assert answer["Location"].startswith(url_of("addresses"))
    form = desk.get(url_of("addresses")).context["form"]
    assert form["pickup_address_line_2"].value() == "Apt 4B"
    assert form["special_instructions"].value() == "Ring twice"

    # Chosen before: now the fields are the member's to edit.
    edited = {**NEW_YORK, "pickup_address_line_2": "Apt 5C"}
    desk.post(
        url_of("addresses"),
        addresses_post(pickup_saved=home.pk, pickup_filled=home.pk, **edited),
    )
    assert draft_of(desk).answers["pickup_address_line_2"] == "Apt 5C"


def test_another_address_empties_what_was_filled_in_but_not_what_was_typed(desk, member):
    home = save_home(member)
    give(desk, {**WHERE, "pickup_saved": str(home.pk)})
    untouched = addresses_post(pickup_saved="", pickup_filled=home.pk, **NEW_YORK)
    assert desk.post(url_of("addresses"), untouched).status_code == 422
    assert draft_of(desk).answers["pickup_address_line_1"] is None

    typed = {**NEW_YORK, "pickup_address_line_1": "7 Other Road"}
    kept = addresses_post(pickup_saved="", pickup_filled=home.pk, **typed)
    assert desk.post(url_of("addresses"), kept)["Location"] == REVIEW
    assert draft_of(desk).answers["pickup_address_line_1"] == "7 Other Road"


def test_choice_refreshes_the_fields_in_place(desk, member):
    home = save_home(member)
    give(desk, {**WHERE, **dict.fromkeys(NEW_YORK)})
    part = desk.post(
        url_of("addresses"),
        addresses_post(pickup_saved=home.pk, delivery_city="Sag Harbor"),
        headers={"HX-Request": "true", "HX-Target": "address-fields"},
    )
    assert part.status_code == 200
    assert "<html" not in part.text
    assert 'value="Apt 4B"' in part.text
    assert 'value="Sag Harbor"' in part.text
    assert part["HX-Trigger-After-Swap"] == "price-changed"


def test_address_of_somebody_else_fills_nothing(desk):
    theirs = save_home(make_member("bob@example.com"))
    give(desk, {**WHERE, **dict.fromkeys(NEW_YORK)})
    assert "Home" not in desk.get(url_of("addresses")).text
    answer = desk.post(url_of("addresses"), addresses_post(pickup_saved=theirs.pk))
    assert answer.status_code == 422
    assert draft_of(desk).answers["pickup_saved"] is None
    assert draft_of(desk).answers["pickup_address_line_1"] is None


def test_guest_has_nothing_to_choose_or_to_save(client):
    give(client, standard_answers())
    page = client.get(url_of("addresses")).text
    assert "_saved" not in page
    assert "_nickname" not in page


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"pickup_save": "on", "pickup_nickname": ""}, "pickup_nickname"),
        ({"pickup_save": "on", "pickup_nickname": "x" * 51}, "pickup_nickname"),
        ({"pickup_save": "on", "pickup_nickname": "hOME"}, "pickup_nickname"),
        (
            {
                "pickup_save": "on",
                "pickup_nickname": "Flat",
                "delivery_save": "on",
                "delivery_nickname": "flat",
            },
            "delivery_nickname",
        ),
    ],
)
def test_nickname_is_refused(desk, member, typed, field):
    save_home(member, address_line_1="1 First Avenue")
    give(desk, WHERE)
    page = desk.post(url_of("addresses"), addresses_post(**NEW_YORK, **typed))
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]


def test_address_is_saved_when_the_order_is_placed(desk, member):
    give(desk, {**WHERE, "pickup_save": True, "pickup_nickname": "Home"})
    desk.get(REVIEW)
    assert member.saved_addresses.count() == 0
    place(draft_of(desk))
    saved = member.saved_addresses.get()
    assert (saved.nickname, saved.zip_code, saved.times_used) == ("Home", "10001", 0)


def test_saving_makes_no_second_copy_and_no_second_name(desk, member):
    save_home(member, address_line_1="100  EXAMPLE street")
    SavedAddress.objects.create(user=member, nickname="Beach", **{**HOME, "city": "Elsewhere"})
    wish = {"pickup_save": True, "pickup_nickname": "Flat"}
    give(
        desk,
        {**WHERE, **wish, "delivery_save": True, "delivery_nickname": "beach"},
    )
    desk.get(REVIEW)
    place(draft_of(desk))
    assert sorted(member.saved_addresses.values_list("nickname", flat=True)) == [
        "Beach",
        "Home",
        "beach 2",
    ]


def test_end_that_became_an_airport_is_not_saved(desk, member):
    answers = airport_answers(delivery_save=True, delivery_nickname="JFK")
    give(desk, {name: value for name, value in answers.items() if name not in CONTACT})
    desk.get(REVIEW)
    place(draft_of(desk))
    assert member.saved_addresses.count() == 0


def test_use_is_counted_once_when_paid(desk, member):
    home, old = save_home(member), save_home(member, nickname="Old", is_active=False)
    other = SavedAddress.objects.create(user=member, nickname="X", **{**HOME, "city": "Elsewhere"})
    give(desk, WHERE)
    desk.get(REVIEW)
    booking = place(draft_of(desk))
    home.refresh_from_db()
    assert home.times_used == 0

    services.mark_paid(booking)
    with pytest.raises(ValueError, match="cannot go from paid to paid"):
        services.mark_paid(booking)
    for saved in (home, old, other):
        saved.refresh_from_db()
    assert [saved.times_used for saved in (home, old, other)] == [1, 0, 0]
    assert home.last_used_at is not None
    assert abs(clock.now() - home.last_used_at).total_seconds() < 60


# -- preferred window --------------------------------------------------------------


@pytest.mark.parametrize(
    ("tier", "preferred", "expected"),
    [
        ("petite", "no_time_preference", "no_time_preference"),
        ("standard", "no_time_preference", "morning"),
        ("petite", "morning", "morning"),
        # It would cost more, and nobody named an hour.
        ("standard", "morning_specific", "morning"),
    ],
)
def test_preferred_window_is_the_default_where_it_is_offered(
    desk, member, tier, preferred, expected
):
    CustomerProfile.objects.update(preferred_pickup_time=preferred)
    give(desk, mini_move_answers(package_type=tier))
    page = desk.get(url_of("schedule"))
    chosen = [one.value for one in page.context["windows"] if one.is_chosen]
    assert chosen == [expected]


def test_window_chosen_for_the_order_comes_before_the_preferred_one(desk):
    CustomerProfile.objects.update(preferred_pickup_time="no_time_preference")
    give(desk, mini_move_answers(pickup_time="morning"))
    page = desk.get(url_of("schedule"))
    assert [one.value for one in page.context["windows"] if one.is_chosen] == ["morning"]


# -- a mistake anybody can make ------------------------------------------------------


def test_same_address_at_both_ends_is_refused_with_a_clear_message(client):
    give(client, standard_answers())
    there = {f"delivery_{name}": value.upper() for name, value in HOME.items()}
    page = client.post(url_of("addresses"), {**NEW_YORK, **there})
    assert page.status_code == 422
    assert "Pickup and drop-off are the same address. Change one of them." in page.text
    there["delivery_address_line_2"] = "Apt 9Z"
    assert client.post(url_of("addresses"), {**NEW_YORK, **there}).status_code == 303
