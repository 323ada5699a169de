"""The day's work in the office: dashboard, calendar, customers, search, reports."""

from django.urls import path

from staff.views import calendar, customers, dashboard, manifest, reports, search

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/<str:day>/close/", calendar.close_day, name="calendar_close"),
    path("calendar/<str:day>/open/", calendar.open_day, name="calendar_open"),
    path("calendar/<str:day>/limit/", calendar.limit_day, name="calendar_limit"),
    path("manifest/<str:day>/", manifest.manifest, name="manifest"),
    path("customers/", customers.customers, name="customers"),
    path("customers/<uuid:user_id>/", customers.customer, name="customer"),
    path("customers/<uuid:user_id>/notes/", customers.customer_notes, name="customer_notes"),
    path(
        "customers/<uuid:user_id>/attach/<uuid:booking_id>/",
        customers.customer_attach,
        name="customer_attach",
    ),
    path("search/", search.search, name="search"),
    path("reports/", reports.reports, name="reports"),
    path("reports/<slug:key>.csv", reports.report_csv, name="report_csv"),
]
