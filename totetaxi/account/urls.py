from django.urls import path

from totetaxi.account import views

app_name = "account"
urlpatterns = [
    path("booking/<uuid:booking_id>/", views.status, name="status"),
    path("booking/<uuid:booking_id>/calendar.ics", views.calendar_file, name="calendar_file"),
]
