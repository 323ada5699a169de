"""Where money and customers are real, and test data has no business."""

from django.conf import settings

from logistics.models import Environment, OnfleetTask


def why_not_test_data() -> str:
    """Why nothing may be wiped here, in a sentence; "" where all is test data (rule R692)."""
    if settings.ENVIRONMENT == "production":
        return "This is production: its bookings stay."
    if "_live_" in settings.STRIPE_SECRET_KEY:
        return "STRIPE_SECRET_KEY is a live one: these bookings may be real."
    if settings.ONFLEET_ENVIRONMENT == Environment.PRODUCTION:
        return "Dispatch goes to Onfleet's production: drivers may be on their way."
    if OnfleetTask.objects.filter(environment=Environment.PRODUCTION).exists():
        return "There are tasks in Onfleet's production: these bookings may be real."
    return ""
