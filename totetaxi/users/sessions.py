"""Sessions that last 30 days from the last visit."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

RENEWED_ON = "renewed_on"


class SlidingSessionMiddleware:
    """Renews a session once a day.

    SESSION_SAVE_EVERY_REQUEST would do it at every request, and of two requests at once the later
    one would undo what the other has put into the session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; mark the session as changed at the first visit of a day."""
        response = self.get_response(request)
        session = request.session
        today = timezone.now().date().isoformat()
        if session.accessed and session.keys() and session.get(RENEWED_ON) != today:
            session[RENEWED_ON] = today
        return response
