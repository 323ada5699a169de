"""Onfleet's webhook."""

import json
import logging

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from logistics import services
from logistics.gateway import InvalidSignatureError, parse_event
from totetaxi.lib.access import audience

logger = logging.getLogger(__name__)

LONGEST_CHECK = 500


@audience("signed_webhook")
@csrf_exempt  # Onfleet signs the body instead.
@require_http_methods(["GET", "POST"])
def onfleet_webhook(request: HttpRequest) -> HttpResponse:
    """Echo the check that registers us; store a signed event. Any answer but 2xx comes again."""
    if request.method == "GET":
        check = request.GET.get("check", "")
        if not 0 < len(check) <= LONGEST_CHECK:
            return HttpResponseBadRequest("No check.", content_type="text/plain")
        return HttpResponse(check, content_type="text/plain; charset=utf-8")
    try:
        notice = parse_event(request.body, request.headers.get("X-Onfleet-Signature", ""))
    except InvalidSignatureError:
        return HttpResponse("Invalid signature.", status=401, content_type="text/plain")
    except (ValueError, json.JSONDecodeError):
        # Signed, but not what we know: said so in the log, and not sent again and again.
        logger.warning("A signed webhook of Onfleet could not be read")
        return HttpResponse()
    if notice is not None:
        services.record_event(notice)
    return HttpResponse()
