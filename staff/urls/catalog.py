"""The catalog in the office."""

from django.urls import path

from staff.views import catalog, catalog_codes, catalog_days, catalog_policy

urlpatterns = [
    path("catalog/", catalog.index, name="catalog"),
    path("catalog/policy/", catalog_policy.policy, name="catalog_policy"),
    path("catalog/capacity/", catalog_days.capacity, name="catalog_capacity"),
    path("catalog/capacity/<str:day>/", catalog_days.capacity_day, name="catalog_capacity_day"),
    path(
        "catalog/discount-codes/<uuid:code_id>/uses/",
        catalog_codes.code_uses,
        name="catalog_uses",
    ),
    path("catalog/<slug:slug>/", catalog.records, name="catalog_list"),
    path("catalog/<slug:slug>/new/", catalog.record_new, name="catalog_new"),
    path("catalog/<slug:slug>/act/", catalog.records_act, name="catalog_act"),
    path("catalog/<slug:slug>/<str:key>/", catalog.record_edit, name="catalog_edit"),
    path("catalog/<slug:slug>/<str:key>/delete/", catalog.record_delete, name="catalog_delete"),
]
