"""Who may do what in the office: one table for every role (rule R901)."""

from collections.abc import Mapping
from enum import StrEnum

from django.db import models


class Role(models.TextChoices):
    ADMIN = "admin", "Administrator"
    MANAGER = "manager", "Manager"
    OPERATOR = "operator", "Operator"


class Capability(StrEnum):
    """Something the office does, and that a page asks for."""

    VIEW = "view"
    MODIFY_BOOKINGS = "modify_bookings"
    VIEW_FINANCIALS = "view_financials"
    REQUEST_REFUND = "request_refund"
    APPROVE_REFUNDS = "approve_refunds"
    MANAGE_CATALOG = "manage_catalog"
    ADMINISTER = "administer"


class Flag(StrEnum):
    """A right that is switched per person; the name of a field of StaffProfile."""

    MODIFY_BOOKINGS = "can_modify_bookings"
    VIEW_FINANCIALS = "can_view_financials"
    APPROVE_REFUNDS = "can_approve_refunds"


# True: every one of that role; False: none; a flag: those who have it.
MATRIX: Mapping[Capability, Mapping[str, bool | Flag]] = {
    Capability.VIEW: {Role.OPERATOR: True, Role.MANAGER: True, Role.ADMIN: True},
    Capability.MODIFY_BOOKINGS: {
        Role.OPERATOR: Flag.MODIFY_BOOKINGS,
        Role.MANAGER: True,
        Role.ADMIN: True,
    },
    Capability.VIEW_FINANCIALS: {
        Role.OPERATOR: Flag.VIEW_FINANCIALS,
        Role.MANAGER: True,
        Role.ADMIN: True,
    },
    Capability.REQUEST_REFUND: {Role.OPERATOR: True, Role.MANAGER: True, Role.ADMIN: True},
    Capability.APPROVE_REFUNDS: {
        Role.OPERATOR: False,
        Role.MANAGER: Flag.APPROVE_REFUNDS,
        Role.ADMIN: True,
    },
    Capability.MANAGE_CATALOG: {Role.OPERATOR: False, Role.MANAGER: True, Role.ADMIN: True},
    Capability.ADMINISTER: {Role.OPERATOR: False, Role.MANAGER: False, Role.ADMIN: True},
}
FLAG_OF = {
    Capability.MODIFY_BOOKINGS: Flag.MODIFY_BOOKINGS,
    Capability.VIEW_FINANCIALS: Flag.VIEW_FINANCIALS,
    Capability.APPROVE_REFUNDS: Flag.APPROVE_REFUNDS,
}
# What somebody new of a role gets where the role leaves it open.
FLAG_DEFAULTS = {
    Flag.MODIFY_BOOKINGS: True,
    Flag.VIEW_FINANCIALS: False,
    Flag.APPROVE_REFUNDS: False,
}
# As one's own page names what one may do.
WORDS: Mapping[Capability, str] = {
    Capability.VIEW: "See bookings, calendar and customers",
    Capability.MODIFY_BOOKINGS: "Make and change bookings, write notes",
    Capability.VIEW_FINANCIALS: "See payments, reports and exports of money",
    Capability.REQUEST_REFUND: "Ask for refunds",
    Capability.APPROVE_REFUNDS: "Approve or deny refunds",
    Capability.MANAGE_CATALOG: "Change catalog, prices and closed days",
    Capability.ADMINISTER: "Team, audit, jobs, hiding bookings",
}
# As a refused page names who can.
WHO_CAN: Mapping[Capability, str] = {
    Capability.VIEW: "Everyone in the office",
    Capability.MODIFY_BOOKINGS: "Managers, and operators who may change bookings",
    Capability.VIEW_FINANCIALS: "Managers, and operators who may see money",
    Capability.REQUEST_REFUND: "Everyone in the office",
    Capability.APPROVE_REFUNDS: "Administrators, and managers who may approve refunds",
    Capability.MANAGE_CATALOG: "Managers and administrators",
    Capability.ADMINISTER: "Administrators",
}


def open_flags(role: str) -> frozenset[Flag]:
    """The flags that decide something for this role."""
    return frozenset(right for row in MATRIX.values() if isinstance(right := row[role], Flag))


def flags_for(role: str, wished: Mapping[Flag, bool] | None = None) -> dict[Flag, bool]:
    """All three flags for a role: where it leaves one open as wished (or the default), else fixed.

    So what is stored never says something else than what the role allows.
    """
    wished = wished or {}
    flags = {}
    for capability, flag in FLAG_OF.items():
        right = MATRIX[capability][role]
        default = wished.get(flag, FLAG_DEFAULTS[flag])
        flags[flag] = right if isinstance(right, bool) else default
    return flags
