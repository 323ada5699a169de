"""What every page knows about the company, whatever is broken."""

from django.conf import settings
from django.db import transaction
from django.template import engines
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from catalog.context import Company, company, company_facts
from tests.catalog.helpers import make_package, make_policy


def test_pages_know_the_company(db: None) -> None:
    make_policy(phone="(212) 555-0100", announcement="New: bicycles")
    make_package()
    assert company_facts() == Company(
        phone="(212) 555-0100",
        phone_hours="Every day, 9 AM–6 PM",
        email="info@totetaxi.com",
        orders_email="orders@totetaxi.com",
        office_address="395 County Road 39A, Southampton, NY 11968",
        announcement="New: bicycles",
    )


def test_template_reads_the_company_only_when_it_asks(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_policy(phone="(212) 555-0100")
    make_package()
    with django_assert_num_queries(0):
        context = company(RequestFactory().get("/"))
    page = engines["django"].from_string("{{ company.phone_link }}")
    assert page.render(context) == "tel:+12125550100"


def test_company_has_its_own_phone_while_nothing_is_on_offer(db: None) -> None:
    make_policy(phone="(212) 555-0100")
    assert company_facts().phone == "(212) 555-0100"


def test_pages_have_a_phone_number_even_without_a_catalog(db: None) -> None:
    assert company_facts() == Company(phone=settings.BUSINESS_PHONE)


def test_error_page_of_a_broken_transaction_has_a_phone_number(db: None) -> None:
    with transaction.atomic():
        transaction.set_rollback(True)
        assert company_facts() == Company(phone=settings.BUSINESS_PHONE)
        transaction.set_rollback(False)
