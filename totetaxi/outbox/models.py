"""Messages to handlers, mails sent, scheduled jobs, heartbeats, alarms. Times are real ones."""

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

ERROR_LENGTH = 300


class MessageQuerySet(models.QuerySet["Message"]):
    """The vocabulary of deliveries."""

    def waiting(self) -> "MessageQuerySet":
        """Neither done nor given up."""
        return self.filter(done_at=None, dead_at=None)

    def due(self, now: datetime) -> "MessageQuerySet":
        """Waiting, and to be tried by ``now``, the longest due first."""
        return self.waiting().filter(next_attempt_at__lte=now).order_by("next_attempt_at")

    def given_up(self) -> "MessageQuerySet":
        """All attempts failed, whether or not a person has dealt with it."""
        return self.exclude(dead_at=None)

    def dead(self) -> "MessageQuerySet":
        """Given up, and nobody has said that it is dealt with: a person must look."""
        return self.given_up().filter(dismissed_at=None)


class Message(models.Model):
    """One handler's share of one announcement. It holds ids, never what they stand for."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.CharField(max_length=100)
    handler = models.CharField(max_length=200)
    subject_id = models.CharField(max_length=100)
    key = models.CharField(
        max_length=200, help_text="A handler gets one message for a key, however often announced."
    )
    # The booking on whose timeline the message stands.
    booking_id = models.UUIDField(null=True, blank=True)
    # Counted before the attempt starts, so that one which kills the worker counts as well.
    attempts = models.PositiveSmallIntegerField(default=0)
    # While an attempt runs this is the end of its lease: until then nobody else may start one.
    next_attempt_at = models.DateTimeField(default=timezone.now)
    # When a queue entry was last made for the next attempt; null if there is none yet.
    queued_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=ERROR_LENGTH, blank=True)
    # Given up, and a person has dealt with it some other way (R660): who, in words, and how.
    dismissed_at = models.DateTimeField(null=True, blank=True)
    dismissed_by = models.CharField(max_length=150, blank=True)
    dismissal_reason = models.CharField(max_length=ERROR_LENGTH, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["handler", "key"], name="message_once_per_handler_and_key"
            ),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(dead_at=None), name="message_not_done_and_dead"
            ),
            models.CheckConstraint(
                condition=~Q(event="") & ~Q(handler="") & ~Q(subject_id="") & ~Q(key=""),
                name="message_says_what_for_whom",
            ),
            models.CheckConstraint(
                condition=Q(dismissed_at=None, dismissed_by="", dismissal_reason="")
                | Q(dismissed_at__isnull=False, dead_at__isnull=False)
                & ~Q(dismissed_by="")
                & ~Q(dismissal_reason=""),
                name="message_dismissed_by_somebody_who_said_why",
            ),
        ]
        indexes = [
            models.Index(
                "next_attempt_at", condition=Q(done_at=None, dead_at=None), name="message_waiting"
            ),
            models.Index(
                "dead_at",
                condition=Q(dead_at__isnull=False, dismissed_at=None),
                name="message_dead",
            ),
            models.Index(
                "booking_id", condition=Q(booking_id__isnull=False), name="message_booking"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handler} for {self.subject_id}"

    @property
    def state(self) -> str:
        """``done``, ``dead``, ``retrying`` (an attempt failed or runs) or ``waiting``."""
        if self.done_at:
            return "done"
        if self.dead_at:
            return "dead"
        return "retrying" if self.attempts else "waiting"

    def claim(self, *, now: datetime, until: datetime) -> bool:
        """Count an attempt and lease the message until ``until``; False if it is not due.

        One UPDATE: of two workers that try at the same moment, one gets it.
        """
        claimed = (
            Message.objects.due(now)
            .filter(pk=self.pk)
            .order_by()
            .update(attempts=F("attempts") + 1, next_attempt_at=until)
        )
        if claimed:
            self.refresh_from_db()
        return bool(claimed)

    def finish(self, **values: object) -> bool:
        """Save the outcome of a claimed attempt; False if the lease has passed to another."""
        # Each claim raises attempts, so the number tells whether the claim is still ours.
        mine = Message.objects.waiting().filter(pk=self.pk, attempts=self.attempts)
        return bool(mine.update(**values))


# A run that is still going on after so long was not ended by the queue's time limit either.
RUN_PATIENCE = timedelta(minutes=2)


class JobQuerySet(models.QuerySet["Job"]):
    """The vocabulary of runs."""

    def in_trouble(self, now: datetime) -> "JobQuerySet":
        """Switched on, and the last run failed or did not finish: a person must look."""
        unfinished = Q(last_started_at__isnull=False) & (
            Q(last_finished_at=None) | Q(last_finished_at__lt=F("last_started_at"))
        )
        died = unfinished & Q(last_started_at__lt=now - RUN_PATIENCE)
        return self.filter(died | Q(last_ok=False), enabled=True)


class Job(models.Model):
    """The switch and the last run of a scheduled job. The code says what it does and when."""

    name = models.CharField(max_length=100, unique=True)
    enabled = models.BooleanField(
        default=True, help_text="Switched off, the job stays scheduled but does nothing."
    )
    last_started_at = models.DateTimeField(null=True, blank=True)
    last_finished_at = models.DateTimeField(null=True, blank=True)
    last_duration_ms = models.PositiveIntegerField(null=True, blank=True)
    # Null while the first run is going on.
    last_ok = models.BooleanField(null=True, blank=True)
    last_result = models.CharField(max_length=ERROR_LENGTH, blank=True)
    last_error = models.CharField(max_length=ERROR_LENGTH, blank=True)
    # A run that was due and did not start, though the job was on.
    last_skipped_at = models.DateTimeField(null=True, blank=True)
    last_skip = models.CharField(max_length=ERROR_LENGTH, blank=True)
    # When somebody last asked for a run beside the schedule.
    asked_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="job_has_a_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_unfinished(self) -> bool:
        """Whether the last run started and has not ended: it goes on, or died with its worker."""
        started, finished = self.last_started_at, self.last_finished_at
        return started is not None and (finished is None or finished < started)

    def has_died(self, now: datetime) -> bool:
        """Whether the last run started too long ago to be still going on."""
        started = self.last_started_at
        return self.is_unfinished and started is not None and started < now - RUN_PATIENCE

    def waits_since(self, moment: datetime) -> bool:
        """Whether a run was asked for since ``moment`` and has neither started nor been skipped."""
        asked = self.asked_at
        if asked is None or asked < moment:
            return False
        since = (self.last_started_at, self.last_skipped_at)
        return not any(time is not None and time >= asked for time in since)


class Beat(models.Model):
    """The last sign of life of a part of the system."""

    name = models.CharField(max_length=100, unique=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class MailState(models.TextChoices):
    """What the mail service last said of a mail."""

    SENT = "sent", "Sent"
    DEFERRED = "deferred", "Tried again by the mail service"
    DELIVERED = "delivered", "Delivered"
    BOUNCED = "bounced", "Came back"
    REJECTED = "rejected", "Refused by the mail service"
    COMPLAINED = "complained", "Marked as spam"


# The recipient has not got it, or wants no more.
TROUBLE_STATES = (MailState.BOUNCED, MailState.REJECTED, MailState.COMPLAINED)


class MailQuerySet(models.QuerySet["Mail"]):
    """The vocabulary of mails that went out."""

    def of_provider(self, provider_id: str, recipient: str) -> "MailQuerySet":
        """The mail that the mail service means; without a recipient, all it took under the id."""
        mails = self.filter(provider_id=provider_id).exclude(provider_id="")
        return mails.filter(recipient__iexact=recipient) if recipient else mails

    def in_trouble(self) -> "MailQuerySet":
        """Came back, were refused or called spam: the person has to be reached another way."""
        return self.filter(state__in=TROUBLE_STATES)

    def to_be_settled(self) -> "MailQuerySet":
        """In trouble, nobody has dealt with it, and the booking got no such mail since."""
        since = Mail.objects.filter(
            booking_id=OuterRef("booking_id"),
            template=OuterRef("template"),
            sent_at__gt=OuterRef("sent_at"),
        )
        return self.in_trouble().filter(~Exists(since), settled_at=None, booking_id__isnull=False)

    def forget(self, email: str) -> int:
        """Take a person's address off all mails to them; how many those were."""
        return (
            self.filter(recipient__iexact=email.strip()).exclude(recipient="").update(recipient="")
        )


class Mail(models.Model):
    """A mail that the mail service took for one recipient, and what became of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Null: sent past the queue, as alarms are.
    message = models.ForeignKey(
        Message, models.CASCADE, null=True, blank=True, related_name="mails"
    )
    booking_id = models.UUIDField(null=True, blank=True)
    template = models.CharField(max_length=100)
    # Tells mails of one message apart that have a template and a recipient in common.
    part = models.CharField(max_length=64, blank=True)
    # Empty once the person was deleted.
    recipient = models.EmailField(blank=True)
    # The mail service's own id, by which its webhook names the mail.
    provider_id = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=20, choices=MailState, default=MailState.SENT)
    state_at = models.DateTimeField(default=timezone.now)
    detail = models.CharField(max_length=ERROR_LENGTH, blank=True)
    sent_at = models.DateTimeField(default=timezone.now, editable=False)
    # When the office reached the person another way, of a mail in trouble.
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=MailState.values), name="mail_state_known"
            ),
            models.UniqueConstraint(
                fields=["message", "template", "part", "recipient"],
                condition=~Q(recipient=""),
                name="mail_once_per_message_and_recipient",
            ),
        ]
        indexes = [
            models.Index("provider_id", condition=~Q(provider_id=""), name="mail_provider_id"),
            models.Index("booking_id", condition=Q(booking_id__isnull=False), name="mail_booking"),
            models.Index("sent_at", condition=Q(booking_id=None), name="mail_of_no_booking"),
            # Few rows: those that the office's first page asks for.
            models.Index(
                "sent_at",
                condition=Q(state__in=["bounced", "rejected", "complained"]),
                name="mail_in_trouble",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template}: {self.state}"


class Alarm(models.Model):
    """Something that is wrong with the machinery, from when it was noticed until it is well."""

    name = models.CharField(max_length=100, unique=True)
    raised_at = models.DateTimeField(null=True, blank=True)
    # From when it has been wrong, as far as is known: before it was noticed.
    since = models.DateTimeField(null=True, blank=True)
    # When people had been told.
    told_at = models.DateTimeField(null=True, blank=True)
    # From when all has been well again; for some time it may yet be wrong again.
    well_since = models.DateTimeField(null=True, blank=True)
    # Until then one caller alone has the mail to send; after that it died over it.
    claimed_until = models.DateTimeField(null=True, blank=True)
    detail = models.CharField(max_length=ERROR_LENGTH, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(raised_at__isnull=False, since__isnull=False)
                | Q(
                    raised_at=None,
                    since=None,
                    told_at=None,
                    well_since=None,
                    claimed_until=None,
                    detail="",
                ),
                name="alarm_at_rest_is_empty",
            )
        ]

    def __str__(self) -> str:
        return self.name
