"""What readiness shows of Onfleet."""

from datetime import UTC, datetime, timedelta

from logistics.models import OnfleetEvent
from totetaxi.outbox.health import status

NOW = datetime(2026, 6, 10, 19, 4, tzinfo=UTC)


def test_age_of_the_last_webhook(db, settings):
    settings.ONFLEET_API_KEY = "key"
    assert status(NOW)["onfleet_webhook"].words == "Nothing so far."
    for hours in (4, 2, 3):
        event = OnfleetEvent.objects.create(trigger=1, task_id=str(hours), happened_at=NOW)
        OnfleetEvent.objects.filter(pk=event.pk).update(received_at=NOW - timedelta(hours=hours))
    check = status(NOW)["onfleet_webhook"]
    assert (check.ok, check.needed, check.age_seconds) == (True, False, 7200)
    assert check.words == "The last one came 2 hours ago."


def test_dispatch_that_is_off_is_said(db, settings):
    settings.ONFLEET_API_KEY = ""
    assert status(NOW)["onfleet_webhook"].words == "Dispatch is off."
