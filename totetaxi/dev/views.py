"""The development mailbox: list, one mail, its HTML, its attachments."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from totetaxi.dev.mailbox import report
from totetaxi.dev.models import Mail, MailAttachment, Report
from totetaxi.lib.access import audience

PAGE_SIZE = 50
# A mail styles itself inline and must not run anything; its links open in a new tab.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self';"
    " sandbox allow-popups allow-popups-to-escape-sandbox"
)


@audience("sandbox")
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """All mails, the latest first; ``?to=`` those whose recipients contain a text."""
    to = request.GET.get("to", "").strip()
    mails = Mail.objects.defer("text", "html").prefetch_related("attachments")
    if to:
        mails = mails.filter(to__icontains=to)
    page = Paginator(mails, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "dev/mailbox.html", {"page": page, "to": to})


@audience("sandbox")
@require_safe
def mail(request: HttpRequest, mail_id: UUID) -> HttpResponse:
    """One mail: its heads, its text, its HTML in a frame, its attachments."""
    context = {
        "mail": get_object_or_404(Mail, pk=mail_id),
        "reports": [what for what in Report if what is not Report.NONE],
    }
    return render(request, "dev/mail.html", context)


@audience("sandbox")
@require_POST
def mail_report(request: HttpRequest, mail_id: UUID) -> HttpResponse:
    """Play the mail service: say that a mail was delivered, came back or was called spam."""
    mail = get_object_or_404(Mail, pk=mail_id)
    what = request.POST.get("what", "")
    if what and what in Report.values:
        report(mail, Report(what))
        messages.success(request, f"The site was told: {Report(what).label.lower()}.")
    else:
        messages.error(request, "Choose what became of the mail.")
    return redirect("dev:mail", mail.pk)


@audience("sandbox")
@require_safe
@xframe_options_sameorigin
def mail_html(request: HttpRequest, mail_id: UUID) -> HttpResponse:
    """The HTML of a mail, as it was sent, without the means to do anything."""
    html = get_object_or_404(Mail, pk=mail_id).html
    response = HttpResponse(html.replace("<head>", '<head><base target="_blank">', 1))
    response["Content-Security-Policy"] = MAIL_POLICY
    return response


@audience("sandbox")
@require_safe
def attachment(request: HttpRequest, mail_id: UUID, position: int) -> HttpResponse:
    """An attachment, to be saved."""
    file = get_object_or_404(MailAttachment, mail_id=mail_id, position=position)
    response = HttpResponse(bytes(file.content), content_type=file.mimetype)
    response.headers["Content-Disposition"] = content_disposition_header(True, file.filename) or ""
    return response
