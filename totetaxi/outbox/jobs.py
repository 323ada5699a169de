"""The jobs that keep messages and jobs themselves going."""

from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.core.cache import caches
from django_q.models import Failure

from totetaxi.lib.clock import real_now
from totetaxi.lib.counters import PgCounterCache
from totetaxi.outbox import services
from totetaxi.outbox.models import Beat, Message
from totetaxi.outbox.registry import job

SCHEDULER = "scheduler"
# Messages of a booking stay: they are on its timeline.
KEEP_DONE = timedelta(days=30)


@job("outbox.deliver_due", cron="* * * * *", label="Try waiting messages again")
def deliver_due() -> str:
    """Put due messages back into the queue."""
    return f"{services.queue_due()} queued"


@job("outbox.beat", cron="* * * * *", label="Show that scheduler and worker are alive")
def beat() -> str:
    """Stamp the heartbeat: the scheduler made this task and a worker ran it."""
    Beat.objects.update_or_create(name=SCHEDULER, defaults={"at": real_now()})
    return "alive"


@job("outbox.purge", cron="10 4 * * *", label="Remove what nobody needs any more")
def purge() -> str:
    """Remove old messages of no booking, old queue failures, expired sessions and counters."""
    before = real_now() - KEEP_DONE
    messages, _ = Message.objects.filter(done_at__lt=before, booking_id=None).delete()
    failures, _ = Failure.objects.filter(stopped__lt=before).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    counters = caches[settings.RATELIMIT_USE_CACHE]
    expired = counters.purge() if isinstance(counters, PgCounterCache) else 0
    return f"{messages} messages, {failures} queue failures, {expired} counters"
