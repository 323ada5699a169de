import json

import pytest

from booking.wizard.basket import Basket
from booking.wizard.fields import LARGEST_NUMBER
from booking.wizard.forms import (
    FORMS,
    AddressesForm,
    ContactForm,
    ScheduleForm,
    ServiceForm,
    inputs_of,
)
from catalog import price_book
from tests.booking.helpers import (
    airport_answers,
    mini_move_answers,
    specialty_answers,
    standard_answers,
)
from tests.booking.wizard.garbage import GARBAGE

pytestmark = pytest.mark.usefixtures("june", "catalog")

ANSWERS = {
    "mini_move": mini_move_answers,
    "standard_delivery": standard_answers,
    "specialty_item": specialty_answers,
    "blade_transfer": airport_answers,
}


def basket(answers=None):
    return Basket(answers or {}, price_book.load())


def service_form(**data):
    return ServiceForm(data, basket())


@pytest.mark.parametrize("service", ANSWERS)
@pytest.mark.parametrize("step", FORMS)
def test_no_form_requires_anything_before_the_rules_have_spoken(step, service):
    form = FORMS[step]({}, basket(ANSWERS[service]()))

    assert not any(field.required for field in form.fields.values())
    assert form.is_valid()


@pytest.mark.parametrize("service", ANSWERS)
@pytest.mark.parametrize("step", FORMS)
def test_saved_answers_survive_a_round_through_the_form(step, service):
    answers = ANSWERS[service]()
    read = FORMS[step].from_answers(basket(answers)).answers()

    expected = {name: answers.get(name) for name in read}
    if "service_type" in read:
        expected["service_type"] = inputs_of(answers)["service_type"]
    assert {name: value or None for name, value in read.items()} == expected


@pytest.mark.parametrize("service", ["", *ANSWERS])
@pytest.mark.parametrize("step", FORMS)
def test_garbage_in_every_field_is_read_or_refused_but_never_raises(step, service):
    answers = ANSWERS[service]() if service else {}
    for text in GARBAGE:
        form = FORMS[step]({}, basket(answers))
        data = dict.fromkeys([*form.fields, "specialty_bicycle", "unknown_key"], text)
        if service and "service_type" in form.fields:
            data["service_type"] = inputs_of(answers)["service_type"]
        form = FORMS[step](data, basket(answers))

        read = form.answers()
        form.judge(basket(answers).with_answers(read).evaluation)

        assert "\\u0000" not in json.dumps(read)
        assert all(message for messages in form.errors.values() for message in messages)


def test_service_form_clears_what_belongs_to_other_services():
    form = service_form(
        service_type="mini_move",
        package_type="petite",
        standard_delivery_item_count="3",
        specialty_bicycle="1",
        blade_airport="JFK",
        coi_required="on",
    )

    assert form.answers() == {
        "service_type": "mini_move",
        "package_type": "petite",
        "include_packing": False,
        "include_unpacking": False,
        "coi_required": True,
        "standard_delivery_item_count": None,
        "item_description": None,
        "specialty_items": None,
        "blade_direction": None,
        "blade_airport": None,
        "blade_terminal": None,
        "blade_flight_date": None,
        "blade_flight_time": None,
        "blade_bag_count": None,
    }


def test_service_form_reads_a_quantity_for_each_item_sold():
    form = service_form(
        service_type="standard_delivery",
        specialty_bicycle=" 2 ",
        specialty_crib="0",
        specialty_surfboard="",
        specialty_unicorn="4",
    )
    assert form.answers()["specialty_items"] == {"bicycle": 2}


def test_quantity_that_is_no_number_is_refused_with_the_items():
    form = service_form(service_type="standard_delivery", specialty_bicycle="two")

    assert form.answers()["specialty_items"] is None
    assert form.errors == {"specialty_items": ["Enter a whole number, such as 3."]}


def test_absurd_number_is_brought_down_to_one_the_rules_refuse():
    form = service_form(service_type="standard_delivery", standard_delivery_item_count="9" * 400)
    read = form.answers()

    assert read["standard_delivery_item_count"] == LARGEST_NUMBER
    assert not form.judge(basket(read).evaluation)
    assert form.errors["standard_delivery_item_count"] == [
        "Enter a number of items from 0 to 999. For more, call (631) 595-5100."
    ]


def test_line_break_counts_as_one_character():
    typed = "\r\n".join(["a" * 99] * 5) + "b"  # 500 characters with plain line breaks
    form = service_form(
        service_type="standard_delivery", standard_delivery_item_count="1", item_description=typed
    )
    read = form.answers()

    assert len(read["item_description"]) == 500
    assert form.judge(basket(read).evaluation)


def test_null_character_is_refused_in_words():
    form = ContactForm({"first_name": "A\x00da"}, basket())
    form.answers()
    assert form.errors["first_name"] == ["Type this again; it holds characters we can’t read."]


def test_form_reveals_a_service_whose_fields_were_not_shown():
    assert service_form(service_type="mini_move").reveals
    assert service_form(service_type="mini_move", fields_for="standard_delivery").reveals
    assert not service_form(service_type="mini_move", fields_for="mini_move").reveals
    assert not service_form(service_type="teleport").reveals


def test_specialty_order_stands_on_the_delivery_card():
    form = ServiceForm.from_answers(basket({"service_type": "specialty_item"}))
    assert form.service == "standard_delivery"


@pytest.mark.parametrize(
    ("choice", "window", "hour"),
    [
        ("morning", "morning", None),
        ("morning_specific-9", "morning_specific", 9),
        ("no_time_preference", "no_time_preference", None),
        ("morning_specific-11", "morning_specific-11", None),
    ],
)
def test_window_choice_becomes_window_and_hour(choice, window, hour):
    order = basket(mini_move_answers(package_type="standard"))
    read = ScheduleForm({"pickup_time": choice}, order).answers()
    assert (read["pickup_time"], read["specific_pickup_hour"]) == (window, hour)


def test_schedule_form_asks_only_what_the_service_has():
    assert list(ScheduleForm({}, basket(airport_answers())).fields) == []
    assert list(ScheduleForm({}, basket(standard_answers())).fields) == [
        "pickup_date",
        "coi_required",
    ]


@pytest.mark.parametrize(
    ("direction", "asked"), [("to_airport", "pickup"), ("from_airport", "delivery")]
)
def test_addresses_form_leaves_the_airport_out(direction, asked):
    form = AddressesForm({}, basket(airport_answers(blade_direction=direction)))

    assert form.sides == (asked,)
    assert [name for name in form.fields if name.startswith(("pickup", "delivery"))] == [
        f"{asked}_{part}"
        for part in ("address_line_1", "address_line_2", "city", "state", "zip_code")
    ]


def test_problems_stand_beside_their_fields():
    form = ContactForm({"first_name": "Ada", "email": "ada@"}, basket())
    order = basket(form.answers())

    assert not form.judge(order.evaluation)
    assert form.errors == {
        "last_name": ["Enter the last name."],
        "email": ["Enter an email address such as ann@example.com."],
        "phone": ["Enter a US phone number with ten digits, such as (212) 555-0142."],
    }


def test_missing_hour_is_shown_with_the_window():
    order = basket(mini_move_answers(package_type="standard", pickup_time="morning_specific"))
    form = ScheduleForm.from_answers(order)

    assert not form.judge(order.evaluation)
    assert form.errors == {"pickup_time": ["Choose the hour of your window: 8, 9 or 10 AM."]}


def test_only_answers_given_are_judged_when_a_page_opens():
    order = basket({**mini_move_answers(), "email": "ada@", "phone": None, "first_name": None})
    form = ContactForm.from_answers(order)
    form.judge_answered(order.evaluation, order.answers)
    assert list(form.errors) == ["email"]
