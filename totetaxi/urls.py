"""The URL map: includes and nothing else."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("catalog.urls")),
    path("", include("totetaxi.pages.urls")),
    path("", include("booking.urls")),
    path("", include("payments.urls")),
    path("", include("logistics.urls")),
    path("", include("totetaxi.outbox.urls")),
    path("", include("totetaxi.account.urls")),
    path("account/", include("totetaxi.account.identity.urls")),
    path("staff/", include("staff.urls")),
    path("admin/", admin.site.urls),
]
if settings.ENVIRONMENT != "production":
    urlpatterns.append(path("", include("totetaxi.dev.urls")))

handler400 = "totetaxi.pages.errors.bad_request"
handler403 = "totetaxi.pages.errors.forbidden"
handler404 = "totetaxi.pages.errors.not_found"
handler500 = "totetaxi.pages.errors.server_error"
