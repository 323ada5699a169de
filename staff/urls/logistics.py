"""Deliveries."""

from django.urls import path

from staff.views import documents, logistics

urlpatterns = [
    path("logistics/", logistics.logistics, name="logistics"),
    path("logistics/create/", logistics.logistics_create, name="logistics_create"),
    path("logistics/sync/", logistics.logistics_sync, name="logistics_sync"),
    path("logistics/tasks/<uuid:task_id>/read/", logistics.logistics_read, name="logistics_read"),
    path(
        "logistics/alerts/<uuid:alert_id>/resolve/",
        logistics.logistics_resolve,
        name="logistics_resolve",
    ),
    path("logistics/proofs/<uuid:proof_id>/", documents.proof, name="proof"),
    path(
        "bookings/<uuid:booking_id>/documents/",
        documents.document_add,
        name="document_add",
    ),
    path("documents/<uuid:document_id>/", documents.document, name="document"),
    path(
        "documents/<uuid:document_id>/remove/",
        documents.document_remove,
        name="document_remove",
    ),
]
