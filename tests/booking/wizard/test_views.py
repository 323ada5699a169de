import gzip
from datetime import date, timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from booking import services
from booking.models import BookingStatus, Draft
from booking.wizard.forms import FORMS, inputs_of
from booking.wizard.session import SESSION_KEY
from catalog.models import (
    BookingPolicy,
    CapacityDay,
    ClosedDay,
    StandardDeliveryConfig,
    SurchargeRule,
)
from tests.booking.helpers import (
    CONTACT,
    airport_answers,
    make_draft,
    mini_move_answers,
    place,
    specialty_answers,
    standard_answers,
)
from tests.booking.wizard.garbage import GARBAGE, NASTIEST
from tests.catalog.helpers import make_code
from totetaxi.lib import clock

pytestmark = pytest.mark.usefixtures("june", "catalog")

SATURDAY = "2026-06-13"
REVIEW = "/book/review/"
ANSWERS = [standard_answers, mini_move_answers, specialty_answers, airport_answers]


def hx(target):
    return {"HX-Request": "true", "HX-Target": target}


def url_of(slug):
    return reverse("booking:step", args=[slug])


def draft_of(client):
    """The draft that the browser works on."""
    return Draft.objects.get(pk=client.session[SESSION_KEY])


def told(response):
    """The messages that wait for the browser after ``response``."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def service_post(**changes):
    """The service step of a Standard Delivery as the page sends it."""
    return {
        "fields_for": "standard_delivery",
        "service_type": "standard_delivery",
        "standard_delivery_item_count": "3",
        "item_description": "Three suitcases",
        **changes,
    }


# -- start and deep links ----------------------------------------------------


def test_start_leads_a_new_visitor_to_an_empty_service_step(client):
    response = client.get("/book/", follow=True)

    assert response.redirect_chain == [("/book/service/", 303)]
    assert " checked" not in response.text
    assert Draft.objects.count() == 0


def test_start_leads_back_to_the_first_step_that_is_not_complete(client, resume):
    resume(standard_answers(email=None))
    assert client.get("/book/").url == "/book/contact/"


def test_deep_link_keeps_its_answers_and_leads_to_the_first_open_question(client):
    response = client.get(
        "/book/",
        {
            "service": "mini_move",
            "package": "standard",
            "pickup_zip_code": " 10024-1234 ",
            "delivery_zip_code": "11937",
            "pickup_date": SATURDAY,
        },
    )

    assert (response.status_code, response.url) == (303, "/book/addresses/")
    answers = draft_of(client).answers
    assert {name: value for name, value in answers.items() if value is not None} == {
        "service_type": "mini_move",
        "package_type": "standard",
        "pickup_zip_code": "10024",
        "pickup_state": "NY",
        "delivery_zip_code": "11937",
        "delivery_state": "NY",
        "pickup_date": SATURDAY,
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"service": "standard_delivery"}, "/book/service/"),
        ({"service": "specialty_item"}, "/book/service/"),
        ({"package": "full"}, "/book/service/"),
        ({"service": "mini_move"}, "/book/service/"),
        ({"service": "teleport", "package": "huge"}, "/book/service/"),
    ],
)
def test_deep_link_of_a_service(client, query, expected):
    assert client.get("/book/", query).url == expected


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("2026-06-03", "Wednesday, June 3, 2026: Choose a date from tomorrow on."),
        ("2026-06-04", "call (631) 595-5100 for today."),
        ("2026-06-20", "We are closed on Saturday, June 20 (Staff day)."),
        ("2030-01-01", "Choose a date up to Friday, June 4, 2027"),
    ],
)
def test_deep_link_with_a_day_that_is_no_longer_possible_says_so(client, day, reason):
    ClosedDay.objects.create(date=date(2026, 6, 20), reason="Staff day")
    response = client.get("/book/", {"service": "mini_move", "package": "full", "pickup_date": day})

    assert response.url == "/book/schedule/"
    assert "pickup_date" not in draft_of(client).answers
    (notice,) = told(response)
    assert reason in notice


def test_deep_link_date_of_an_airport_transfer_is_the_flights(client):
    client.get("/book/", {"service": "blade_transfer", "pickup_date": SATURDAY})
    assert draft_of(client).answers["blade_flight_date"] == SATURDAY


def test_deep_link_with_an_unserved_zip_says_so(client):
    response = client.get("/book/", {"pickup_zip_code": "11101", "delivery_zip_code": "11968"})

    assert told(response) == ["We don’t serve ZIP 11101 online. Enter another one, or call us."]
    assert draft_of(client).answers == {"delivery_zip_code": "11968", "delivery_state": "NY"}


def test_deep_link_to_another_service_clears_the_one_before(client, resume):
    resume(standard_answers())
    client.get("/book/", {"service": "mini_move", "package": "petite"})

    answers = draft_of(client).answers
    assert (answers["service_type"], answers["package_type"]) == ("mini_move", "petite")
    assert answers["standard_delivery_item_count"] is None
    assert answers["pickup_city"] == "New York"


def test_garbage_in_a_deep_link_is_left_out(client):
    names = ("service", "package", "pickup_zip_code", "delivery_zip_code", "pickup_date", "x")
    answers = [client.get("/book/", dict.fromkeys(names, text)) for text in GARBAGE]
    assert {(one.status_code, one.url) for one in answers} == {(303, "/book/service/")}


# -- steps -------------------------------------------------------------------


def test_step_saves_its_answers_and_leads_on(client):
    response = client.post(url_of("service"), service_post(specialty_bicycle="1"))

    assert (response.status_code, response.url) == (303, "/book/schedule/")
    draft = draft_of(client)
    assert draft.answers["standard_delivery_item_count"] == 3
    assert draft.answers["specialty_items"] == {"bicycle": 1}
    assert draft.shown_total_cents == 285_00 + 250_00


def test_step_with_a_mistake_is_shown_again_with_everything_typed(client):
    response = client.post(
        url_of("service"),
        service_post(standard_delivery_item_count="two", specialty_crib="100"),
    )

    assert response.status_code == 422
    assert 'value="two"' in response.text
    assert 'value="100"' in response.text
    assert "Three suitcases</textarea>" in response.text
    assert "Two things to fix before you continue" in response.text
    assert 'href="#id_standard_delivery_item_count">Enter a whole number' in response.text
    assert 'href="#id_specialty_bicycle">Enter a quantity from 1 to 99' in response.text
    assert response.text.count("Enter a whole number, such as 3.") == 2
    assert "<title>Error: Service – ToteTaxi</title>" in response.text


def test_mistake_loses_nothing_when_the_page_is_opened_again(client):
    client.post(url_of("service"), service_post(item_description="", specialty_crib="2"))
    page = client.get(url_of("service"))

    assert 'name="specialty_crib" value="2"' in page.text
    assert client.get(url_of("schedule")).url == "/book/service/"


def test_page_opened_for_the_first_time_shows_no_mistakes(client, resume):
    resume({"service_type": "blade_transfer"})
    page = client.get(url_of("service"))
    assert "error-summary" not in page.text


def test_answer_that_stopped_holding_is_explained_when_the_page_is_opened(client, resume):
    draft = resume(standard_answers())
    ClosedDay.objects.create(date=draft.to_request().pickup_date, reason="Storm")
    response = client.get("/book/contact/", follow=True)

    assert response.redirect_chain == [("/book/schedule/", 303)]
    assert "First finish “Date and time”. What you entered is kept." in response.text
    assert "(Storm). Choose another date" in response.text


@pytest.mark.parametrize("slug", ["schedule", "addresses", "contact", "review"])
def test_no_step_can_be_skipped_by_its_address(client, slug):
    response = client.get(f"/book/{slug}/")

    assert (response.status_code, response.url) == (303, "/book/service/")
    assert told(response) == ["First finish “Service”. What you entered is kept."]


def test_item_description_cannot_be_skipped(client, resume):
    resume(standard_answers(item_description=""))
    assert client.get(REVIEW).url == "/book/service/"


def test_answers_of_a_later_step_are_kept_when_an_earlier_one_is_missing(client):
    response = client.post(url_of("contact"), CONTACT)

    assert response.url == "/book/service/"
    assert draft_of(client).answers["email"] == "ada@example.com"


def test_unknown_step_is_not_there(client):
    assert client.get("/book/payment/").status_code == 404


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_step_refuses_other_methods(client, method):
    assert getattr(client, method)(url_of("service")).status_code == 405


def test_service_without_its_fields_opens_them_instead_of_complaining(client):
    response = client.post(url_of("service"), {"service_type": "mini_move", "fields_for": ""})
    page = client.get(response.url)

    assert response.url == "/book/service/?#service-fields"
    assert "Choose your size" in page.text
    assert "error-summary" not in page.text


def test_service_shown_with_its_fields_must_be_complete(client):
    data = {"service_type": "mini_move", "fields_for": "mini_move"}
    response = client.post(url_of("service"), data)

    assert response.status_code == 422
    assert "Choose a package." in response.text


def test_update_button_saves_and_stays(client):
    response = client.post(url_of("service"), service_post(go="price"))

    assert response.url == "/book/service/?#actions"
    assert "$285.00" in client.get(response.url).text


def test_month_button_keeps_the_day_that_was_chosen(client, resume):
    resume(standard_answers(pickup_date=None))
    response = client.post(url_of("schedule"), {"pickup_date": SATURDAY, "go": "month-2026-08"})
    page = client.get(response.url)

    assert response.url == "/book/schedule/?month=2026-08#calendar"
    assert "August 2026" in page.text
    assert f'<input type="hidden" name="pickup_date" value="{SATURDAY}">' in page.text


def test_change_from_the_review_leads_back_to_it(client, resume):
    resume(standard_answers())
    page = client.get(url_of("contact"), {"return": "review"})
    response = client.post(url_of("contact"), {**CONTACT, "return": "review"})

    assert "Save and review" in page.text
    assert response.url == REVIEW


def test_two_tabs_change_only_their_own_steps(client, resume):
    draft = resume(standard_answers())
    addresses = {**inputs_of(draft.answers), "pickup_city": "Manhattan"}
    client.post(url_of("contact"), {**CONTACT, "first_name": "Grace"})
    client.post(url_of("addresses"), addresses)

    answers = draft_of(client).answers
    assert (answers["first_name"], answers["pickup_city"]) == ("Grace", "Manhattan")
    assert answers["item_description"] == "Three suitcases"


def test_unchanged_answers_keep_the_version_that_the_review_shows(client, resume):
    draft = resume(standard_answers())
    client.post(url_of("contact"), CONTACT)
    assert draft_of(client).version == draft.version


@pytest.mark.parametrize("answers", ANSWERS)
def test_whole_way_with_each_service(client, answers):
    given = {**inputs_of(answers()), "fields_for": inputs_of(answers())["service_type"]}
    urls = [client.post(url_of(slug), given).url for slug in FORMS]

    assert urls == ["/book/schedule/", "/book/addresses/", "/book/contact/", REVIEW]
    assert client.get(REVIEW).status_code == 200


@pytest.mark.parametrize("text", NASTIEST)
@pytest.mark.parametrize("answers", ANSWERS)
def test_garbage_is_answered_with_a_page(client, resume, answers, text):
    fields = {name for form in FORMS.values() for name in form.base_fields}
    fields |= {f"pickup_{part}" for part in ("address_line_1", "city", "state", "zip_code")}
    garbage = dict.fromkeys([*fields, "go", "return", "specialty_bicycle", "unknown"], text)
    garbage["service_type"] = inputs_of(answers())["service_type"]

    statuses = set()
    for slug in FORMS:
        resume(answers())
        statuses.add(client.post(url_of(slug), garbage).status_code)
    for part in ("quote", "calendar", "zip"):
        asked = {**garbage, "step": "service", "month": text, "side": text}
        statuses.add(client.get(reverse(f"booking:{part}"), asked).status_code)
    assert statuses <= {200, 302, 303, 422}


def test_pages_stay_out_of_every_cache(client, resume):
    resume(standard_answers())
    for page in (*map(url_of, FORMS), REVIEW):
        assert "no-store" in client.get(page)["Cache-Control"]


@pytest.mark.parametrize("answers", ANSWERS)
def test_page_of_a_step_weighs_little(client, resume, answers):
    resume(answers())
    pages = [client.get(page).content for page in (*map(url_of, FORMS), REVIEW)]
    assert max(len(gzip.compress(page)) for page in pages) < 15_000


# -- the draft and its booking -----------------------------------------------


@pytest.mark.parametrize(("seconds_left", "expected"), [(60, 200), (-1, 303)])
def test_draft_ends_after_a_day_without_a_change(client, resume, seconds_left, expected):
    draft = resume(standard_answers())
    Draft.objects.filter(pk=draft.pk).update(
        expires_at=clock.now() + timedelta(seconds=seconds_left)
    )
    assert client.get(REVIEW).status_code == expected


def test_every_answer_extends_the_life_of_the_draft(client, resume):
    draft = resume(standard_answers())
    Draft.objects.update(expires_at=draft.expires_at - timedelta(hours=23))
    client.post(url_of("contact"), CONTACT)
    assert draft_of(client).expires_at > draft.expires_at - timedelta(minutes=1)


def test_paid_draft_is_followed_by_a_fresh_one(client, resume):
    draft = resume(standard_answers())
    booking = place(draft)
    booking.move_to(BookingStatus.PAID)

    assert client.get("/book/").url == "/book/service/"
    client.post(url_of("service"), service_post())
    assert draft_of(client).pk != draft.pk


def test_review_of_an_unpaid_booking_says_so(client, resume):
    booking = place(resume(standard_answers()))
    page = client.get(REVIEW)

    assert page.status_code == 200
    assert booking.booking_number in page.text
    assert "is not paid yet. You can still change everything here" in page.text


def test_start_over_forgets_the_answers_and_books_nothing(client, resume):
    resume(standard_answers())
    response = client.post("/book/reset/")

    assert response.url == "/book/service/"
    assert told(response) == ["All answers are cleared. Nothing was booked."]
    assert client.get(REVIEW).url == "/book/service/"


def test_start_over_asks_first(client, resume):
    draft = resume(standard_answers())
    page = client.get("/book/reset/")

    assert "Clear everything" in page.text
    assert draft_of(client) == draft
    client.post("/book/reset/")
    assert client.get("/book/reset/").url == "/book/"
    assert client.put("/book/reset/").status_code == 405


def test_another_browser_sees_nothing_of_a_draft(resume):
    resume(standard_answers())
    response = Client().get(REVIEW)
    assert response.headers["Location"] == "/book/service/"


# -- review ------------------------------------------------------------------


def test_review_shows_every_answer(client, resume):
    resume(
        standard_answers(
            specialty_items={"bicycle": 2},
            coi_required=True,
            special_instructions="Ring twice.\nLeave it on the porch.",
        )
    )
    page = client.get(REVIEW).text

    for words in (
        "3 items",
        "Three suitcases",
        "2 at $250",
        "Yes, $50. Email the building’s sample form to orders@totetaxi.com after you book.",
        "8–11 AM",
        "100 Example Street, Apt 4B\nNew York, NY 10001",
        "20 Example Lane\nSouthampton, NY 11968",
        "Ring twice.\nLeave it on the porch.",
        "Ada Sample",
        "ada@example.com",
        "(212) 555-0142",
        "Pay $835.00",
    ):
        assert words in page


def test_review_of_a_flight_shows_it_and_changes_it_in_the_service_step(client, resume):
    resume(airport_answers())
    page = client.get(REVIEW).text

    assert "To JFK International Airport" in page
    assert "5 AM on that day" in page
    assert page.count('href="/book/service/?return=review"') == 2
    assert "Certificate" not in page.split("Discount code")[0]


def test_review_sends_what_it_showed(client, resume):
    draft = resume(standard_answers())
    page = client.get(REVIEW).text

    assert '<form method="post" action="/pay/start/">' in page
    assert f'name="draft_version" value="{draft.version}"' in page
    assert 'name="shown_total_cents" value="28500"' in page
    assert '<input type="checkbox" name="terms" required>' in page
    assert draft_of(client).shown_total_cents == 285_00


def test_price_that_moved_by_itself_is_told_once(client, resume):
    resume(standard_answers())
    client.get(REVIEW)
    config = StandardDeliveryConfig.objects.get()
    config.minimum_charge_cents = 300_00
    config.save()

    notice = "The price changed from $285.00 to $300.00 since you last saw it."
    first, second = client.get(REVIEW).text, client.get(REVIEW).text
    assert notice in first
    assert 'name="shown_total_cents" value="30000"' in first
    assert notice not in second


def test_price_that_the_customer_changed_is_no_surprise(client, resume):
    draft = resume(standard_answers())
    client.get(REVIEW)
    client.post(
        url_of("service"),
        {**inputs_of(draft.answers), "fields_for": "standard_delivery", "specialty_bicycle": "1"},
    )
    assert "The price changed" not in client.get(REVIEW).text


def test_discount_code_is_applied_and_removed(client, resume):
    make_code()
    resume(standard_answers())
    applied = client.post(REVIEW, {"go": "apply", "discount_code": " summer "})
    page = client.get(REVIEW).text

    assert applied.url == f"{REVIEW}#code"
    assert "Code SUMMER" in page
    assert "Pay $228.00" in page
    client.post(REVIEW, {"go": "remove"})
    assert "Pay $285.00" in client.get(REVIEW).text


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("WINTER", "We don&#x27;t know that code. Check the spelling, or leave it out."),
        ("", "Enter the code, then apply it."),
        ("\x00", "Type this again; it holds characters we can’t read."),
    ],
)
def test_refused_code_is_explained_and_changes_nothing(client, resume, code, message):
    draft = resume(standard_answers())
    response = client.post(REVIEW, {"go": "apply", "discount_code": code})

    assert response.status_code == 422
    assert response.text.count(message) == 2
    assert draft_of(client).version == draft.version


def test_code_that_stopped_holding_must_be_left_out_before_paying(client, resume):
    code = make_code()
    resume(standard_answers(discount_code="SUMMER"))
    assert "Pay $228.00" in client.get(REVIEW).text
    code.is_active = False
    code.save()
    page = client.get(REVIEW).text

    assert "Leave the code out" in page
    assert 'action="/pay/start/"' in page
    assert "Pay $" not in page


def test_codes_cannot_be_guessed_by_trying(client, resume, settings):
    settings.RATES = {**settings.RATES, "discount": "2/h"}
    resume(standard_answers())
    tries = [client.post(REVIEW, {"go": "apply", "discount_code": f"A{n}"}) for n in range(3)]
    assert [answer.status_code for answer in tries] == [422, 422, 429]


def test_free_order_says_that_there_is_nothing_to_pay(client, resume):
    make_code(percent=100)
    resume(standard_answers(discount_code="SUMMER"))
    page = client.get(REVIEW).text

    assert "Book now, nothing to pay" in page
    assert "There is nothing to pay." in page
    assert 'name="shown_total_cents" value="0"' in page


# -- quote -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "typed", "total"),
    [
        ("service", {"service_type": "mini_move", "package_type": "petite"}, "$995.00"),
        (
            "service",
            {"service_type": "mini_move", "package_type": "standard", "include_unpacking": "on"},
            "$4,191.02",
        ),
        (
            "service",
            {"service_type": "standard_delivery", "standard_delivery_item_count": "5"},
            "$475.00",
        ),
        ("service", {"service_type": "standard_delivery", "specialty_bicycle": "2"}, "$500.00"),
        ("service", {"service_type": "blade_transfer", "blade_bag_count": "3"}, "$225.00"),
    ],
)
def test_quote_prices_what_is_typed_and_saves_nothing(client, step, typed, total):
    data = {"step": step, **typed}
    page = client.get(reverse("booking:quote"), data)
    part = client.get(reverse("booking:quote"), data, headers=hx("summary"))

    assert "<html" in page.text
    assert "<html" not in part.text
    assert f"<b>{total}</b>" in page.text
    assert f"<b>{total}</b>" in part.text
    assert '<span id="bar-total" hx-swap-oob="innerHTML">' in part.text
    assert Draft.objects.count() == 0
    assert "HX-Target" in part["Vary"]


def test_quote_adds_what_is_typed_to_what_is_saved(client, resume):
    resume(standard_answers(pickup_date=SATURDAY))
    data = {"step": "addresses", "pickup_zip_code": "10001", "delivery_zip_code": "11954"}
    part = client.get(reverse("booking:quote"), data, headers=hx("summary")).text

    assert "10001 to 11954 Montauk" in part
    assert "Montauk 11954 is in our extended area: $175 once per booking." in part
    assert "Total: $510.00." in part


def test_quote_of_the_schedule_follows_day_window_and_certificate(client, resume):
    resume(mini_move_answers(package_type="standard"))
    data = {"step": "schedule", "pickup_date": SATURDAY, "pickup_time": "morning_specific-9"}
    part = client.get(reverse("booking:quote"), data, headers=hx("summary")).text

    assert "9–10 AM, delivered before 6 PM" in part
    assert "Saturday, June 13: weekend pickup." in part
    assert "<b>$2,075.00</b>" in part


def test_quote_says_what_can_still_be_added(client, resume):
    resume({"service_type": "mini_move", "package_type": "standard"})
    part = client.get(reverse("booking:quote"), headers=hx("summary")).text

    assert "Total so far: $1,725.00." in part
    assert "Date, pickup hour and distance are added in the next steps." in part


def test_quote_carries_subtotals_and_the_ready_time(client):
    delivery = {"step": "service", "service_type": "standard_delivery", "specialty_crib": "2"}
    flight = {
        "step": "service",
        "service_type": "blade_transfer",
        "blade_direction": "to_airport",
        "blade_flight_time": "13:00",
    }
    url = reverse("booking:quote")

    part = client.get(url, delivery, headers=hx("summary")).text
    assert '<span id="subtotal-crib" hx-swap-oob="innerHTML">$700</span>' in part
    part = client.get(url, flight, headers=hx("summary")).text
    assert 'bags ready by <b class="text-ink">10 AM</b>' in part


def test_quote_needs_neither_a_step_nor_a_draft(client):
    part = client.get(reverse("booking:quote"), headers=hx("summary"))
    assert "Choose a service, and its price appears here" in part.text


@pytest.mark.django_db(transaction=True)
def test_quote_asks_the_database_little(client, resume):
    resume(standard_answers())
    data = {"step": "addresses", "pickup_zip_code": "10001", "delivery_zip_code": "11954"}
    url = reverse("booking:quote")
    client.get(url, data, headers=hx("summary"))  # reads the price book

    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(url, data, headers=hx("summary"))
    # Rate limit (two), session, draft with its booking, catalog version, ZIPs.
    assert len(queries) <= 6


# -- parts of the service step -----------------------------------------------


def test_choosing_a_service_brings_its_fields(client, resume):
    resume(standard_answers())
    part = client.get(
        url_of("service"),
        {"service_type": "blade_transfer", "fields_for": "standard_delivery"},
        headers=hx("service-fields"),
    )

    assert "<html" not in part.text
    assert '<input type="hidden" name="fields_for" value="blade_transfer">' in part.text
    assert "Which airport?" in part.text
    assert part["HX-Trigger-After-Swap"] == "price-changed"
    assert draft_of(client).answers["service_type"] == "standard_delivery"


def test_choosing_a_size_brings_its_organizing_and_keeps_what_was_ticked(client):
    part = client.get(
        url_of("service"),
        {
            "fields_for": "mini_move",
            "service_type": "mini_move",
            "package_type": "full",
            "include_unpacking": "on",
        },
        headers=hx("organizing"),
    ).text

    assert "$4,525" in part
    assert "4 organizers, supplies up to $500" in part
    assert 'name="include_unpacking" value="on" checked' in part
    assert "Choose your size" not in part


def test_choosing_an_airport_brings_its_terminals_and_the_word_for_its_time(client):
    data = {"fields_for": "blade_transfer", "service_type": "blade_transfer"}
    newark = {"blade_airport": "EWR", "blade_direction": "from_airport", "blade_terminal": "4"}
    part = client.get(url_of("service"), data | newark, headers=hx("flight")).text

    assert [f"Terminal {name}" in part for name in "ABC"] == [True] * 3
    assert "Arrival time" in part
    assert "Terminal 4" not in part


# -- calendar ----------------------------------------------------------------


def test_calendar_answers_a_part_or_the_whole_step(client, resume):
    resume(mini_move_answers())
    page = client.get(reverse("booking:calendar"), {"month": "2026-07"})
    part = client.get(reverse("booking:calendar"), {"month": "2026-07"}, headers=hx("calendar"))

    assert "When should we collect?" in page.text
    assert "<html" not in part.text
    for text in (page.text, part.text):
        assert 'aria-label="Saturday, July 4, plus $175"' in text
        assert 'aria-label="Wednesday, July 8, no date charge"' in text


def test_calendar_explains_the_days_that_cannot_be_chosen(client, resume):
    BookingPolicy.objects.update(default_daily_limit=1)
    ClosedDay.objects.create(date=date(2026, 6, 19), reason="Juneteenth")
    CapacityDay.objects.create(date=date(2026, 6, 26), limit=1, used=1)
    resume(mini_move_answers())
    part = client.get(reverse("booking:calendar"), {"month": "2026-06"}, headers=hx("calendar"))

    for label in (
        "Wednesday, June 3, past, not available",
        "Thursday, June 4, too soon to book online, call us",
        "Friday, June 19, closed, Juneteenth",
        "Friday, June 26, fully booked",
    ):
        assert f'aria-label="{label}" disabled' in part.text
    for word in ("Past", "Call us", "Closed", "Full"):
        assert f"<i>{word}</i>" in part.text


def test_calendar_offers_the_day_whose_last_place_this_order_holds(client, resume):
    draft = resume(standard_answers())
    booking = place(draft)
    CapacityDay.objects.filter(pk=booking.pickup_date).update(limit=1)
    page = client.get(url_of("schedule")).text

    day = booking.pickup_date.isoformat()
    assert f'id="day-{day}" name="pickup_date" value="{day}"' in page
    cell = page.split(f'id="day-{day}"')[1].split(">")[0]
    assert cell.endswith(" checked")


@pytest.mark.parametrize(
    ("month", "title"),
    [
        ("2026-05", "June 2026"),
        ("1999-01", "June 2026"),
        ("0000-00", "June 2026"),
        ("2026-13", "June 2026"),
        ("next", "June 2026"),
        ("2027-06", "June 2027"),
        ("9999-12", "June 2027"),
    ],
)
def test_calendar_goes_to_the_nearest_month_that_can_be_booked(client, resume, month, title):
    resume(mini_move_answers())
    part = client.get(reverse("booking:calendar"), {"month": month}, headers=hx("calendar")).text

    assert f"{title}</h2>" in part
    assert ("No earlier month can be booked" in part) == (title == "June 2026")
    assert ("No later month can be booked" in part) == (title == "June 2027")


def test_calendar_before_a_service_leads_there(client):
    page = client.get(reverse("booking:calendar"))
    part = client.get(reverse("booking:calendar"), headers=hx("calendar"))

    assert page.url == "/book/service/"
    assert (part.status_code, part["HX-Redirect"]) == (204, "/book/service/")


def test_windows_are_those_of_the_size(client, resume):
    resume(mini_move_answers(package_type="standard"))
    standard = client.get(url_of("schedule")).text
    resume(mini_move_answers(package_type="full"))
    full = client.get(url_of("schedule")).text
    resume(mini_move_answers(package_type="petite"))
    petite = client.get(url_of("schedule")).text
    resume(standard_answers())
    delivery = client.get(url_of("schedule")).text

    assert standard.count("+$175</span>") == 3
    assert "morning_specific-9" in full
    assert full.count(">Included</span>") == 5  # four windows and the certificate
    assert "no_time_preference" in petite
    assert "morning_specific" not in petite
    assert 'name="pickup_time"' not in delivery
    assert "8–11 AM. Have everything ready" in delivery


def test_schedule_of_a_flight_shows_the_flight(client, resume):
    resume(airport_answers())
    page = client.get(url_of("schedule")).text

    assert "Your flight" in page
    assert "5 AM on that day" in page
    assert 'name="pickup_date"' not in page


# -- addresses and ZIPs ------------------------------------------------------


def test_airport_end_is_shown_and_locked(client, resume):
    resume(airport_answers())
    page = client.get(url_of("addresses")).text

    assert "JFK International Airport" in page
    assert 'name="delivery_city"' not in page
    assert 'name="pickup_city"' in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("10024", "we go there. No distance charge."),
        (
            "11954-1234",
            "we go there. Montauk 11954 is in our extended area: $175 once per booking.",
        ),
        ("11101", "We don’t serve <b>11101</b> online."),
        ("abcde", "Enter five digits, such as 10001."),
    ],
)
def test_zip_check(client, resume, typed, said):
    resume(standard_answers())
    url = reverse("booking:zip")
    part = client.get(
        url, {"side": "delivery", "delivery_zip_code": typed}, headers=hx("delivery-zip-answer")
    )
    page = client.get(url, {"zip": typed})

    assert "<html" not in part.text
    assert "<html" in page.text
    assert said in part.text
    assert said in page.text


@pytest.mark.parametrize("typed", ["", "1", "1002"])
def test_zip_that_is_still_being_typed_is_left_alone(client, typed):
    part = client.get(
        reverse("booking:zip"), {"pickup_zip_code": typed}, headers=hx("pickup-zip-answer")
    )
    assert part.text.strip() == ""


def test_zip_of_an_airport_transfer_has_no_distance_charge(client, resume):
    resume(airport_answers())
    part = client.get(
        reverse("booking:zip"), {"pickup_zip_code": "07030"}, headers=hx("pickup-zip-answer")
    )
    assert "No distance charge." in part.text


def test_distance_charge_is_the_rules(client, resume):
    SurchargeRule.objects.filter(surcharge_type="geographic").update(
        fixed_amount_cents=99_00, per_address=True
    )
    resume(standard_answers())
    part = client.get(
        reverse("booking:zip"), {"pickup_zip_code": "07030"}, headers=hx("pickup-zip-answer")
    )
    assert "$99 for each address" in part.text


# -- no catalog --------------------------------------------------------------


@pytest.mark.parametrize("path", ["/book/", "/book/service/", "/book/schedule/", REVIEW])
def test_pages_without_a_catalog_say_so(client, path):
    BookingPolicy.objects.all().delete()
    page = client.get(path)

    assert page.status_code == 503
    assert "We can’t show prices right now" in page.text
    assert "(631) 595-5100" in page.text
    assert f'href="{path}">Try again' in page.text


def test_part_without_a_catalog_says_so_in_its_place(client):
    BookingPolicy.objects.all().delete()
    part = client.get(reverse("booking:quote"), headers=hx("summary"))

    assert part.status_code == 200
    assert "We can’t show prices right now. Try again in a minute" in part.text


def test_review_of_an_order_that_is_booked_shows_the_booking(client):
    draft = make_draft()
    booking = place(draft)
    services.mark_paid(booking)
    session = client.session
    session["draft_id"] = str(draft.pk)
    session.save()

    answer = client.get(reverse("booking:review"))

    assert answer.status_code == 303
    assert answer["Location"] == reverse("account:status", args=[booking.pk])


def test_back_keeps_what_was_typed_even_if_it_cannot_stand(client):
    draft = make_draft(standard_answers(pickup_city="", pickup_zip_code=""))
    session = client.session
    session["draft_id"] = str(draft.pk)
    session.save()

    answer = client.post(
        "/book/addresses/", {"pickup_city": "New York", "pickup_zip_code": "1000", "go": "back"}
    )

    draft.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (303, "/book/schedule/")
    assert draft.answers["pickup_city"] == "New York"
    assert draft.answers["pickup_zip_code"] == "1000"


def test_what_is_typed_is_kept_while_the_customer_is_still_on_the_page(client):
    typed = {"service_type": "mini_move", "fields_for": "mini_move", "package_type": "full"}
    answer = client.post("/book/service/", {**typed, "go": "keep"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert Draft.objects.get().answers["package_type"] == "full"


def test_looking_at_another_service_forgets_nothing(client):
    typed = {"service_type": "mini_move", "fields_for": "mini_move", "package_type": "full"}
    client.post("/book/service/", {**typed, "go": "keep"})
    client.post("/book/service/", {**typed, "service_type": "standard_delivery", "go": "keep"})
    assert Draft.objects.get().answers["package_type"] == "full"


def test_starting_over_tells_of_an_order_that_can_still_be_paid(client):
    draft = make_draft()
    booking = place(draft)
    session = client.session
    session["draft_id"] = str(draft.pk)
    session.save()

    page = client.post(reverse("booking:reset"), follow=True).text

    assert f"Order {booking.booking_number} is not paid" in page
    assert "Nothing was booked" not in page


def test_invisible_characters_are_no_description(client):
    draft = make_draft()
    session = client.session
    session["draft_id"] = str(draft.pk)
    session.save()
    typed = {
        "service_type": "standard_delivery",
        "fields_for": "standard_delivery",
        "standard_delivery_item_count": "2",
        "item_description": "\u200b\u202e",
    }
    answer = client.post("/book/service/", typed)
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"item_description"}
