"""Bookings in the office."""

from django.urls import path

from staff.views import booking_acts, booking_edit, booking_mails, booking_new, bookings

urlpatterns = [
    path("bookings/", bookings.bookings, name="bookings"),
    path("bookings/new/", booking_new.booking_new, name="booking_new"),
    path("bookings/new/price/", booking_new.booking_new_price, name="booking_new_price"),
    path(
        "bookings/new/customers/", booking_new.booking_new_customers, name="booking_new_customers"
    ),
    path("bookings/<uuid:booking_id>/", bookings.booking, name="booking"),
    path("bookings/<uuid:booking_id>/edit/", booking_edit.booking_edit, name="booking_edit"),
    path(
        "bookings/<uuid:booking_id>/edit/price/",
        booking_edit.booking_edit_price,
        name="booking_edit_price",
    ),
    path("bookings/<uuid:booking_id>/confirm/", booking_acts.confirm, name="booking_confirm"),
    path("bookings/<uuid:booking_id>/paid/", booking_acts.paid, name="booking_paid"),
    path("bookings/<uuid:booking_id>/complete/", booking_acts.complete, name="booking_complete"),
    path("bookings/<uuid:booking_id>/cancel/", booking_acts.cancel, name="booking_cancel"),
    path("bookings/<uuid:booking_id>/hide/", booking_acts.hide, name="booking_hide"),
    path("bookings/<uuid:booking_id>/restore/", booking_acts.restore, name="booking_restore"),
    path("bookings/<uuid:booking_id>/notes/", booking_acts.note, name="booking_note"),
    path("bookings/<uuid:booking_id>/mail/", booking_acts.mail, name="booking_mail"),
    path(
        "bookings/<uuid:booking_id>/mail/settle/",
        booking_mails.mails_settle,
        name="booking_mails_settle",
    ),
    path("bookings/<uuid:booking_id>/customer/", booking_acts.customer, name="booking_customer"),
]
