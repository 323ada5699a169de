from django.urls import path

from totetaxi.account.identity.urls import make_account
from totetaxi.account.views import (
    area,
    cancel,
    change,
    delivery,
    guests,
    profile,
    rebook,
    receipt,
    status,
)

app_name = "account"
urlpatterns = [
    path("account/", area.dashboard, name="dashboard"),
    path("account/bookings/", area.bookings, name="bookings"),
    path("account/profile/", profile.profile, name="profile"),
    path("account/preferences/", profile.preferences, name="preferences"),
    path("account/addresses/", profile.addresses, name="addresses"),
    path("account/addresses/new/", profile.addresses_new, name="addresses_new"),
    path("account/addresses/<uuid:address_id>/", profile.addresses_edit, name="addresses_edit"),
    path(
        "account/addresses/<uuid:address_id>/delete/",
        profile.addresses_delete,
        name="addresses_delete",
    ),
    path("booking/<uuid:booking_id>/receipt/", receipt.receipt, name="receipt"),
    path("booking/<uuid:booking_id>/receipt.pdf", receipt.receipt_file, name="receipt_pdf"),
    path("booking/find/", guests.find, name="find"),
    path("booking/manage/<str:token>/", guests.manage, name="manage"),
    path("booking/<uuid:booking_id>/rebook/", rebook.rebook, name="rebook"),
    path("booking/<uuid:booking_id>/account/", make_account, name="make_account"),
    path("booking/<uuid:booking_id>/proof/<uuid:proof_id>/", delivery.proof, name="proof"),
    path("booking/<uuid:booking_id>/documents/", delivery.document_add, name="document_add"),
    path(
        "booking/<uuid:booking_id>/documents/<uuid:document_id>/",
        delivery.document,
        name="document",
    ),
    path(
        "booking/<uuid:booking_id>/documents/<uuid:document_id>/remove/",
        delivery.document_remove,
        name="document_remove",
    ),
    path("booking/<uuid:booking_id>/change/", change.change, name="change"),
    path("booking/<uuid:booking_id>/change/review/", change.change_review, name="change_review"),
    path("booking/<uuid:booking_id>/cancel/", cancel.cancel, name="cancel"),
    path("booking/<uuid:booking_id>/", status.status, name="status"),
    path("booking/<uuid:booking_id>/calendar.ics", status.calendar_file, name="calendar_file"),
]
