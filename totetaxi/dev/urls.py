"""The development mailbox. The stand-ins of services serve their own pages on their own ports."""

from django.urls import path

from totetaxi.dev import views

app_name = "dev"

urlpatterns = [
    path("sandbox/mail/", views.mailbox, name="mailbox"),
    path("sandbox/mail/<uuid:mail_id>/", views.mail, name="mail"),
    path("sandbox/mail/<uuid:mail_id>/report/", views.mail_report, name="mail_report"),
    path("sandbox/mail/<uuid:mail_id>/html/", views.mail_html, name="mail_html"),
    path("sandbox/mail/<uuid:mail_id>/<int:position>/", views.attachment, name="attachment"),
]
