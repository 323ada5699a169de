"""Who the customer is, how they like it, and the addresses they keep."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from booking.models import SavedAddress
from totetaxi.account import services
from totetaxi.account.customers import CustomerRequest, customer_page
from totetaxi.account.forms import AddressForm, PreferencesForm, ProfileForm
from totetaxi.lib.ratelimit import by_user, limit

FORM_METHODS = ["GET", "HEAD", "POST"]


@customer_page
@limit("profile", key=by_user)
@require_http_methods(FORM_METHODS)
def profile(request: CustomerRequest) -> HttpResponse:
    """Name and phone, and the ways to change email and password."""
    form = ProfileForm.of(request.user, request.profile)
    if request.method == "POST":
        form = ProfileForm(request.POST)
        if form.is_valid():
            services.save_profile(request.user, **form.cleaned_data)
            messages.success(request, "Your profile is saved.")
            return redirect("account:profile")
    return _answer(request, "profile", form)


@customer_page
@limit("profile", key=by_user)
@require_http_methods(FORM_METHODS)
def preferences(request: CustomerRequest) -> HttpResponse:
    """The usual pickup time, and which mails and texts to get."""
    form = PreferencesForm(_posted(request), instance=request.profile)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your preferences are saved.")
        return redirect("account:preferences")
    most_used = SavedAddress.objects.active().filter(user=request.user, times_used__gt=0).first()
    return _answer(request, "preferences", form, most_used=most_used)


@customer_page
@limit("addresses", key=by_user)
@require_safe
def addresses(request: CustomerRequest) -> HttpResponse:
    """The saved addresses, the most used first."""
    theirs = SavedAddress.objects.active().filter(user=request.user)
    context = {"profile": request.profile, "addresses": theirs}
    return render(request, "account/area/addresses.html", context)


@customer_page
@limit("address", key=by_user)
@require_http_methods(FORM_METHODS)
def addresses_new(request: CustomerRequest) -> HttpResponse:
    """Save one more address."""
    return _edit(request, SavedAddress(user=request.user), AddressForm())


@customer_page
@limit("address", key=by_user)
@require_http_methods(FORM_METHODS)
def addresses_edit(request: CustomerRequest, address_id: UUID) -> HttpResponse:
    """Change a saved address; bookings made with it keep their copy."""
    address = _own(request, address_id)
    return _edit(request, address, AddressForm.of(address))


@customer_page
@limit("address", key=by_user)
@require_http_methods(FORM_METHODS)
def addresses_delete(request: CustomerRequest, address_id: UUID) -> HttpResponse:
    """Ask, then delete a saved address."""
    address = _own(request, address_id)
    if request.method == "POST":
        address.retire()
        messages.success(request, f"“{address.nickname}” is deleted.")
        return redirect("account:addresses")
    context = {"profile": request.profile, "address": address}
    return render(request, "account/area/address_delete.html", context)


def _own(request: CustomerRequest, address_id: UUID) -> SavedAddress:
    """A standing address of this customer, or 404."""
    return get_object_or_404(SavedAddress.objects.active(), pk=address_id, user=request.user)


def _edit(request: CustomerRequest, address: SavedAddress, form: AddressForm) -> HttpResponse:
    is_new = address._state.adding
    if request.method == "POST":
        form = AddressForm(request.POST)
        if form.is_valid() and _saved(address, form):
            messages.success(request, f"“{address.nickname}” is saved.")
            if not form.is_served:
                messages.warning(request, "We don’t serve this ZIP right now. Call us about it.")
            return redirect("account:addresses")
    return _answer(request, "address_form", form, address=None if is_new else address)


def _saved(address: SavedAddress, form: AddressForm) -> bool:
    try:
        services.save_address(address, **form.cleaned_data)
    except services.NicknameTakenError:
        form.refuse_nickname()
        return False
    return True


def _posted(request: CustomerRequest) -> QueryDict | None:
    """What was sent, if it was: an empty form is one, too."""
    return request.POST if request.method == "POST" else None


def _answer(request: CustomerRequest, page: str, form: object, **more: object) -> HttpResponse:
    """The page with its form; 422 when something in it is to be put right."""
    context = {"profile": request.profile, "form": form, **more}
    status = 422 if request.method == "POST" else 200
    return render(request, f"account/area/{page}.html", context, status=status)
