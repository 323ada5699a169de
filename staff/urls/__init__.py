"""The office: /staff/."""

from django.urls import include, path

app_name = "staff"
urlpatterns = [
    path("", include("staff.urls.access")),
    path("", include("staff.urls.bookings")),
    path("", include("staff.urls.money")),
    path("", include("staff.urls.catalog")),
    path("", include("staff.urls.office")),
    path("", include("staff.urls.logistics")),
    path("", include("staff.urls.jobs")),
]
