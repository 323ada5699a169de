"""The price book: what is in it, and that no process ever quotes by an old or a premature one."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import time
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import OperationalError, connection, transaction
from django.test import Client, override_settings
from pytest_django import DjangoAssertNumQueries

from catalog import price_book, version
from catalog.models import MiniMovePackage, RefundRule, SpecialtyItem
from catalog.price_book import CatalogUnavailableError, load
from catalog.prices import (
    AirportPrice,
    DeliveryPrice,
    OrganizingPrice,
    PackagePrice,
    Policy,
    RefundStep,
    SpecialtyPrice,
    SurchargePrice,
)
from tests.catalog.helpers import (
    JULY_4,
    SEPTEMBER_14,
    SEPTEMBER_22,
    in_another_thread,
    make_airport,
    make_delivery,
    make_organizing,
    make_package,
    make_policy,
    make_rule,
    make_specialty,
)


def petite_cents() -> int:
    """What the book at hand asks for a Petite."""
    return load().packages["petite"].price_cents


@pytest.fixture
def package(transactional_db: None) -> MiniMovePackage:
    """A committed catalog with a Petite at $995, and a book of it in this process."""
    make_policy()
    petite = make_package()
    assert petite_cents() == 995_00
    return petite


def test_book_holds_every_active_row(db: None) -> None:
    make_policy(default_daily_limit=9, units_mini_move=2, announcement="New: bicycles")
    RefundRule.objects.create(hours_before=0, percent=0)
    RefundRule.objects.create(hours_before=48, percent=100)
    make_package(description="Small", max_items=15, offers_flexible_time=True)
    make_organizing(supplies_allowance_cents=250_00)
    make_delivery()
    make_airport(waiting_fee_cents=40_00)
    bicycle = make_specialty(description="No motor")

    book = load()

    assert book.packages == {
        "petite": PackagePrice(
            type="petite",
            name="Petite",
            description="Small",
            price_cents=995_00,
            max_items=15,
            max_weight_lbs=50,
            coi_included=False,
            coi_fee_cents=50_00,
            offers_flexible_time=True,
        )
    }
    assert book.organizing == {
        ("petite", "packing"): OrganizingPrice("Petite Packing", 1_400_00, 4, 2, 250_00, "")
    }
    assert book.delivery == DeliveryPrice(95_00, 285_00, 360_00, 50_00, 50)
    assert book.airport == AirportPrice(75_00, 2, 150_00, 100_00, 50, 40_00)
    assert book.specialty == {
        "bicycle": SpecialtyPrice("bicycle", "Bicycle", "No motor", 250_00, True, bicycle.pk)
    }
    assert book.surcharges == ()
    assert book.policy == Policy(
        same_day_cutoff=time(10),
        tax_percent=Decimal("8.875"),
        day_limit=9,
        units={
            "mini_move": 2,
            "standard_delivery": 1,
            "specialty_item": 1,
            "blade_transfer": 1,
        },
        phone="(631) 595-5100",
        phone_hours="Every day, 9 AM–6 PM",
        email="info@totetaxi.com",
        orders_email="orders@totetaxi.com",
        office_address="395 County Road 39A, Southampton, NY 11968",
        announcement="New: bicycles",
        refund_steps=(RefundStep(48, 100), RefundStep(0, 0)),
    )


def test_book_holds_each_form_of_rule(db: None) -> None:
    make_policy()
    make_package()
    make_rule("weekend", applies_sunday=True)
    make_rule("peak_date")
    make_rule(
        "peak_date",
        name="range",
        specific_date=None,
        start_date=SEPTEMBER_14,
        end_date=SEPTEMBER_22,
        calculation_type="percentage",
        percentage="12.50",
        fixed_amount_cents=None,
    )
    make_rule("geographic", per_address=True, applies_to_service_type="all")

    assert set(load().surcharges) == {
        SurchargePrice(
            "weekend",
            "weekend",
            "fixed_amount",
            "mini_move",
            fixed_cents=175_00,
            saturday=True,
            sunday=True,
        ),
        SurchargePrice(
            "peak_date",
            "peak_date",
            "fixed_amount",
            "mini_move",
            fixed_cents=175_00,
            first_date=JULY_4,
            last_date=JULY_4,
        ),
        SurchargePrice(
            "range",
            "peak_date",
            "percentage",
            "mini_move",
            percent=Decimal("12.50"),
            first_date=SEPTEMBER_14,
            last_date=SEPTEMBER_22,
        ),
        SurchargePrice(
            "geographic", "geographic", "fixed_amount", fixed_cents=175_00, per_address=True
        ),
    }


def test_what_is_switched_off_is_not_in_the_book(db: None) -> None:
    make_policy()
    make_package()
    make_package(package_type="full", name="Full", is_active=False)
    make_organizing(is_active=False)
    make_delivery(is_active=False)
    make_airport(is_active=False)
    make_specialty(is_active=False)
    make_rule("weekend", is_active=False)

    book = load()

    assert list(book.packages) == ["petite"]
    assert (book.organizing, book.specialty, book.surcharges) == ({}, {}, ())
    assert (book.delivery, book.airport) == (None, None)


def test_nobody_can_change_a_book_that_others_share(db: None) -> None:
    make_policy()
    make_package()
    with pytest.raises(TypeError):
        load().packages["petite"] = None


def test_catalog_without_policy_is_unavailable(db: None) -> None:
    make_package()
    with pytest.raises(CatalogUnavailableError):
        load()
    assert price_book.load_policy() is None


def test_catalog_with_nothing_on_offer_is_unavailable_but_has_its_policy(db: None) -> None:
    make_policy(phone="(212) 555-0100")
    make_organizing()
    make_package(is_active=False)
    with pytest.raises(CatalogUnavailableError):
        load()
    policy = price_book.load_policy()
    assert policy is not None
    assert policy.phone == "(212) 555-0100"


def test_database_that_does_not_answer_makes_the_catalog_unavailable(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_answer() -> None:
        raise OperationalError("connection refused")

    make_policy()
    make_package()
    monkeypatch.setattr(price_book, "_packages", no_answer)
    with pytest.raises(CatalogUnavailableError, match="does not answer"):
        load()


def test_warm_book_costs_one_look_at_the_shared_version(
    package: MiniMovePackage, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1) as captured:
        load()
    assert "cache" in captured.captured_queries[0]["sql"]


def test_cold_book_costs_a_query_for_each_table(
    package: MiniMovePackage, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    version.replace()
    with django_assert_num_queries(1 + len(price_book.SOURCES)):
        load()


def test_saved_price_shows_at_once_to_others(package: MiniMovePackage) -> None:
    package.base_price_cents = 1_000_00
    package.save()
    assert petite_cents() == 1_000_00
    assert in_another_thread(petite_cents) == 1_000_00


@pytest.fixture
def other_process(package: MiniMovePackage) -> Iterator["subprocess.Popen[str]"]:
    """A process of its own that answers each line with the price of a Petite."""
    program = (
        "import os, sys, django\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'\n"
        "from django.conf import settings\n"
        "settings.DATABASES['default']['NAME'] = sys.argv[1]\n"
        "django.setup()\n"
        "from catalog.price_book import load\n"
        "for _ in sys.stdin:\n"
        "    print(load().packages['petite'].price_cents, flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, connection.settings_dict["NAME"]],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.communicate(timeout=10)


def test_saved_price_shows_at_once_in_another_process(
    package: MiniMovePackage, other_process: "subprocess.Popen[str]"
) -> None:
    def price_over_there() -> int:
        assert other_process.stdin is not None
        assert other_process.stdout is not None
        other_process.stdin.write("\n")
        other_process.stdin.flush()
        return int(other_process.stdout.readline())

    assert [price_over_there(), price_over_there()] == [995_00, 995_00]
    package.base_price_cents = 1_000_00
    package.save()
    assert price_over_there() == 1_000_00
    MiniMovePackage.objects.update(base_price_cents=1_001_00)
    assert price_over_there() == 1_001_00


def test_changes_in_bulk_show_at_once(package: MiniMovePackage) -> None:
    MiniMovePackage.objects.update(base_price_cents=1_000_00)
    assert petite_cents() == 1_000_00

    package.base_price_cents = 1_001_00
    MiniMovePackage.objects.bulk_update([package], ["base_price_cents"])
    assert petite_cents() == 1_001_00

    SpecialtyItem.objects.bulk_create(
        [SpecialtyItem(type_key="crib", name="Crib", base_price_cents=350_00)]
    )
    assert list(load().specialty) == ["crib"]

    SpecialtyItem.objects.all().delete()
    assert list(load().specialty) == []


def test_uncommitted_price_is_seen_by_its_own_transaction_alone(package: MiniMovePackage) -> None:
    with transaction.atomic():
        package.base_price_cents = 1_000_00
        package.save()
        assert petite_cents() == 1_000_00
        assert in_another_thread(petite_cents) == 995_00
    assert petite_cents() == 1_000_00
    assert in_another_thread(petite_cents) == 1_000_00


SHARED_CACHES = {
    "in the database": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
    },
    # As a server beside the database is: it knows nothing of transactions.
    "outside it": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}


@pytest.mark.parametrize("where", SHARED_CACHES)
def test_others_reading_before_the_commit_still_learn_of_it(
    package: MiniMovePackage, where: str
) -> None:
    with override_settings(CACHES=settings.CACHES | {"default": SHARED_CACHES[where]}):
        with transaction.atomic():
            package.base_price_cents = 1_000_00
            package.save()
            assert in_another_thread(petite_cents) == 995_00
        assert in_another_thread(petite_cents) == 1_000_00


def test_rolled_back_price_leaves_no_trace(package: MiniMovePackage) -> None:
    def fail_after_reading() -> None:
        with transaction.atomic():
            MiniMovePackage.objects.update(base_price_cents=1_000_00)
            assert petite_cents() == 1_000_00
            raise RuntimeError

    version.replace()  # No book is kept: the one of the transaction must not become it.
    with pytest.raises(RuntimeError):
        fail_after_reading()
    assert petite_cents() == 995_00
    assert in_another_thread(petite_cents) == 995_00


def test_price_rolled_back_to_a_savepoint_leaves_no_trace(package: MiniMovePackage) -> None:
    with transaction.atomic():
        savepoint = transaction.savepoint()
        MiniMovePackage.objects.update(base_price_cents=1_000_00)
        transaction.savepoint_rollback(savepoint)
        assert petite_cents() == 995_00
    assert petite_cents() == 995_00


def test_cache_that_lost_the_version_costs_a_reading_only(package: MiniMovePackage) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_minimovepackage SET base_price_cents = 100000")
    assert petite_cents() == 995_00  # Nothing told us.
    cache.delete(version.KEY)
    assert petite_cents() == 1_000_00


def test_transaction_writes_no_version_that_others_would_wait_for(
    package: MiniMovePackage,
) -> None:
    cache.delete(version.KEY)
    with transaction.atomic():
        assert petite_cents() == 995_00
        assert cache.get(version.KEY) is None


def test_book_is_read_again_after_a_while_whatever_the_cache_says(
    package: MiniMovePackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_minimovepackage SET base_price_cents = 100000")
    assert petite_cents() == 995_00
    monkeypatch.setattr(price_book, "KEEP_SECONDS", 0)
    assert petite_cents() == 1_000_00


def test_change_is_kept_even_if_the_cache_is_down(
    package: MiniMovePackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*args: object, **kwargs: object) -> None:
        raise ConnectionError

    package.base_price_cents = 1_000_00
    with monkeypatch.context() as patch:
        patch.setattr(cache, "set", down)
        package.save()
    assert MiniMovePackage.objects.get().base_price_cents == 1_000_00


def test_site_sells_while_the_caches_are_down(
    package: MiniMovePackage,
    client: Client,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Rule R672: a Redis that is gone costs time, and nobody's order."""
    gone = {"BACKEND": "django.core.cache.backends.redis.RedisCache"}
    down = {**gone, "LOCATION": "redis://127.0.0.1:1"}
    settings.CACHES = {**settings.CACHES, "default": down, "counters": down}
    assert petite_cents() == 995_00
    assert client.get("/book/quote/").status_code == 200
    answer = client.post("/book/service/", {"service_type": "mini_move", "package_type": "petite"})
    assert answer.status_code == 303
    assert set(caplog.messages) == {
        "catalog version not read: ConnectionError",
        "limit preview not counted: ConnectionError",
        "limit step not counted: ConnectionError",
    }
