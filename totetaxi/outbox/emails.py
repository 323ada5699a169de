"""Mails about the machinery itself, to the people who can put it right."""

from typing import Literal

from django.conf import settings

from totetaxi.outbox.mail import send_mail


def send_alarm(kind: Literal["alarm", "recovered"], **facts: str | bool) -> None:
    """Mail STAFF_ALERT_EMAILS, at once. Raises TemporaryError or PermanentError."""
    send_mail(
        template=f"outbox/{kind}",
        to=list(settings.STAFF_ALERT_EMAILS),
        context={**facts, "jobs_url": f"{settings.SITE_URL}/staff/jobs/"},
    )
