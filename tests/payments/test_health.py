"""What readiness shows of Stripe."""

from datetime import UTC, datetime, timedelta

from payments.models import StripeEvent
from totetaxi.outbox.health import status

NOW = datetime(2026, 6, 10, 19, 4, tzinfo=UTC)


def test_age_of_the_last_webhook(db):
    for minutes in (7, 3, 5):
        event = StripeEvent.objects.create(
            event_id=f"evt_{minutes}", type="t", object_id="o", created_at_stripe=NOW
        )
        StripeEvent.objects.filter(pk=event.pk).update(received_at=NOW - timedelta(minutes=minutes))
    check = status(NOW)["stripe_webhook"]
    assert (check.ok, check.needed, check.age_seconds) == (True, False, 180)
    assert check.words == "The last one came 3 minutes ago."


def test_no_webhook_yet(db):
    check = status(NOW)["stripe_webhook"]
    assert (check.ok, check.words, check.age_seconds) == (True, "Nothing so far.", None)
