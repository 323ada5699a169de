"""What every page knows about the company."""

from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from catalog import price_book
from catalog.prices import Policy


@dataclass(frozen=True)
class Company:
    """The contact facts of the booking policy; empty where there is none."""

    phone: str
    phone_hours: str = ""
    email: str = ""
    orders_email: str = ""
    office_address: str = ""
    announcement: str = ""

    @property
    def phone_link(self) -> str:
        """The number as a telephone dials it: "tel:+16315955100"."""
        return "tel:+1" + "".join(letter for letter in self.phone if letter.isdigit())


def company(request: HttpRequest) -> dict[str, object]:
    """Context processor: ``company``, read when a template first asks for it."""
    return {"company": facts_of(request)}


def facts_of(request: HttpRequest) -> Company:
    """The facts, read once for a request and only if somebody looks at them."""
    # Beside the request's own attributes, so that every template and processor shares them.
    facts: Company = vars(request).setdefault("_company_facts", SimpleLazyObject(company_facts))
    return facts


def company_facts() -> Company:
    """The facts of the policy, or at least a phone number: error pages need one, too."""
    try:
        policy = price_book.load_policy()
    except DatabaseError:
        policy = None
    return _company(policy) if policy else Company(phone=settings.BUSINESS_PHONE)


def _company(policy: Policy) -> Company:
    return Company(
        phone=policy.phone,
        phone_hours=policy.phone_hours,
        email=policy.email,
        orders_email=policy.orders_email,
        office_address=policy.office_address,
        announcement=policy.announcement,
    )
