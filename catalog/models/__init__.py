"""The catalog's tables: what is sold, where, when and for how much."""

from catalog.models.days import CapacityDay, ClosedDay
from catalog.models.discounts import DiscountCode
from catalog.models.places import ServiceZip
from catalog.models.policy import BookingPolicy, RefundRule
from catalog.models.services import (
    AirportTransferConfig,
    MiniMovePackage,
    OrganizingService,
    OrganizingType,
    SpecialtyItem,
    StandardDeliveryConfig,
)
from catalog.models.surcharges import SurchargeRule

__all__ = [
    "AirportTransferConfig",
    "BookingPolicy",
    "CapacityDay",
    "ClosedDay",
    "DiscountCode",
    "MiniMovePackage",
    "OrganizingService",
    "OrganizingType",
    "RefundRule",
    "ServiceZip",
    "SpecialtyItem",
    "StandardDeliveryConfig",
    "SurchargeRule",
]
