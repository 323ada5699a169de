"""Customers with an account: the list, one of them, notes and VIP, guest bookings attached."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from booking.models import Booking, CustomerProfile
from booking.services.joining import NotJoinableError, attach
from staff.access import Capability, StaffRequest, staff_page
from staff.audit import log_action
from staff.exports import csv_response, dollars
from staff.models import ActionType
from staff.office import people
from staff.office.notes import NotesForm, stamp_of
from staff.tables import ordering, page_of
from totetaxi.lib.clock import NEW_YORK
from totetaxi.lib.forms import Helper
from totetaxi.lib.htmx import render_page

HEADER = ("Name", "Email", "Phone", "VIP", "Bookings", "Last booking", "Since")
MONEY_HEADER = ("Spent, net",)


class CustomerFilter(forms.Form):
    """Filters never complain: what cannot be understood narrows nothing."""

    q = forms.CharField(
        label="Name, email, phone or address",
        max_length=200,
        required=False,
        widget=forms.TextInput({"type": "search"}),
    )
    vip = forms.BooleanField(label="VIPs only", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = Helper(self)
        vars(self.fields["q"])["hide_optional"] = True

    @property
    def text(self) -> str:
        self.is_valid()
        return str(self.cleaned_data.get("q", ""))

    @property
    def vips_only(self) -> bool:
        self.is_valid()
        return bool(self.cleaned_data.get("vip"))


@staff_page(Capability.VIEW, rate="lists")
@require_safe
def customers(request: StaffRequest) -> HttpResponse:
    """All customers, by name unless sorted otherwise; ``?format=csv`` what the filters leave."""
    narrowed = CustomerFilter(request.GET)
    found = people.customers(text=narrowed.text, vip=narrowed.vips_only)
    money = request.staff.can(Capability.VIEW_FINANCIALS)
    # What is not shown does not sort either.
    orders = {key: by for key, by in people.ORDERS.items() if money or key != "spent"}
    sort = ordering(request, orders, "name")
    rows = found.order_by(*sort.order_by, "pk")
    if request.GET.get("format") == "csv":
        header = (*HEADER, *(MONEY_HEADER if money else ()))
        cells = _cells(rows, with_amounts=money)
        return csv_response(request, "customers.csv", header, cells, text="Customers")
    context = {
        "filter": narrowed,
        "sort": sort,
        "page": page_of(request, rows),
        "is_narrowed": bool(narrowed.text or narrowed.vips_only),
    }
    return render_page(request, "staff/customers/list.html", context, partials={"rows": "rows"})


def _cells(rows: Iterable[CustomerProfile], *, with_amounts: bool) -> Iterable[list[str]]:
    for row in rows:
        net: int = row.net_cents  # type: ignore[attr-defined]  # Annotated.
        yield [
            row.user.get_full_name(),
            row.user.email,
            row.phone,
            "yes" if row.is_vip else "",
            str(row.total_bookings),
            _day(row.last_booking_at),
            _day(row.user.date_joined),
            *([dollars(net)] if with_amounts else []),
        ]


def _day(moment: datetime | None) -> str:
    return moment.astimezone(NEW_YORK).date().isoformat() if moment else ""


@staff_page(Capability.VIEW, rate="detail")
@require_safe
def customer(request: StaffRequest, user_id: UUID) -> HttpResponse:
    """One customer; opening the page is on record."""
    profile = _profile(user_id)
    log_action(request, ActionType.VIEW_CUSTOMER, "Opened a customer", customer=profile.user)
    return render(request, "staff/customers/detail.html", _context(request, profile))


@staff_page(Capability.MODIFY_BOOKINGS, rate="change")
@require_POST
def customer_notes(request: StaffRequest, user_id: UUID) -> HttpResponse:
    """Save notes and VIP; what somebody else saved meanwhile is never written over (R955)."""
    with transaction.atomic():
        rows = CustomerProfile.objects.select_for_update(of=("self",)).select_related("user")
        profile = get_object_or_404(rows, pk=user_id)
        before = {"notes": profile.notes, "is_vip": profile.is_vip}
        form = NotesForm(request.POST, instance=profile)
        saved = form.is_valid()
        if saved:
            form.save()
            after = {"notes": profile.notes, "is_vip": profile.is_vip}
            if after != before:
                log_action(
                    request,
                    ActionType.MODIFY_CUSTOMER,
                    "Changed the notes of a customer",
                    customer=profile.user,
                    before=before,
                    after=after,
                )
    if saved:
        messages.success(request, "Notes saved.")
        return redirect("staff:customer", user_id)
    context = _context(request, _profile(user_id), form=form)
    return render(request, "staff/customers/detail.html", context, status=422)


@staff_page(Capability.MODIFY_BOOKINGS, rate="change")
@require_POST
def customer_attach(request: StaffRequest, user_id: UUID, booking_id: UUID) -> HttpResponse:
    """Give the account a guest booking that was made with its email."""
    profile = _profile(user_id)
    booking = get_object_or_404(people.guest_bookings_of(profile.user.email), pk=booking_id)
    try:
        with transaction.atomic():
            attach(booking.pk, profile.user, actor=request.user)
            log_action(
                request,
                ActionType.MODIFY_BOOKING,
                f"Put {booking} into an account",
                booking=booking,
                customer=profile.user,
            )
    except NotJoinableError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{booking} is in this account now.")
    return redirect("staff:customer", user_id)


def _profile(user_id: UUID) -> CustomerProfile:
    profiles = CustomerProfile.objects.with_totals().select_related("user")
    return get_object_or_404(profiles, pk=user_id)


def _context(
    request: StaffRequest, profile: CustomerProfile, form: NotesForm | None = None
) -> dict[str, Any]:
    user = profile.user
    guests: list[Booking] = list(people.guest_bookings_of(user.email)[:25])
    return {
        "profile": profile,
        "person": user,
        "form": form or NotesForm(instance=profile, initial={"stamp": stamp_of(profile)}),
        "spend": people.spend(user.pk),
        "page": page_of(request, people.bookings_of(user.pk)),
        "guest_bookings": guests,
        "addresses": list(user.saved_addresses.active()),
        "may_change": request.staff.can(Capability.MODIFY_BOOKINGS),
    }
