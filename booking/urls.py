from django.urls import path

from booking.wizard import parts, views

app_name = "booking"
urlpatterns = [
    path("book/", views.start, name="start"),
    path("book/quote/", parts.quote, name="quote"),
    path("book/calendar/", parts.calendar, name="calendar"),
    path("book/zip/", parts.zip_check, name="zip"),
    path("book/reset/", views.reset, name="reset"),
    path("book/review/", views.review, name="review"),
    path("book/<slug:slug>/", views.step, name="step"),
]
