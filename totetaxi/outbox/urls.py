"""One webhook for each mail service that anymail knows; see ``webhook`` for which is open."""

from anymail.urls import urlpatterns as anymail_patterns
from django.urls import path

from totetaxi.outbox.webhook import webhook

app_name = "outbox"

TRACKING = "/tracking/"

urlpatterns = [
    path(
        f"webhooks/mail/{route}",
        webhook(route.removesuffix(TRACKING), pattern.callback.view_class),
        name=pattern.name,
    )
    for pattern in anymail_patterns
    # The others take mail in, which nobody here reads.
    if (route := str(pattern.pattern)).endswith(TRACKING)
]
