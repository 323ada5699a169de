"""What the database refuses, and what a form says about it first."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from catalog.models import BookingPolicy, CapacityDay, DiscountCode, RefundRule, SurchargeRule
from tests.catalog.helpers import (
    JULY_4,
    SEPTEMBER_14,
    SEPTEMBER_22,
    make_airport,
    make_capacity,
    make_closed_day,
    make_code,
    make_delivery,
    make_organizing,
    make_package,
    make_policy,
    make_rule,
    make_specialty,
    make_zip,
    rule_fields,
)
from totetaxi.lib import clock

pytestmark = pytest.mark.django_db
PERCENTAGE = {"calculation_type": "percentage", "percentage": 15, "fixed_amount_cents": None}

# Kind of rule, what is wrong with it, the constraint that refuses it, the field a form marks.
REFUSED_RULES: list[tuple[str, dict[str, Any], str, str]] = [
    ("weekend", {"applies_saturday": False}, "weekend_has_weekdays_only", "applies_saturday"),
    ("weekend", {"specific_date": JULY_4}, "weekend_has_weekdays_only", "specific_date"),
    (
        "weekend",
        {"start_date": SEPTEMBER_14, "end_date": SEPTEMBER_22},
        "weekend_has_weekdays_only",
        "start_date",
    ),
    ("peak_date", {"specific_date": None}, "peak_has_date_or_range", "specific_date"),
    ("peak_date", {"applies_sunday": True}, "peak_has_date_or_range", "applies_sunday"),
    (
        "peak_date",
        {"start_date": SEPTEMBER_14, "end_date": SEPTEMBER_22},
        "peak_has_date_or_range",
        "specific_date",
    ),
    (
        "peak_date",
        {"specific_date": None, "start_date": SEPTEMBER_14},
        "peak_has_date_or_range",
        "end_date",
    ),
    (
        "peak_date",
        {"specific_date": None, "end_date": SEPTEMBER_14},
        "peak_has_date_or_range",
        "start_date",
    ),
    (
        "peak_date",
        {"specific_date": None, "start_date": SEPTEMBER_22, "end_date": SEPTEMBER_14},
        "range_in_order",
        "end_date",
    ),
    ("geographic", {"specific_date": JULY_4}, "undated_is_fixed", "specific_date"),
    ("geographic", {"applies_saturday": True}, "undated_is_fixed", "applies_saturday"),
    ("geographic", PERCENTAGE, "undated_is_fixed", "calculation_type"),
    ("time_window", {"applies_sunday": True}, "undated_is_fixed", "applies_sunday"),
    (
        "time_window",
        {"start_date": JULY_4, "end_date": JULY_4},
        "undated_is_fixed",
        "start_date",
    ),
    ("time_window", PERCENTAGE, "undated_is_fixed", "calculation_type"),
    ("weekend", {"fixed_amount_cents": None}, "amount_fits_calculation", "fixed_amount_cents"),
    ("weekend", {"fixed_amount_cents": 0}, "amount_fits_calculation", "fixed_amount_cents"),
    ("weekend", {"percentage": 5}, "amount_fits_calculation", "percentage"),
    ("weekend", PERCENTAGE | {"percentage": None}, "amount_fits_calculation", "percentage"),
    ("weekend", PERCENTAGE | {"percentage": 0}, "amount_fits_calculation", "percentage"),
    ("weekend", PERCENTAGE | {"percentage": -1}, "amount_fits_calculation", "percentage"),
    ("weekend", PERCENTAGE | {"percentage": "100.01"}, "amount_fits_calculation", "percentage"),
    (
        "weekend",
        PERCENTAGE | {"fixed_amount_cents": 1_00},
        "amount_fits_calculation",
        "fixed_amount_cents",
    ),
    ("weekend", {"per_address": True}, "per_address_is_geographic", "per_address"),
    ("weekend", {"surcharge_type": "holiday"}, "type_known", "surcharge_type"),
    ("weekend", {"applies_to_service_type": "ferry"}, "service_known", "applies_to_service_type"),
    ("weekend", {"calculation_type": "dice"}, "amount_fits_calculation", "calculation_type"),
]


@pytest.mark.parametrize(("kind", "wrong", "constraint", "field"), REFUSED_RULES)
def test_rule_that_fits_no_form_is_refused_by_form_and_database(
    kind: str, wrong: dict[str, Any], constraint: str, field: str
) -> None:
    rule = SurchargeRule(**rule_fields(kind, **wrong))
    with pytest.raises(ValidationError) as refusal:
        rule.full_clean()
    assert field in refusal.value.message_dict
    assert "__all__" not in refusal.value.message_dict
    with pytest.raises(IntegrityError, match=f'"surcharge_{constraint}"'):
        rule.save()


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("weekend", {}),
        ("weekend", {"applies_saturday": False, "applies_sunday": True}),
        ("weekend", PERCENTAGE | {"percentage": 100}),
        ("weekend", PERCENTAGE | {"percentage": "0.01"}),
        ("weekend", {"applies_to_service_type": "blade_transfer"}),
        ("peak_date", {}),
        (
            "peak_date",
            {"specific_date": None, "start_date": SEPTEMBER_14, "end_date": SEPTEMBER_22},
        ),
        ("peak_date", {"specific_date": None, "start_date": JULY_4, "end_date": JULY_4}),
        ("geographic", {"per_address": True, "applies_to_service_type": "all"}),
        ("time_window", {}),
    ],
)
def test_rule_of_each_form_is_stored(kind: str, fields: dict[str, Any]) -> None:
    rule = SurchargeRule(**rule_fields(kind, **fields))
    rule.full_clean()
    rule.save()
    assert SurchargeRule.objects.get() == rule


def test_second_active_distance_rule_for_a_service_is_refused() -> None:
    make_rule("geographic")
    make_rule("geographic", is_active=False)
    make_rule("geographic", applies_to_service_type="standard_delivery")
    with pytest.raises(ValidationError, match="An active rule of this kind"):
        SurchargeRule(**rule_fields("geographic")).full_clean()
    with pytest.raises(IntegrityError, match="surcharge_undated_once_per_service"):
        make_rule("geographic")


FIXED = {"discount_type": "fixed_amount", "percent": None, "amount_cents": 50_00}
REFUSED_CODES: list[tuple[dict[str, Any], str]] = [
    ({"percent": 0}, "percent"),
    ({"percent": 101}, "percent"),
    ({"percent": None}, "percent"),
    ({"amount_cents": 5_00}, "amount_cents"),
    (FIXED | {"amount_cents": None}, "amount_cents"),
    (FIXED | {"amount_cents": 0}, "amount_cents"),
    (FIXED | {"percent": 10}, "percent"),
    (FIXED | {"maximum_discount_cents": 5_00}, "maximum_discount_cents"),
    ({"discount_type": "gift"}, "discount_type"),
    ({"service_types": ["mini_move", "ferry"]}, "service_types"),
    ({"valid_until": clock.now() - timedelta(days=1)}, "valid_until"),
    ({"code": ""}, "code"),
]


@pytest.mark.parametrize(("wrong", "field"), REFUSED_CODES)
def test_discount_that_fits_no_form_is_refused_by_form_and_database(
    wrong: dict[str, Any], field: str
) -> None:
    code = DiscountCode(**({"code": "SUMMER", "percent": 20} | wrong))
    with pytest.raises(ValidationError) as refusal:
        code.full_clean()
    assert field in refusal.value.message_dict
    assert "__all__" not in refusal.value.message_dict
    with pytest.raises(IntegrityError, match="violates check constraint"):
        code.save()


def test_discount_code_is_stored_in_capitals() -> None:
    assert make_code(code=" Summer-26 ").code == "SUMMER-26"
    assert DiscountCode.objects.get().code == "SUMMER-26"


def test_code_in_another_case_is_refused_by_form_and_database() -> None:
    make_code(code="SUMMER")
    with pytest.raises(ValidationError) as refusal:
        DiscountCode(code="summer", percent=5).full_clean()
    assert refusal.value.message_dict["code"] == ["This code exists already."]
    with pytest.raises(IntegrityError, match="discount_code_once_in_any_case"):
        make_code(code="summer")


def test_small_letters_are_refused_past_the_model() -> None:
    with pytest.raises(IntegrityError, match="discount_code_upper_case"):
        DiscountCode.objects.bulk_create([DiscountCode(code="winter", percent=5)])


@pytest.mark.parametrize(
    ("make", "wrong", "constraint"),
    [
        (make_package, {"package_type": "giant"}, "mini_move_tier_known"),
        (make_package, {"base_price_cents": 0}, "mini_move_price_above_zero"),
        (make_package, {"hour_window_free": True}, "mini_move_free_window_is_offered"),
        (make_organizing, {"mini_move_tier": "full"}, "organizing_kind_fits_tier"),
        (make_organizing, {"is_packing_service": False}, "organizing_kind_fits_tier"),
        (make_organizing, {"service_type": "petite_ironing"}, "organizing_kind_fits_tier"),
        (make_organizing, {"price_cents": 0}, "organizing_price_above_zero"),
        (make_delivery, {"price_per_item_cents": 0}, "standard_delivery_price_above_zero"),
        (make_specialty, {"type_key": ""}, "specialty_key_not_empty"),
        (make_specialty, {"base_price_cents": 0}, "specialty_price_above_zero"),
        (make_airport, {"price_per_bag_cents": 0}, "airport_transfer_price_above_zero"),
        (make_airport, {"minimum_bags": 0}, "airport_transfer_minimum_above_zero"),
        (make_zip, {"zone": "moon"}, "service_zip_zone_known"),
        (make_zip, {"state": "FL"}, "service_zip_state_known"),
        (make_zip, {"zip_code": "1000"}, "service_zip_five_digits"),
        (make_zip, {"zip_code": "1000a"}, "service_zip_five_digits"),
        (make_policy, {"organizing_tax_percent": -1}, "booking_policy_tax_is_percent"),
        (make_policy, {"organizing_tax_percent": 101}, "booking_policy_tax_is_percent"),
        (make_policy, {"peak_date_refund_percent": 101}, "booking_policy_refund_is_percent"),
    ],
)
def test_database_refuses_an_impossible_row(
    make: Callable[..., Any], wrong: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=f'"{constraint}"'):
        make(**wrong)


@pytest.mark.parametrize(
    ("make", "constraint"),
    [
        (make_package, "package_type"),
        (make_organizing, "service_type"),
        (make_specialty, "type_key"),
        (make_zip, "pkey"),
        (make_delivery, "standard_delivery_one_active"),
        (make_airport, "airport_transfer_one_active"),
    ],
)
def test_database_refuses_a_second_row_of_a_kind(make: Callable[..., Any], constraint: str) -> None:
    make()
    with pytest.raises(IntegrityError, match=constraint):
        make()


@pytest.mark.parametrize("make", [make_delivery, make_airport])
def test_form_says_that_another_rate_is_active(make: Callable[..., Any]) -> None:
    make()
    other = make(is_active=False)
    other.is_active = True
    with pytest.raises(ValidationError) as refusal:
        other.full_clean()
    assert refusal.value.message_dict == {
        "is_active": ["Another rate is active: switch that one off first."]
    }


def test_form_says_what_is_wrong_with_an_organizing_service() -> None:
    service = make_organizing()
    service.mini_move_tier, service.is_packing_service = "full", False
    with pytest.raises(ValidationError) as refusal:
        service.full_clean()
    assert set(refusal.value.message_dict) == {"mini_move_tier", "is_packing_service"}


def test_second_policy_is_refused() -> None:
    make_policy()
    with pytest.raises(IntegrityError, match="booking_policy_only_one"):
        BookingPolicy.objects.bulk_create([BookingPolicy(id=2)])


def test_two_refund_rules_for_the_same_hours_are_refused() -> None:
    make_policy()
    RefundRule.objects.create(hours_before=48, percent=100)
    with pytest.raises(ValidationError, match="There is a rule for this many hours already"):
        RefundRule(hours_before=48, percent=50).full_clean()
    with pytest.raises(IntegrityError, match="refund_rule_hours_once"):
        RefundRule.objects.create(hours_before=48, percent=50)


def test_day_is_closed_once_and_with_a_reason() -> None:
    make_closed_day(JULY_4)
    with pytest.raises(IntegrityError, match="closed_day_has_reason"), transaction.atomic():
        make_closed_day(SEPTEMBER_14, reason="")
    with pytest.raises(IntegrityError, match="unique"):
        make_closed_day(JULY_4)


@pytest.mark.parametrize("used", [-1, 3])
def test_database_refuses_more_places_than_there_are_and_fewer_than_none(used: int) -> None:
    make_capacity(JULY_4, limit=2)
    with pytest.raises(IntegrityError, match="violates check constraint"):
        CapacityDay.objects.update(used=used)


def test_limit_below_what_is_taken_is_a_field_error() -> None:
    day = make_capacity(JULY_4, limit=5, used=3)
    day.limit = 2
    with pytest.raises(ValidationError) as refusal:
        day.full_clean()
    assert refusal.value.message_dict == {"limit": ["3 places are taken that day already."]}
    with pytest.raises(IntegrityError, match="capacity_used_within_limit"):
        day.save()


def test_saving_a_day_keeps_places_taken_meanwhile() -> None:
    day = make_capacity(JULY_4, limit=5)
    CapacityDay.objects.update(used=4)
    day.limit = 6
    day.save()
    assert CapacityDay.objects.values_list("limit", "used").get() == (6, 4)


def test_day_follows_the_usual_limit_unless_it_has_its_own() -> None:
    make_policy(default_daily_limit=8)
    day = make_capacity(JULY_4, limit=3)
    day.limit_is_own = False
    day.full_clean()
    assert day.limit == 8
    day.limit = 5
    with pytest.raises(ValidationError) as refusal:
        day.full_clean()
    assert set(refusal.value.message_dict) == {"limit_is_own"}


def days_from_today(*limits: tuple[int | None, int, bool]) -> list[date]:
    """Store days from yesterday on, each as (limit, used, limit is its own)."""
    first = clock.today() - timedelta(days=1)
    days = [first + timedelta(days=n) for n in range(len(limits))]
    for day, (limit, used, own) in zip(days, limits, strict=True):
        make_capacity(day, limit, used, limit_is_own=own)
    return days


def test_new_usual_limit_reaches_the_days_that_follow_it() -> None:
    policy = make_policy(default_daily_limit=5)
    days_from_today((5, 5, False), (5, 0, False), (9, 0, True), (5, 3, False))
    policy.default_daily_limit = 3
    policy.full_clean()
    policy.save()
    assert list(CapacityDay.objects.values_list("limit", flat=True)) == [5, 3, 9, 3]


def test_usual_limit_below_what_is_taken_names_the_days() -> None:
    policy = make_policy(default_daily_limit=5)
    days = days_from_today((5, 5, False), (5, 1, False), (9, 8, True), (5, 4, False))
    policy.default_daily_limit = 3
    with pytest.raises(ValidationError) as refusal:
        policy.full_clean()
    full = days[3]
    assert refusal.value.message_dict == {
        "default_daily_limit": [
            f"More places are taken already on {full:%B} {full.day}, {full.year} (4). "
            "Give those days their own limit."
        ]
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        policy.save()
    assert BookingPolicy.objects.get().default_daily_limit == 5


def test_limit_can_be_lifted_for_all_days() -> None:
    policy = make_policy(default_daily_limit=5)
    days_from_today((5, 5, False), (5, 5, False))
    policy.default_daily_limit = None
    policy.full_clean()
    policy.save()
    assert list(CapacityDay.objects.values_list("limit", flat=True)) == [5, None]


def test_price_is_never_negative_even_past_the_orm() -> None:
    make_specialty()
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_specialtyitem SET base_price_cents = -1")


def test_price_far_too_high_is_a_field_error() -> None:
    item = make_specialty()
    item.base_price_cents = 1_000_000_01
    with pytest.raises(ValidationError) as refusal:
        item.full_clean()
    assert refusal.value.message_dict == {"base_price_cents": ["Enter at most $1,000,000."]}
