"""What machines ask: is it alive, is it ready. The answer always comes in time (rule R667)."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from totetaxi.lib import database
from totetaxi.lib.access import audience
from totetaxi.outbox import alarms
from totetaxi.outbox.health import Check, Status

logger = logging.getLogger(__name__)

PATHS: Final = ("/health/", "/health/ready/")
SECONDS: Final = 2.5
GONE: Final = Status((Check("database", ok=False, words="It does not answer.", needed=True),))
FAILED: Final = Status((Check("readiness", ok=False, words="See the log.", needed=True),))


class ProbeHostMiddleware:
    """Lets probes ask under any name: platforms use the machine's address as Host."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the two paths of this module, which show no host, as if asked under our name."""
        if request.path_info in PATHS and settings.ALLOWED_HOSTS:
            request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0].lstrip(".")
        return self.get_response(request)


class AnswerThen(JsonResponse):
    """An answer after which, when it is on its way, something is done that may take long."""

    def __init__(self, data: dict[str, Any], *, status: int, then: Callable[[], None]) -> None:
        super().__init__(data, status=status)
        self._then = then

    def close(self) -> None:
        """Called by the server once all is sent; Django closes the database's connection here."""
        try:
            self._then()
        except Exception:
            logger.exception("What was to be done after the answer failed")
        finally:
            super().close()


@audience("public")
@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 while the database answers, else 503; for the load balancer and the uptime monitor."""
    if not database.answers(seconds=SECONDS):
        return HttpResponse("The database does not answer.\n", "text/plain", status=503)
    return HttpResponse("ok\n", "text/plain")


@audience("public")
@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 while all that is needed is well, else 503; asked each minute, it gives the alarms.

    Not for a load balancer: a silent queue is no reason to take the pages away as well.
    """
    state, notices = GONE, list[alarms.Notice]()
    if database.answers(seconds=SECONDS):
        try:
            state, notices = alarms.poll()
        except Exception:
            logger.exception("Readiness could not be found out")
            state = FAILED
    body: dict[str, Any] = {"status": "ready" if state.ready else "not ready"}
    if _may_know(request):
        body["checks"] = {check.name: _facts(check) for check in state.checks}
    code = 200 if state.ready else 503
    return AnswerThen(body, status=code, then=partial(alarms.tell, notices))


def _may_know(request: HttpRequest) -> bool:
    """Whether the reasons may be told: to who has the token, in development to anybody."""
    if settings.ENVIRONMENT == "development":
        return True
    wanted = f"Bearer {settings.HEALTH_TOKEN}"
    given = request.headers.get("Authorization", "")
    return bool(settings.HEALTH_TOKEN) and constant_time_compare(given, wanted)


def _facts(check: Check) -> dict[str, Any]:
    return {"ok": check.ok, "words": check.words, "age_seconds": check.age_seconds}
