"""Mails of dispatch: to the people who can put it right."""

from django.conf import settings

from logistics.models import LogisticsAlert
from totetaxi.outbox.mail import send_mail


def send_logistics_alert(alert: LogisticsAlert) -> None:
    """Mail the people named in STAFF_ALERT_EMAILS; with none named there is nobody to tell."""
    if settings.STAFF_ALERT_EMAILS:
        send_mail(
            template="logistics/alert",
            to=list(settings.STAFF_ALERT_EMAILS),
            context={"alert": alert, "booking": alert.booking},
        )
