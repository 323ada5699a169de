"""The catalog a fresh site starts with."""

import json
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries

from catalog import seeding
from catalog.models import (
    AirportTransferConfig,
    BookingPolicy,
    MiniMovePackage,
    OrganizingService,
    RefundRule,
    ServiceZip,
    SpecialtyItem,
    StandardDeliveryConfig,
    SurchargeRule,
)
from catalog.price_book import load
from catalog.prices import RefundStep
from tests.catalog.helpers import all_at_once

pytestmark = pytest.mark.django_db
TODAY = date(2026, 6, 1)
PEAKS_2026 = [
    ("Memorial Day", date(2026, 5, 25), date(2026, 5, 25)),
    ("End of June", date(2026, 6, 30), date(2026, 6, 30)),
    ("Start of July", date(2026, 7, 1), date(2026, 7, 1)),
    ("Independence Day", date(2026, 7, 4), date(2026, 7, 4)),
    ("End of July", date(2026, 7, 31), date(2026, 7, 31)),
    ("End of August", date(2026, 8, 31), date(2026, 8, 31)),
    ("Labor Day", date(2026, 9, 7), date(2026, 9, 7)),
    ("US Open week", date(2026, 9, 14), date(2026, 9, 22)),
]
PEAKS_2027 = [
    ("Memorial Day", date(2027, 5, 31), date(2027, 5, 31)),
    ("End of June", date(2027, 6, 30), date(2027, 6, 30)),
    ("Start of July", date(2027, 7, 1), date(2027, 7, 1)),
    ("Independence Day", date(2027, 7, 4), date(2027, 7, 4)),
    ("End of July", date(2027, 7, 31), date(2027, 7, 31)),
    ("End of August", date(2027, 8, 31), date(2027, 8, 31)),
    ("Labor Day", date(2027, 9, 6), date(2027, 9, 6)),
]


def peaks_in_book(service: str) -> list[tuple[str, date | None, date | None]]:
    """Name, first and last date of the peak rules of a service."""
    return [(r.name, r.first_date, r.last_date) for r in load().rules("peak_date", service)]


def test_seed_says_what_it_created() -> None:
    assert seeding.seed(TODAY) == {
        "booking policy": 1,
        "refund rules": 2,
        "Mini Move packages": 3,
        "organizing services": 6,
        "delivery rates": 1,
        "airport rates": 1,
        "specialty items": 5,
        "surcharge rules": 4 + 2 * 8 + 2 * 7,
        "ZIP codes": 273,
    }


def test_seeded_prices_are_those_of_the_business() -> None:
    seeding.seed(TODAY)
    book = load()
    packages = book.packages.values()
    assert [(p.type, p.name, p.price_cents, p.max_items) for p in packages] == [
        ("petite", "Petite", 995_00, 15),
        ("standard", "Standard", 1_725_00, 30),
        ("full", "Full Move", 2_490_00, None),
    ]
    assert [(p.coi_included, p.coi_fee_cents) for p in packages] == [
        (False, 50_00),
        (True, 0),
        (True, 0),
    ]
    assert [
        (p.offers_hour_window, p.hour_window_free, p.offers_flexible_time, p.is_most_popular)
        for p in packages
    ] == [(False, False, True, False), (True, False, False, True), (True, True, False, False)]
    assert [(p.priority_scheduling, p.protective_wrapping) for p in packages] == [
        (False, False),
        (True, True),
        (True, True),
    ]
    assert {
        key: (o.price_cents, o.duration_hours, o.organizer_count, o.supplies_allowance_cents)
        for key, o in book.organizing.items()
    } == {
        ("petite", "packing"): (1_400_00, 4, 2, 250_00),
        ("petite", "unpacking"): (1_130_00, 4, 2, 0),
        ("standard", "packing"): (2_535_00, 8, 2, 250_00),
        ("standard", "unpacking"): (2_265_00, 8, 2, 0),
        ("full", "packing"): (5_070_00, 8, 4, 500_00),
        ("full", "unpacking"): (4_525_00, 8, 4, 0),
    }
    assert {key: item.price_cents for key, item in book.specialty.items()} == {
        "peloton": 500_00,
        "surfboard": 350_00,
        "crib": 350_00,
        "wardrobe_box": 275_00,
        "bicycle": 250_00,
    }
    delivery, airport = book.delivery, book.airport
    assert delivery is not None
    assert airport is not None
    assert (delivery.per_item_cents, delivery.minimum_cents) == (95_00, 285_00)
    assert (delivery.same_day_cents, delivery.coi_fee_cents) == (360_00, 50_00)
    assert (airport.per_bag_cents, airport.minimum_bags) == (75_00, 2)
    assert (airport.minimum_cents, airport.overweight_bag_cents) == (150_00, 100_00)
    assert book.policy.refund_steps == (RefundStep(48, 100), RefundStep(0, 0))


def test_seeded_rules_charge_two_services_by_date_and_every_service_by_distance() -> None:
    seeding.seed(TODAY)
    book = load()
    for kind in ("weekend", "peak_date"):
        amounts = {
            service: {rule.fixed_cents for rule in book.rules(kind, service)}
            for service in ("mini_move", "standard_delivery", "specialty_item", "blade_transfer")
        }
        assert amounts == {
            "mini_move": {175_00},
            "standard_delivery": {50_00},
            "specialty_item": set(),
            "blade_transfer": set(),
        }
    (weekend,) = book.rules("weekend", "mini_move")
    assert (weekend.saturday, weekend.sunday) == (True, True)
    (distance,) = book.rules("geographic", "specialty_item")
    assert (distance.fixed_cents, distance.per_address) == (175_00, False)
    (window,) = book.rules("time_window", "mini_move")
    assert window.fixed_cents == 175_00
    assert book.rules("time_window", "standard_delivery") == ()


def test_peak_dates_of_every_season_that_can_be_booked() -> None:
    seeding.seed(TODAY)
    assert peaks_in_book("mini_move") == PEAKS_2026 + PEAKS_2027
    assert peaks_in_book("standard_delivery") == PEAKS_2026 + PEAKS_2027


def test_next_season_comes_with_time_and_with_the_horizon() -> None:
    seeding.seed(TODAY)
    assert seeding.seed(date(2027, 12, 31)) == {"surcharge rules": 2 * 7}
    BookingPolicy.objects.update(horizon_days=730)
    assert seeding.seed(date(2027, 12, 31)) == {"surcharge rules": 2 * 7}
    years = {first.year for _, first, _ in peaks_in_book("mini_move") if first}
    assert years == {2026, 2027, 2028, 2029}


@pytest.mark.parametrize(
    ("year", "memorial", "labor"),
    [
        (2026, date(2026, 5, 25), date(2026, 9, 7)),
        (2027, date(2027, 5, 31), date(2027, 9, 6)),
        (2028, date(2028, 5, 29), date(2028, 9, 4)),
        (2030, date(2030, 5, 27), date(2030, 9, 2)),
        (2031, date(2031, 5, 26), date(2031, 9, 1)),
    ],
)
def test_moving_holidays(year: int, memorial: date, labor: date) -> None:
    assert seeding.last_monday_of_may(year) == memorial
    assert seeding.first_monday_of_september(year) == labor


def test_seeding_again_does_nothing_in_few_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    seeding.seed(TODAY)
    with django_assert_max_num_queries(12):
        assert seeding.seed(TODAY) == {}


def test_seeding_again_keeps_every_edit() -> None:
    seeding.seed(TODAY)
    edits: list[tuple[Any, dict[str, Any], dict[str, Any]]] = [
        (MiniMovePackage, {"package_type": "full"}, {"name": "Big", "base_price_cents": 3_000_00}),
        (OrganizingService, {"service_type": "full_packing"}, {"is_active": False}),
        (StandardDeliveryConfig, {}, {"is_active": False, "price_per_item_cents": 99_00}),
        (AirportTransferConfig, {}, {"is_active": False}),
        (SpecialtyItem, {"type_key": "crib"}, {"is_active": False}),
        (BookingPolicy, {}, {"phone": "(212) 555-0100", "default_daily_limit": 10}),
        (RefundRule, {"hours_before": 48}, {"percent": 50}),
        (SurchargeRule, {"seed_key": "weekend:mini_move"}, {"is_active": False}),
        (SurchargeRule, {"seed_key": "geographic"}, {"per_address": True}),
        (
            SurchargeRule,
            {"seed_key": "peak:2026:us-open:mini_move"},
            {"start_date": date(2026, 6, 15), "end_date": date(2026, 6, 21), "name": "US Open"},
        ),
    ]
    for model, key, edit in edits:
        assert model.objects.filter(**key).update(**edit) == 1

    assert seeding.seed(TODAY) == {}

    for model, key, edit in edits:
        assert model.objects.filter(**key, **edit).count() == 1


def test_seeding_again_brings_back_what_is_gone() -> None:
    seeding.seed(TODAY)
    SpecialtyItem.objects.filter(type_key="crib").delete()
    SurchargeRule.objects.filter(seed_key="weekend:mini_move").delete()
    RefundRule.objects.all().delete()
    assert seeding.seed(TODAY) == {"specialty items": 1, "surcharge rules": 1}


@pytest.mark.django_db(transaction=True)
def test_processes_that_seed_at_once_do_not_disturb_each_other() -> None:
    seeding.seed(TODAY)
    ServiceZip.objects.all().delete()
    SurchargeRule.objects.all().delete()
    all_at_once([lambda: seeding.seed(TODAY)] * 4)
    assert (ServiceZip.objects.count(), SurchargeRule.objects.count()) == (273, 34)


def test_commands_say_what_they_did() -> None:
    said = StringIO()
    call_command("seed_catalog", stdout=said)
    assert "ZIP codes: 273 created" in said.getvalue()

    said = StringIO()
    call_command("seed_catalog", stdout=said)
    call_command("load_zips", stdout=said)
    assert said.getvalue().splitlines() == [
        "The catalog is complete; nothing to do.",
        "ZIP codes: 0 created",
    ]


@pytest.mark.parametrize("content", ["", "{}", '{"zones": []}'])
def test_load_zips_explains_a_bad_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "zips.json"
    path.write_text(content)
    with pytest.raises(CommandError, match="could not be read"):
        call_command("load_zips", str(path))


@pytest.mark.parametrize(("code", "state"), [("1234", "NY"), ("12345", "ZZ"), ("123456", "NY")])
def test_load_zips_stores_nothing_of_a_file_with_a_wrong_row(
    tmp_path: Path, code: str, state: str
) -> None:
    area = {"label": "X", "state": state, "zips": ["10001", code]}
    path = tmp_path / "zips.json"
    path.write_text(json.dumps({"zones": {"core": [area], "surcharge": []}, "place_names": {}}))
    with pytest.raises(CommandError, match="nothing was loaded"):
        call_command("load_zips", str(path))
    assert ServiceZip.objects.count() == 0


def test_a_dry_run_of_seeding_says_what_is_missing_and_creates_nothing() -> None:
    said = StringIO()
    call_command("seed_catalog", "--dry-run", stdout=said)
    assert "surcharge rules: 34 missing" in said.getvalue()
    assert SurchargeRule.objects.count() == 0
    seeding.seed()
    SurchargeRule.objects.filter(seed_key="peak:2026:us-open:mini_move").delete()
    said = StringIO()
    call_command("seed_catalog", "--dry-run", stdout=said)
    assert said.getvalue() == "surcharge rules: 1 missing\n"
