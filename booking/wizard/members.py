"""What the wizard knows about a signed-in customer: contact, preferred window, saved addresses."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from booking.models import CustomerProfile, SavedAddress, request_from_answers
from catalog.checks import contact_problems
from catalog.choices import PickupTime
from catalog.prices import PackagePrice
from catalog.request import Contact

#: The answer that says where the contact of a member's order comes from.
CONTACT_FROM: Final = "contact_from"
FROM_PROFILE: Final = "profile"
#: Typed for this order, whatever the profile says.
FROM_ORDER: Final = "order"
CONTACT_FIELDS: Final = ("first_name", "last_name", "email", "phone")


@dataclass(frozen=True)
class Member:
    """A signed-in customer."""

    user_id: UUID
    contact: Contact
    preferred_time: str = PickupTime.MORNING.value

    @property
    def is_complete(self) -> bool:
        """Whether the profile says all that an order needs (rule R840)."""
        return not any(contact_problems(self.contact))

    @cached_property
    def saved_addresses(self) -> tuple[SavedAddress, ...]:
        """The addresses to choose from, the most used first."""
        return tuple(SavedAddress.objects.active().filter(user_id=self.user_id))

    def contact_changes(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """What brings the contact in ``answers`` up to the profile (rules R840 and R841).

        The profile's contact is taken as a whole and followed. What was typed for the order
        stays: by the member, or before signing in and for somebody else. Of an incomplete
        profile, what there is fills the gaps.
        """
        if answers.get(CONTACT_FROM) == FROM_ORDER:
            return {}
        typed = request_from_answers(answers).normalised().contact
        is_theirs = typed.email in ("", self.contact.email)
        if not is_theirs and not any(contact_problems(typed)):
            return {CONTACT_FROM: FROM_ORDER}
        if self.is_complete:
            return {**self._contact_answers, CONTACT_FROM: FROM_PROFILE}
        gaps = {name: text for name, text in self._contact_answers.items() if not answers.get(name)}
        return {**gaps, CONTACT_FROM: None} if CONTACT_FROM in answers else gaps

    @property
    def _contact_answers(self) -> dict[str, str | None]:
        return {name: getattr(self.contact, name) or None for name in CONTACT_FIELDS}

    def window_for(self, package: PackagePrice | None) -> str:
        """The preferred window if the package offers it at no charge, else the whole morning.

        A one-hour window has no hour in the profile, so it is never chosen for the member.
        """
        flexible = PickupTime.NO_TIME_PREFERENCE.value
        if package and package.offers_flexible_time and self.preferred_time == flexible:
            return flexible
        return PickupTime.MORNING.value


def member_of(user: Any) -> Member | None:
    """The customer behind a request's user; None for guests, and for the office, which has none."""
    if not user.is_authenticated:
        return None
    profile: CustomerProfile | None = getattr(user, "customer_profile", None)
    if profile is None and user.is_office:
        return None
    contact = Contact(user.first_name, user.last_name, user.email, profile.phone if profile else "")
    preferred = profile.preferred_pickup_time if profile else PickupTime.MORNING.value
    return Member(user.pk, contact.stripped(), preferred)
