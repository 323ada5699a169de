"""Ordering again: what comes along, and what is said of the rest."""

import pytest

from booking import services
from booking.facts import evaluate_draft
from booking.models import Booking
from booking.rebook import again, contact_of
from catalog.models import (
    AirportTransferConfig,
    MiniMovePackage,
    OrganizingService,
    ServiceZip,
    SpecialtyItem,
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

pytestmark = pytest.mark.usefixtures("catalog")

FULL_MOVE = {
    "package_type": "petite",
    "include_packing": True,
    "coi_required": True,
    "pickup_time": "no_time_preference",
}
MIXED = {
    "specialty_items": {"bicycle": 2, "crib": 1},
    "coi_required": True,
    "special_instructions": "Ring twice",
}


def ordered(answers):
    booking = place(make_draft(answers))
    services.mark_paid(booking)
    return Booking.objects.get(pk=booking.pk)


@pytest.mark.parametrize(
    "answers",
    [
        standard_answers(**MIXED),
        specialty_answers(),
        mini_move_answers(**FULL_MOVE),
        airport_answers(),
        airport_answers(
            blade_direction="from_airport",
            **{
                name.replace("pickup", "delivery"): value
                for name, value in airport_answers().items()
                if name.startswith("pickup_")
            },
        ),
    ],
    ids=["mixed", "specialty", "mini move", "to the airport", "from the airport"],
)
def test_everything_but_date_and_contact_comes_along(answers):
    found = again(ordered(answers))
    left = {*CONTACT, "pickup_date", "blade_flight_date"}
    if answers.get("blade_direction") == "from_airport":
        left |= {name for name in answers if name.startswith("pickup_")}
    wanted = {name: value for name, value in answers.items() if name not in left and value}
    assert found.answers == wanted
    assert found.notice == ""


def test_order_made_again_needs_nothing_but_date_and_contact():
    booking = ordered(standard_answers(**MIXED))
    draft = make_draft(again(booking).answers | contact_of(booking))
    assert {problem.field for problem in evaluate_draft(draft).problems} == {"pickup_date"}


def test_what_is_no_longer_sold_or_served_is_left_out_and_said():
    booking = ordered(standard_answers(**MIXED))
    SpecialtyItem.objects.filter(type_key="bicycle").update(is_active=False)
    ServiceZip.objects.filter(pk="11968").update(is_active=False)
    name = SpecialtyItem.objects.get(type_key="bicycle").name
    rebuild()
    found = again(booking)
    assert found.answers["specialty_items"] == {"crib": 1}
    assert not [name for name in found.answers if name.startswith("delivery_")]
    assert found.missing == (f"{name} (2)", "the drop-off in ZIP 11968")
    assert found.notice == (
        f"Not offered any more, and left out: {name} (2) and the drop-off in ZIP 11968."
    )


def test_parts_of_a_mini_move_that_are_gone():
    booking = ordered(mini_move_answers(**FULL_MOVE))
    OrganizingService.objects.filter(mini_move_tier="petite").update(is_active=False)
    MiniMovePackage.objects.filter(package_type="petite").update(offers_flexible_time=False)
    rebuild()
    found = again(booking)
    assert found.missing == ("packing", "the flexible time")
    assert found.answers["package_type"] == "petite"
    assert "pickup_time" not in found.answers

    MiniMovePackage.objects.filter(package_type="petite").update(is_active=False)
    rebuild()
    found = again(booking)
    assert found.missing == ("Petite Mini Move",)
    assert "package_type" not in found.answers


def test_transfer_when_there_are_none_any_more():
    booking = ordered(airport_answers())
    AirportTransferConfig.objects.update(is_active=False)
    rebuild()
    found = again(booking)
    assert found.missing == ("airport transfers",)
    assert "service_type" not in found.answers
    assert not [name for name in found.answers if name.startswith("delivery_")]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("pending", False),
        ("confirmed", False),
        ("paid", True),
        ("completed", True),
        ("cancelled", False),
    ],
)
def test_who_has_paid_may_order_again(status, expected):
    assert Booking(status=status).can_rebook is expected


def rebuild():
    """Rows were updated past the catalog's own save, which raises its version."""
    from catalog import version

    version.replace()
