"""Scheduled work and messages in the office."""

from django.urls import path

from staff.views import jobs

urlpatterns = [
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/messages/", jobs.message_list, name="messages"),
    path("jobs/messages/retry/", jobs.messages_retry, name="messages_retry"),
    path("jobs/messages/<uuid:message_id>/retry/", jobs.message_retry, name="message_retry"),
    path("jobs/messages/<uuid:message_id>/dismiss/", jobs.message_dismiss, name="message_dismiss"),
    path("jobs/<str:name>/switch/", jobs.job_switch, name="job_switch"),
    path("jobs/<str:name>/run/", jobs.job_run, name="job_run"),
]
