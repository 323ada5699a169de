"""The jobs that keep messages and jobs themselves going."""

from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.core.cache import caches
from django_q.models import Failure

from totetaxi.lib.clock import real_now
from totetaxi.lib.counters import PgCounterCache
from totetaxi.outbox import services
from totetaxi.outbox.beats import BEAT_JOB
from totetaxi.outbox.models import Mail, Message
from totetaxi.outbox.registry import job

# Messages of a booking stay: they are on its timeline.
KEEP_DONE = timedelta(days=30)


@job("outbox.deliver_due", cron="* * * * *", label="Try waiting messages again")
def deliver_due() -> str:
    """Put due messages back into the queue."""
    return f"{services.queue_due()} queued"


@job(BEAT_JOB, cron="* * * * *", label="Show that scheduler and worker are alive")
def beat() -> str:
    """Nothing: its way through the queue is what is stamped, see ``beats`` (rule R663)."""
    return "alive"


@job("outbox.purge", cron="10 4 * * *", label="Remove what nobody needs any more")
def purge() -> str:
    """Remove old messages and mails of no booking, queue failures, sessions and counters."""
    before = real_now() - KEEP_DONE
    _, gone = Message.objects.filter(done_at__lt=before, booking_id=None).delete()
    _, past_the_queue = Mail.objects.filter(
        sent_at__lt=before, message=None, booking_id=None
    ).delete()
    messages = gone.get(Message._meta.label, 0)
    mails = gone.get(Mail._meta.label, 0) + past_the_queue.get(Mail._meta.label, 0)
    failures, _ = Failure.objects.filter(stopped__lt=before).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    counters = caches[settings.RATELIMIT_USE_CACHE]
    expired = counters.purge() if isinstance(counters, PgCounterCache) else 0
    return f"{messages} messages, {mails} mails, {failures} queue failures, {expired} counters"
