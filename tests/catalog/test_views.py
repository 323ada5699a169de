import json
import re

import pytest
from django.urls import reverse

from catalog import version
from catalog.models import MiniMovePackage, OrganizingService, ServiceZip, SpecialtyItem
from catalog.showcase import SERVICE_PAGES
from totetaxi.lib.money import usd_short

HX = {"HX-Request": "true", "HX-Target": "zip-result"}
PAGES = ["/", "/services/", *(f"/services/{slug}/" for slug in SERVICE_PAGES), "/service-area/"]
VECTORS = [
    ("10001", "10001, Manhattan: we go there. No distance charge."),
    (" 10001-1234 ", "10001, Manhattan: we go there. No distance charge."),
    ("11201", "11201, Brooklyn: we go there. No distance charge."),
    ("11937", "11937, East Hampton: we go there. No distance charge."),
    (
        "11954",
        "11954, Montauk: we go there. A $175 distance charge applies, once per booking.",
    ),
    (
        "07030",
        "07030, Hudson County, NJ: we go there. A $175 distance charge applies, once per booking.",
    ),
    (
        "06830",
        "06830, Fairfield County, CT: we go there. "
        "A $175 distance charge applies, once per booking.",
    ),
    (
        "11101",
        "11101 is outside the area you can book online: Manhattan, Brooklyn, the Hamptons and "
        "parts of New Jersey and Connecticut. Call (631) 595-5100 for a quote.",
    ),
    ("", "Enter a 5-digit ZIP code, like 10024."),
    ("1000", "Enter a 5-digit ZIP code, like 10024."),
    ("<b>", "Enter a 5-digit ZIP code, like 10024."),
]


def words(html):
    """What a person reads: the text without tags, spaces folded."""
    text = re.sub(r"<(style|svg|script).*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+([.,:])", r"\1", " ".join(text.split()))


@pytest.mark.parametrize("path", PAGES)
def test_page_is_whole_and_says_what_it_is(client, catalog, path):
    page = client.get(path)

    assert page.status_code == 200
    assert page.text.count("<h1") == 1
    assert f'<link rel="canonical" href="http://localhost:8000{path}">' in page.text
    assert "style=" not in page.text
    assert re.search(r"<script(?![^>]*\ssrc=)", page.text) is None


@pytest.mark.parametrize("path", PAGES)
def test_page_refuses_what_changes_things(client, db, path):
    assert client.post(path).status_code == 405


def test_unknown_service_is_not_found(client, catalog):
    assert client.get("/services/helicopters/").status_code == 404


def test_home_shows_the_entry_prices_of_the_catalog(client, catalog):
    MiniMovePackage.objects.filter(package_type="petite").update(base_price_cents=1005_50)
    version.replace()

    text = words(client.get("/").text)

    assert "From $285 for up to 3 items" in text
    assert "From $1,005.50 Petite, up to 15 items" in text
    assert "From $150 for 2 bags" in text


def test_home_form_leads_into_the_wizard_with_its_field_names(client, catalog, time_machine):
    time_machine.move_to("2026-06-10T09:59:00-04:00", tick=False)
    page = client.get("/").text

    (form,) = re.findall(r'<form action="/book/" class="ticket.*?</form>', page, re.DOTALL)
    names = re.findall(r'<(?:input|select)[^>]* name="(\w+)"', form)
    assert names == ["pickup_zip_code", "delivery_zip_code", "service", "pickup_date"]
    assert re.findall(r'<option value="(\w*)"', form) == [
        "",
        "standard_delivery",
        "mini_move",
        "blade_transfer",
    ]
    assert 'min="2026-06-10" max="2027-06-10"' in form


def test_home_offers_today_only_before_the_cut_off(client, catalog, time_machine):
    time_machine.move_to("2026-06-10T10:00:00-04:00", tick=False)
    assert 'min="2026-06-11"' in client.get("/").text


def test_cards_lead_into_the_wizard(client, catalog):
    page = client.get("/services/").text
    assert re.findall(r'href="(/book/\?[^"]+)"', page) == [
        "/book/?service=standard_delivery",
        "/book/?service=mini_move",
        "/book/?service=blade_transfer",
    ]


def test_mini_moves_shows_every_package_and_leads_to_each(client, catalog):
    page = client.get("/services/mini-moves/").text

    assert re.findall(r'href="(/book/\?[^"]+package=\w+)"', page) == [
        f"/book/?service=mini_move&amp;package={tier}" for tier in ("petite", "standard", "full")
    ]
    for package in MiniMovePackage.objects.all():
        assert usd_short(package.base_price_cents) in page


def test_mini_moves_shows_all_six_organizing_services(client, catalog):
    text = words(client.get("/services/mini-moves/").text)

    services = OrganizingService.objects.all()
    assert len(services) == 6
    for service in services:
        team = f"{service.organizer_count} organizers, {service.duration_hours} hours"
        supplies = service.supplies_allowance_cents
        if supplies:
            team += f", supplies up to {usd_short(supplies)}"
        assert f"{team} {usd_short(service.price_cents)}" in text
    assert "8.875% sales tax" in text


def test_standard_delivery_shows_every_specialty_item(client, catalog):
    text = words(client.get("/services/standard-delivery/").text)

    assert "Each item $95.00 Minimum So 1 to 3 items cost the same $285.00" in text
    for item in SpecialtyItem.objects.all():
        assert f"{item.name} {usd_short(item.base_price_cents)}.00" in text
    assert "Pickup today Booked before 10 AM $360" in text
    assert "Sent on their own, single pieces cost the same on weekends and peak dates." in text


def test_inactive_item_is_not_shown(client, catalog):
    SpecialtyItem.objects.filter(type_key="crib").update(is_active=False)
    version.replace()
    assert "<dt>Crib</dt>" not in client.get("/services/standard-delivery/").text


def test_airport_transfer_shows_rate_terminals_and_what_comes_afterwards(client, catalog):
    text = words(client.get("/services/airport-transfer/").text)

    assert "Each bag Up to 50 lb $75.00 Minimum 2 bags $150.00" in text
    assert "JFK 1, 4, 5, 7, 8 Newark A, B, C" in text
    assert "Bag above 50 lb $100" in text
    assert "Book by 6 PM" in text


@pytest.mark.parametrize("path", ["/", "/services/", "/services/mini-moves/"])
def test_without_a_catalog_the_page_offers_retry_and_phone(client, db, path):
    page = client.get(path)

    assert page.status_code == 200
    assert "We can’t show prices right now. Try again, or call (631) 595-5100" in words(page.text)
    assert "$995" not in page.text


@pytest.mark.parametrize(("typed", "answer"), VECTORS)
def test_zip_check_answers_alike_as_page_and_as_part(client, catalog, typed, answer):
    url = reverse("catalog:zip_check")
    page = client.get(url, {"zip": typed})
    part = client.get(url, {"zip": typed}, headers=HX)

    assert words(part.text) == answer
    assert answer in words(page.text)
    assert "<html" in page.text
    assert part.headers["Vary"].startswith("HX-Request, HX-Target")


def test_zip_check_gives_no_part_that_is_not_named(client, catalog):
    headers = HX | {"HX-Target": "main"}
    assert "<html" in client.get("/service-area/", {"zip": "10001"}, headers=headers).text


def test_zip_check_keeps_what_was_typed_harmless(client, catalog):
    page = client.get("/service-area/", {"zip": '"><script>'})
    assert 'value="&quot;&gt;&lt;script&gt;"' in page.text


def test_zip_check_lists_every_area(client, catalog):
    text = words(client.get("/service-area/").text)
    assert "Manhattan 69 ZIPs No distance charge Brooklyn 46 ZIPs" in text
    assert "Hamptons (east end) 3 ZIPs $175 distance charge" in text


def test_zip_check_no_longer_serves_a_zip_that_was_switched_off(client, catalog):
    ServiceZip.objects.filter(pk="10001").update(is_active=False)
    part = client.get("/service-area/", {"zip": "10001"}, headers=HX)
    assert "outside the area" in part.text


def test_zip_check_is_limited(client, catalog, settings):
    settings.RATES = {**settings.RATES, "zip": "2/h"}
    statuses = [client.get("/service-area/", {"zip": "10001"}).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


@pytest.mark.django_db(transaction=True)  # Inside a transaction every reader reads anew.
def test_pages_read_the_catalog_once_for_all(client, catalog, django_assert_num_queries):
    client.get("/")
    with django_assert_num_queries(2):  # The shared version, asked for by prices and phone.
        client.get("/")
    with django_assert_num_queries(2):
        client.get("/services/mini-moves/")


def test_htmx_is_configured_for_a_strict_policy(client, catalog):
    (content,) = re.findall(r"name=\"htmx-config\" content='([^']+)'", client.get("/").text)
    config = json.loads(content)
    assert (config["includeIndicatorStyles"], config["allowEval"], config["historyCacheSize"]) == (
        False,
        False,
        0,
    )
