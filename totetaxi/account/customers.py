"""Pages of the customer's own area: who may see them, and whose profile they show."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache

from booking.models import CustomerProfile
from totetaxi.lib.access import audience
from totetaxi.lib.htmx import HtmxRequest
from totetaxi.users.models import User


class CustomerRequest(HtmxRequest):
    """A request of a signed-in customer, as ``customer_page`` leaves it."""

    user: User
    profile: CustomerProfile


def customer_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Declare a page of the customer's area, with ``request.profile`` (rule R821).

    An account without a profile gets it now. No cache may keep anything of these pages.
    """

    @wraps(view)
    def guarded(request: CustomerRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.profile, _ = CustomerProfile.objects.get_or_create(user=request.user)
        return view(request, *args, **kwargs)

    return cast("Callable[..., HttpResponseBase]", audience("customer")(never_cache(guarded)))
