"""Every mail: text and HTML, whole, and readable wherever mail is read (rules R655 and R820)."""

import re
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives
from django.db import transaction

from booking.preferences import OPTIONAL
from tests.totetaxi.mails import MAILS, NAME, NOW, Scene
from totetaxi.outbox.models import Mail

# For the fixtures below, which make the mails once; the tests themselves only look at them.
pytestmark = pytest.mark.django_db
FOLDER = Path(settings.BASE_DIR) / "templates" / "emails"
OFFICE = ["office@example.com", "owner@example.com"]
COPIES = ["copies@example.com"]
PLACE = "a place"
CASES = [(template, variant) for template, variants in MAILS.items() for variant in variants]
IDS = [f"{template} {variant}".strip() for template, variant in CASES]
WITH_COPIES = {"booking/confirmation", "payments/payment_link"}
TO_OFFICE = {name for name in MAILS if name.endswith("alert") or name.startswith("outbox/")} | {
    "payments/money_alerts",
    "contact_message",
}
TO_STAFF = TO_OFFICE | {"staff/invitation", "staff/password_changed"}
#: Hosts that are not ours, and what they are.
ELSEWHERE = {"search.google.com": "reviews", "onf.lt": "Onfleet's map"}
BLOCKS = {"p", "td", "tr", "br", "div", "h1", "h2", "li", "ul", "table"}
# Kept in the mail program's list beside the subject.
PREVIEW_LENGTH = range(5, 120)


class Page(HTMLParser):
    """What a mail program would see of the HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.hidden, self.depth = "", 0
        self._words: list[str] = []
        self._skip = ""
        self.title = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag in BLOCKS:
            self._words.append("\n")
        self.tags.append((tag, dict(attrs)))
        if tag in {"style", "title"}:
            self._skip = tag
        elif tag == "div" and "display:none" in (dict(attrs).get("style") or ""):
            self._skip = "div"

    def handle_endtag(self, tag):
        if tag == self._skip:
            self._skip = ""

    def handle_data(self, data):
        if self._skip == "title":
            self.title += data
        elif self._skip == "div":
            self.hidden += data
        elif not self._skip:
            self._words.append(re.sub(r"\s+", " ", data))

    @property
    def words(self) -> str:
        """What is to be read, a line for each block."""
        lines = (" ".join(line.split()) for line in "".join(self._words).split("\n"))
        return "\n".join(line for line in lines if line)

    @property
    def links(self) -> list[str]:
        return [str(attrs["href"]) for tag, attrs in self.tags if tag == "a"]


@dataclass
class Sent:
    """What each case of the table sent."""

    mails: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    templates: dict[tuple[str, str], set[str]] = field(default_factory=dict)


def send_all(*, quiet: bool) -> Sent:
    """Send every mail there is and keep nothing of it in the database."""
    from catalog.seeding import seed

    sent = Sent()
    with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "STAFF_ALERT_EMAILS", OFFICE)
        patch.setattr(settings, "BOOKING_EMAIL_BCC", COPIES)
        patch.setattr(settings, "GOOGLE_REVIEW_PLACE_ID", PLACE)
        seed()
        scene = Scene(quiet=quiet)
        for template, variant in CASES:
            Mail.objects.all().delete()
            django_mail.outbox = []
            MAILS[template][variant](scene)
            sent.mails[template, variant] = django_mail.outbox
            recorded = Mail.objects.values_list("template", flat=True)
            sent.templates[template, variant] = set(recorded)
        django_mail.outbox = []
        transaction.set_rollback(True)
    return sent


@pytest.fixture(scope="module")
def sent(django_db_setup, django_db_blocker) -> Sent:
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False):
        return send_all(quiet=False)


@pytest.fixture(scope="module")
def sent_quietly(django_db_setup, django_db_blocker) -> Sent:
    """The same to customers who switched email notifications off."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False):
        return send_all(quiet=True)


@pytest.fixture(params=CASES, ids=IDS)
def case(request) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
def mail(sent, case) -> EmailMultiAlternatives:
    [one] = sent.mails[case]
    return one


@pytest.fixture
def html(mail) -> str:
    [alternative] = mail.alternatives
    assert alternative.mimetype == "text/html"
    return str(alternative.content)


def test_table_knows_every_template():
    """A new mail is added to tests/totetaxi/mails.py, with what sends it."""
    files = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*")}
    for suffix in (".subject.txt", ".txt", ".html"):
        names = {name.removesuffix(suffix) for name in files if name.endswith(suffix)}
        names = {name for name in names if not name.startswith("_")}
        if suffix == ".txt":
            names = {name for name in names if not name.endswith(".subject")}
        assert names == set(MAILS), suffix


def test_every_mail_stands_in_the_documentation():
    page = (Path(settings.BASE_DIR) / "docs" / "mails.md").read_text()
    assert {name for name in re.findall(r"`([a-z_/]+)`", page) if name in MAILS} == set(MAILS)


def test_head_says_what_it_is_who_it_is_for_and_where_answers_go(sent, mail, case):
    template, _ = case
    assert sent.templates[case] == {template}
    assert 5 <= len(mail.subject) < 78
    assert "\n" not in mail.subject
    assert_whole(mail.subject)
    visitor = template == "contact_message"
    assert mail.reply_to == ["visitor@example.com" if visitor else settings.REPLY_TO_EMAIL]
    assert mail.bcc == (COPIES if template in WITH_COPIES else [])
    assert mail.from_email == settings.DEFAULT_FROM_EMAIL
    if template in TO_OFFICE - {"contact_message", "staff/attack_alert"}:
        assert mail.to == OFFICE


def test_text_says_all_there_is_to_say(mail, case):
    template, _ = case
    assert_whole(mail.body)
    assert "\n\n\n" not in mail.body
    assert not re.search(r"[ \t]\n", mail.body), "spaces at the end of a line"
    assert "&amp;" not in mail.body
    if template in TO_STAFF:
        return
    assert "(631) 595-5100" in mail.body
    first = NAME.split()[0]
    assert mail.body.startswith(f"Hello {first}") or template.startswith("account/")
    assert re.match(r"Hello( \w+)?,\n\n", mail.body)
    if not template.startswith("account/") or template == "account/manage_link":
        assert re.search(r"TT-\d{6}", mail.body)


def test_html_is_whole_and_needs_nothing_from_elsewhere(mail, html):
    """Nothing to load, to run or to guess; every number, date and name of the text is in it."""
    page = Page(html)
    tags = [tag for tag, _ in page.tags]
    assert html.startswith("<!doctype html>\n<html lang=")
    assert not {"script", "link", "iframe", "form", "img", "video", "object"}.intersection(tags)
    assert not re.search(r"url\(|@import|@font-face|src=", html)
    assert "color-scheme" in {attrs.get("name") for tag, attrs in page.tags if tag == "meta"}
    presentational = [attrs.get("role") for tag, attrs in page.tags if tag == "table"]
    assert set(presentational) == {"presentation"}
    assert page.title == mail.subject
    assert_whole(page.words)
    assert page.hidden.strip("\u200c\xa0 \n"), "what the list of mails shows beside the subject"
    preview = page.hidden.replace("\u200c", "").replace("\xa0", "").strip()
    assert len(preview) in PREVIEW_LENGTH, preview
    assert_whole(preview)
    assert "<rear>" not in html
    assert "<b>harps" not in html
    facts = re.findall(r"\$[\d,]+\.\d\d|TT-\d{6}|\w+, \w+ \d+, \d{4}|Apt \w+ <\w+>", mail.body)
    assert [fact for fact in facts if fact not in page.words] == []


def test_links_and_text_are_whole_where_they_arrive(mail, html):
    """Taken apart as a mail program does: nothing is cut, no line is longer than mail may be."""
    pattern = r"(https?|mailto|tel):\S+"
    links = Page(html).links
    assert [link for link in links if not re.fullmatch(pattern, link)] == []
    pages = [link for link in links if link.startswith("http")]
    hosts = {link.split("/")[2] for link in pages}
    assert hosts <= {settings.SITE_URL.split("/")[2], *ELSEWHERE}
    in_text = set(re.findall(r"https?://\S+", mail.body))
    assert [link for link in in_text if link[-1] in ".,;)"] == []
    assert {link for link in pages if link.rstrip("/") != settings.SITE_URL} <= in_text
    raw = mail.message().as_bytes(linesep="\r\n")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    mime = BytesParser(policy=policy.default).parsebytes(raw)
    assert mime["Subject"] == mail.subject
    text = mime.get_body(preferencelist=("plain",)).get_content()
    assert text.replace("\r\n", "\n").strip() == mail.body.strip()


def test_calendar_goes_with_what_sets_or_moves_or_ends_a_pickup(sent):
    calendars = {
        template
        for (template, _), [mail] in sent.mails.items()
        if any(file.mimetype.startswith("text/calendar") for file in mail.attachments)
    }
    assert calendars == {
        "booking/confirmation",
        "booking/changed",
        "booking/reminder",
        "booking/cancelled",
    }


def test_who_switched_notifications_off_gets_all_but_the_optional_mails(sent_quietly):
    """The optional kinds have a template each; any other mail ignores the switch."""
    kept_back = {template for (template, _), mails in sent_quietly.mails.items() if not mails}
    assert kept_back == {"booking/reminder", "booking/delivered", "booking/review_request"}
    assert len(kept_back) == len(OPTIONAL)
    for (template, _), mails in sent_quietly.mails.items():
        assert len(mails) == (template not in kept_back), template


def assert_whole(text: str) -> None:
    """Nothing of the template shows, and no word is missing."""
    assert not re.search(r"{{|}}|{%|%}|{#|\bNone\b|\bTrue\b|\bFalse\b|&\w+;", text), text
    assert [line for line in text.splitlines() if "  " in line.lstrip()] == []
    assert not re.search(r" [,.;:!?](\s|$)|\(\)|,,|\.\.(?!\.)", text), text
