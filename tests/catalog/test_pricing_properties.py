"""What holds for every price, whatever the catalog and the request."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from catalog.choices import CalculationType, SurchargeType
from catalog.prices import PriceBook, SurchargePrice
from catalog.pricing import date_difference, evaluate, quote
from catalog.request import AddressInput, CodeFacts, Contact, DayFacts, Facts, QuoteRequest
from tests.catalog.price_data import (
    ANN,
    BOOK,
    NOW,
    ZIPS,
    facts,
    organizing,
    specialty,
)

# A busy machine is no finding.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

SERVICES = ("mini_move", "standard_delivery", "specialty_item", "blade_transfer")
TIERS = ("petite", "standard", "full")
CODES = {
    "base",
    "specialty",
    "organizing",
    "organizing_tax",
    "coi",
    "date_surcharge",
    "same_day",
    "distance",
    "window",
    "discount",
    "adjustment",
}

cents = st.integers(10_00, 20_000_00)
days = st.dates(NOW.date(), NOW.date() + timedelta(days=60))
percents = st.decimals("0.01", "100", places=2)


@st.composite
def rules(draw: st.DrawFn) -> SurchargePrice:
    kind = draw(st.sampled_from(SurchargeType.values))
    first = draw(days)
    peak = kind == SurchargeType.PEAK_DATE
    weekend = kind == SurchargeType.WEEKEND
    by_share = (peak or weekend) and draw(st.booleans())
    return SurchargePrice(
        name=draw(st.text("abc ", min_size=1, max_size=8)),
        surcharge_type=kind,
        calculation_type=(CalculationType.PERCENTAGE if by_share else CalculationType.FIXED_AMOUNT),
        service=draw(st.sampled_from(("all", *SERVICES))),
        percent=draw(percents) if by_share else None,
        fixed_cents=None if by_share else draw(cents),
        first_date=first if peak else None,
        last_date=first + timedelta(days=draw(st.integers(0, 9))) if peak else None,
        saturday=weekend and draw(st.booleans()),
        sunday=weekend,
        per_address=kind == SurchargeType.GEOGRAPHIC and draw(st.booleans()),
    )


@st.composite
def books(draw: st.DrawFn) -> PriceBook:
    assert BOOK.delivery is not None
    assert BOOK.airport is not None
    return PriceBook(
        packages={
            tier: replace(BOOK.packages[tier], price_cents=draw(cents), coi_fee_cents=draw(cents))
            for tier in TIERS
        },
        organizing={
            (tier, kind): organizing(f"{tier} {kind}", draw(cents), 4, 2)
            for tier in TIERS
            for kind in ("packing", "unpacking")
        },
        delivery=replace(
            BOOK.delivery,
            per_item_cents=draw(cents),
            minimum_cents=draw(cents),
            same_day_cents=draw(cents),
            coi_fee_cents=draw(cents),
        ),
        specialty={
            key: specialty(key, key.title(), draw(cents), number)
            for number, key in enumerate(("bicycle", "crib", "peloton"))
        },
        surcharges=tuple(draw(st.lists(rules(), max_size=6))),
        airport=replace(BOOK.airport, per_bag_cents=draw(cents), minimum_cents=draw(cents)),
        policy=replace(BOOK.policy, tax_percent=draw(st.decimals("0", "15", places=3))),
    )


addresses = st.sampled_from([AddressInput(zip_code=key) for key in (*ZIPS, "", "33480")])


@st.composite
def requests(draw: st.DrawFn, service_types: tuple[str, ...] = SERVICES) -> QuoteRequest:
    """A request that can be priced, if not always booked."""
    items = st.lists(
        st.tuples(st.sampled_from(("bicycle", "crib", "peloton")), st.integers(1, 9)),
        min_size=1,
        max_size=3,
        unique_by=lambda item: item[0],
    )
    service = draw(st.sampled_from(service_types))
    return QuoteRequest(
        service_type=service,
        package_type=draw(st.sampled_from(TIERS)),
        include_packing=draw(st.booleans()),
        include_unpacking=draw(st.booleans()),
        standard_delivery_item_count=(
            draw(st.integers(1, 900)) if service == "standard_delivery" else 0
        ),
        specialty_items=tuple(draw(items)),
        coi_required=draw(st.booleans()),
        blade_airport=draw(st.sampled_from(("JFK", "EWR"))),
        blade_direction=draw(st.sampled_from(("to_airport", "from_airport"))),
        blade_flight_date=draw(days),
        blade_flight_time=draw(st.times()),
        blade_bag_count=draw(st.integers(2, 90)),
        pickup_date=draw(st.none() | days),
        pickup_time=draw(st.sampled_from(("morning", "morning_specific", "no_time_preference"))),
        specific_pickup_hour=draw(st.sampled_from((None, 8, 9, 10))),
        pickup_address=draw(addresses),
        delivery_address=draw(addresses),
        contact=ANN,
        discount_code=draw(st.sampled_from(("", "SUMMER"))),
    )


@st.composite
def codes(draw: st.DrawFn) -> CodeFacts:
    by_share = draw(st.booleans())
    return CodeFacts(
        "SUMMER",
        "percentage" if by_share else "fixed_amount",
        draw(st.integers(1, 100) if by_share else st.integers(1, 30_000_00)),
        valid_from=datetime(2026, 1, 1, tzinfo=UTC),
        maximum_discount_cents=draw(st.none() | st.integers(1, 1000_00)) if by_share else None,
    )


def priced(request: QuoteRequest, book: PriceBook, code: CodeFacts | None = None):
    result = quote(request, book, facts=facts(code=code), today=NOW.date())
    assert result is not None
    return result


@given(books(), requests(), codes())
def test_lines_sum_to_a_total_that_is_never_negative(book, request, code):
    result = priced(request, book, code)
    assert result.total_cents == sum(line.cents for line in result.lines) >= 0
    assert {line.code for line in result.lines} <= CODES
    assert all(line.cents >= 0 for line in result.lines if line.code != "discount")
    assert all(type(line.cents) is int for line in result.lines)
    assert all(line.label and line.reason for line in result.lines)


@given(books(), requests(), codes())
def test_discount_is_bounded_and_leaves_nothing_too_small_to_charge(book, request, code):
    result = priced(request, book, code)
    assert 0 <= result.discount_cents <= result.pre_discount_cents
    assert result.total_cents == result.pre_discount_cents - result.discount_cents
    assert result.total_cents == 0 or result.total_cents >= 50
    full = priced(replace(request, discount_code=""), book)
    assert full.total_cents == result.pre_discount_cents


@given(books(), requests(("standard_delivery",)), codes(), st.integers(1, 99))
def test_more_items_are_never_cheaper(book, request, code, more):
    larger = replace(
        request, standard_delivery_item_count=request.standard_delivery_item_count + more
    )
    assert priced(larger, book, code).total_cents >= priced(request, book, code).total_cents


@given(books(), requests(("standard_delivery", "specialty_item")), codes(), st.integers(1, 9))
def test_more_specialty_items_are_never_cheaper(book, request, code, more):
    (key, count), *others = request.specialty_items
    larger = replace(request, specialty_items=((key, count + more), *others))
    assert priced(larger, book, code).total_cents >= priced(request, book, code).total_cents


@given(books(), requests(("blade_transfer",)), codes(), st.integers(1, 9))
def test_more_bags_are_never_cheaper(book, request, code, more):
    larger = replace(request, blade_bag_count=request.blade_bag_count + more)
    assert priced(larger, book, code).total_cents >= priced(request, book, code).total_cents


@given(books(), requests(("mini_move",)))
def test_tax_is_the_one_nearest_cent_to_the_exact_tax_of_the_sum(book, request):
    result = priced(request, book)
    exact = result.cents("organizing") * book.policy.tax_percent / 100
    tax = result.cents("organizing_tax")
    assert exact - Decimal("0.5") < tax <= exact + Decimal("0.5")


@given(books(), requests())
def test_each_percentage_line_is_the_nearest_cent_to_the_exact_share_of_the_goods(book, request):
    result = priced(request, book)
    goods = result.cents("base") + result.cents("specialty")
    shares = {rule.name: rule.percent for rule in book.surcharges}
    assume(len(shares) == len(book.surcharges))  # a name used twice does not tell its rule
    dated = [line for line in result.lines if line.code == "date_surcharge"]
    for line, name in zip(dated, result.rule_names, strict=True):
        percent = shares[name]
        if percent is not None:
            exact = goods * percent / 100
            assert exact - Decimal("0.5") < line.cents <= exact + Decimal("0.5")


@given(books(), requests(), codes(), st.randoms())
def test_order_of_the_catalog_and_of_the_items_is_irrelevant(book, request, code, random):
    def shuffled(pairs):
        items = list(pairs)
        random.shuffle(items)
        return items

    other = replace(
        book,
        packages=dict(shuffled(book.packages.items())),
        organizing=dict(shuffled(book.organizing.items())),
        specialty=dict(shuffled(book.specialty.items())),
        surcharges=tuple(shuffled(book.surcharges)),
    )
    same = replace(request, specialty_items=tuple(shuffled(request.specialty_items)))
    assert priced(same, other, code) == priced(request, book, code)


@given(books(), requests(), codes())
def test_every_entry_tells_the_same_price(book, request, code):
    outside = facts(code=code)
    direct = quote(request, book, facts=outside, today=NOW.date())
    assert evaluate(request, book, outside).quote == direct
    assert evaluate(request.normalised(), book, outside, staff=True).quote == direct


@given(books(), requests(), days)
def test_calendar_marks_agree_with_the_quote(book, request, day):
    request = replace(request, discount_code="").normalised()
    on_day = replace(request, pickup_date=day, blade_flight_date=day)
    without = replace(request, pickup_date=None, blade_flight_date=None)
    difference = priced(on_day, book).total_cents - priced(without, book).total_cents
    assert date_difference(request, book, day, today=NOW.date()) == difference


@given(books(), requests(), st.integers(50, 30_000_00) | st.just(0))
def test_custom_total_is_what_is_to_pay(book, request, total):
    request = replace(request, discount_code="")
    result = evaluate(request, book, facts(), staff=True, custom_total_cents=total)
    assert result.quote is not None
    assert result.quote.total_cents == total
    assert result.quote.pre_discount_cents == priced(request, book).total_cents


words = st.sampled_from(("", *SERVICES, *TIERS, "JFK", "to_airport", "morning")) | st.text(
    max_size=9
)
texts = st.text(max_size=12) | st.sampled_from(("10001", "07030", "NY", "ann@example.com"))
numbers = st.integers(-(10**30), 10**30) | st.integers(-2, 1100)
typed_addresses = st.builds(AddressInput, texts, texts, texts, texts, texts)


@given(
    st.builds(
        QuoteRequest,
        service_type=words,
        package_type=words,
        include_packing=st.booleans(),
        include_unpacking=st.booleans(),
        standard_delivery_item_count=numbers,
        item_description=st.text(max_size=600),
        specialty_items=st.lists(st.tuples(texts, numbers), max_size=3).map(tuple),
        coi_required=st.booleans(),
        blade_airport=words,
        blade_terminal=texts,
        blade_direction=words,
        blade_flight_date=st.none() | st.dates(),
        blade_flight_time=st.none() | st.times(),
        blade_bag_count=numbers,
        pickup_date=st.none() | st.dates(),
        pickup_time=words,
        specific_pickup_hour=st.none() | numbers,
        pickup_address=typed_addresses,
        delivery_address=typed_addresses,
        special_instructions=st.text(max_size=50),
        contact=st.builds(Contact, texts, texts, texts, texts),
        discount_code=texts,
    ),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.none() | st.builds(DayFacts, st.sampled_from(("", "Holiday")), st.none() | numbers),
    st.booleans(),
)
def test_nothing_typed_makes_the_engine_fail(request, now, day, staff):
    result = evaluate(request, BOOK, Facts(now, ZIPS, None, day), staff=staff)
    assert result.request == result.request.normalised()
    assert all(problem.message.endswith(".") for problem in result.problems)
    assert result.ok == (result.quote is not None and not result.problems)


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.times(), st.sampled_from(SERVICES))
def test_an_early_refusal_never_turns_into_an_approval_later_the_same_day(day, clock, service):
    """As a day goes by, its own and the next day's doors only close."""
    request = QuoteRequest(service_type=service, pickup_date=day, blade_flight_date=day)
    for eve in (day, day - timedelta(days=1)):
        early = datetime.combine(eve, clock, NOW.tzinfo)
        late = datetime.combine(eve, time(23, 59, 59), NOW.tzinfo)
        if date_is_refused(request, early):
            assert date_is_refused(request, late)


def date_is_refused(request: QuoteRequest, now: datetime) -> bool:
    fields = {problem.field for problem in evaluate(request, BOOK, facts(now)).problems}
    return bool(fields & {"pickup_date", "blade_flight_date"})
