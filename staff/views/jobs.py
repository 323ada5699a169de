"""Scheduled work and messages: what runs, what failed, and what to do about it."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.words import count_words
from staff.access import Capability, StaffRequest, staff_page
from staff.machinery import acts, runs, words
from staff.machinery.messages import (
    PER_PAGE,
    DismissForm,
    MessageFilter,
    messages,
    table,
    waiting_for_somebody,
)
from staff.money.forms import ReasonForm
from staff.tables import page_of
from totetaxi.lib.htmx import render_page
from totetaxi.outbox.models import Message
from totetaxi.outbox.registry import ScheduledJob, job_named
from totetaxi.outbox.services import record_of

form_page = require_http_methods(["GET", "HEAD", "POST"])


class SwitchForm(ReasonForm):
    """Why a job is switched; for some a tick that what follows is understood."""

    sure = forms.BooleanField(label="I have read what that means")

    def __init__(self, *args: Any, confirm: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sure"].error_messages["required"] = "Tick that you have read it."
        if not confirm:
            del self.fields["sure"]
            self.helper.layout.fields.remove("sure")


@staff_page(Capability.ADMINISTER, rate="dashboard")
@require_safe
def jobs(request: StaffRequest) -> HttpResponse:
    """All jobs and the queue; the page refreshes itself (rule R658)."""
    context = {"rows": runs.rows(), "queue": runs.queue(), "given_up": waiting_for_somebody()}
    return render_page(request, "staff/jobs/list.html", context, partials={"jobs": "jobs"})


@staff_page(Capability.ADMINISTER, rate="change")
@form_page
def job_switch(request: StaffRequest, name: str) -> HttpResponse:
    """Switch a job on or off, with a reason (rule R659)."""
    job = _job(name)
    posted = request.method == "POST"
    turn_on = request.POST.get("on") == "yes" if posted else not record_of(job).enabled
    confirm = not turn_on and words.needs_confirmation(job)
    form = SwitchForm(request.POST if posted else None, confirm=confirm)
    if posted and form.is_valid():
        done = acts.switch(request, job, on=turn_on, reason=form.cleaned_data["reason"])
        state = "on" if turn_on else "off"
        notes.success(request, f"“{job.label}” is {state if done else f'{state} already'}.")
        return redirect("staff:jobs")
    context = {
        "job": job,
        "turn_on": turn_on,
        "form": form,
        "cadence": words.cadence(job.cron),
        "consequence": words.consequence(job),
    }
    return render(request, "staff/jobs/switch.html", context)


@staff_page(Capability.ADMINISTER, rate="change")
@require_POST
def job_run(request: StaffRequest, name: str) -> HttpResponse:
    """Queue a run beside the schedule; its result appears on the page."""
    job = _job(name)
    if acts.run_now(request, job):
        notes.success(request, f"“{job.label}” is queued. Its result appears here.")
    else:
        notes.info(request, f"“{job.label}” is switched off, or queued already.")
    return redirect("staff:jobs")


def _job(name: str) -> ScheduledJob:
    if (job := job_named(name)) is None:
        raise Http404
    return job


@staff_page(Capability.ADMINISTER, rate="lists")
@require_safe
def message_list(request: StaffRequest) -> HttpResponse:
    """Messages that wait, are tried again, or were given up (rule R660)."""
    narrowed = MessageFilter(request.GET)
    page = page_of(request, narrowed.narrow(messages()), per_page=PER_PAGE)
    context = {
        "filter": narrowed,
        "page": page,
        "table": table(page.object_list),
        "given_up": waiting_for_somebody(),
        "kind": narrowed.kind,
        "kind_words": words.handler_words(narrowed.kind),
        "kind_given_up": waiting_for_somebody(narrowed.kind) if narrowed.kind else 0,
    }
    return render(request, "staff/jobs/messages.html", context)


@staff_page(Capability.ADMINISTER, rate="change")
@require_POST
def message_retry(request: StaffRequest, message_id: UUID) -> HttpResponse:
    """Give a message that was given up all its attempts again."""
    message = get_object_or_404(Message, pk=message_id)
    if acts.retry(request, message):
        notes.success(request, "It is tried again now.")
    else:
        notes.info(request, "This message is not given up any more.")
    return redirect("staff:messages")


@staff_page(Capability.ADMINISTER, rate="change")
@require_POST
def messages_retry(request: StaffRequest) -> HttpResponse:
    """The same for all of a kind."""
    kind = MessageFilter(request.POST).kind
    if kind and (revived := acts.retry_kind(request, kind)):
        notes.success(request, f"{count_words(revived, 'message')} will be tried again now.")
    else:
        notes.info(request, "Nothing of this kind is given up any more.")
    return redirect("staff:messages")


@staff_page(Capability.ADMINISTER, rate="change")
@form_page
def message_dismiss(request: StaffRequest, message_id: UUID) -> HttpResponse:
    """Note how a message that was given up was dealt with some other way."""
    message = get_object_or_404(Message, pk=message_id)
    form = DismissForm(request.POST or None)
    if message.dead_at is None or message.dismissed_at is not None:
        notes.info(request, "This message does not wait for anybody.")
        return redirect("staff:messages")
    if request.method == "POST" and form.is_valid():
        if acts.dismiss(request, message, form.cleaned_data["reason"]):
            notes.success(request, "It is noted as dealt with.")
        return redirect("staff:messages")
    (row,) = table([message])
    return render(request, "staff/jobs/dismiss.html", {"row": row, "form": form})
