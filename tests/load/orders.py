"""What shoppers type, by step."""

from datetime import date

CONTACT = {"first_name": "Ada", "last_name": "Sample", "phone": "(212) 555-0142"}


def standard_order(day: date, *, email: str, items: int = 3) -> dict[str, dict[str, str]]:
    """A Standard Delivery from Manhattan to Southampton."""
    return {
        "service": {
            "service_type": "standard_delivery",
            "standard_delivery_item_count": str(items),
            "item_description": "Suitcases",
        },
        "schedule": {"pickup_date": day.isoformat()},
        "addresses": {
            "pickup_address_line_1": "100 Example Street",
            "pickup_city": "New York",
            "pickup_state": "NY",
            "pickup_zip_code": "10001",
            "delivery_address_line_1": "20 Example Lane",
            "delivery_city": "Southampton",
            "delivery_state": "NY",
            "delivery_zip_code": "11968",
        },
        "contact": {**CONTACT, "email": email},
    }
