import pytest
from django.urls import reverse
from django.utils import timezone

from totetaxi.outbox.models import Beat, Job, Mail, Message


@pytest.fixture
def admin(admin_client):
    return admin_client


def make_message(key, **fields):
    return Message.objects.create(
        event="paid", handler="shop.mail", subject_id="1", key=key, **fields
    )


@pytest.mark.parametrize(
    ("state", "shown"), [("dead", ["dead"]), ("done", ["done"]), ("waiting", ["waiting"])]
)
def test_messages_can_be_listed_by_state(admin, state, shown):
    make_message("dead", dead_at=timezone.now())
    make_message("done", done_at=timezone.now())
    make_message("waiting")
    response = admin.get(reverse("admin:outbox_message_changelist"), {"state": state})
    assert [message.key for message in response.context["cl"].result_list] == shown


def test_a_job_is_shown_in_words(admin):
    record = Job.objects.create(name="outbox.beat", last_result="alive")
    page = admin.get(reverse("admin:outbox_job_change", args=[record.pk]))
    assert "Show that scheduler and worker are alive" in page.text


def test_a_job_that_the_code_no_longer_has_is_still_listed(admin):
    Job.objects.create(name="shop.gone")
    assert "(no longer in the code)" in admin.get(reverse("admin:outbox_job_changelist")).text


def test_a_mail_is_found_by_its_recipient(admin):
    for name in ("ann", "bob"):
        Mail.objects.create(template="account/welcome", recipient=f"{name}@example.com")
    page = admin.get(reverse("admin:outbox_mail_changelist"), {"q": "ANN@example.com"})
    assert [mail.recipient for mail in page.context["cl"].result_list] == ["ann@example.com"]


@pytest.mark.parametrize("model", ["message", "mail", "job", "beat"])
def test_rows_are_only_read(admin, model):
    row = {
        "message": lambda: make_message("k"),
        "mail": lambda: Mail.objects.create(template="hello", recipient="ann@example.com"),
        "job": lambda: Job.objects.create(name="outbox.beat"),
        "beat": lambda: Beat.objects.create(name="scheduler", at="2026-06-10T12:00:00Z"),
    }[model]()
    assert admin.get(reverse(f"admin:outbox_{model}_add")).status_code == 403
    assert admin.get(reverse(f"admin:outbox_{model}_delete", args=[row.pk])).status_code == 403
    assert admin.get(reverse(f"admin:outbox_{model}_change", args=[row.pk])).status_code == 200
    response = admin.post(reverse(f"admin:outbox_{model}_change", args=[row.pk]), {})
    assert response.status_code == 403
    assert 'name="action"' not in admin.get(reverse(f"admin:outbox_{model}_changelist")).text
