import pytest
from django.urls import reverse
from django.utils import timezone

from totetaxi.outbox.models import Beat, Job, Message


@pytest.fixture
def admin(admin_client):
    return admin_client


def make_message(key, **fields):
    return Message.objects.create(
        event="paid", handler="shop.mail", subject_id="1", key=key, **fields
    )


def test_dead_messages_can_be_tried_again(admin):
    dead = make_message("dead", dead_at=timezone.now(), attempts=5)
    done = make_message("done", done_at=timezone.now(), attempts=1)

    response = admin.post(
        reverse("admin:outbox_message_changelist"),
        {"action": "retry", "_selected_action": [str(dead.pk), str(done.pk)]},
        follow=True,
    )

    assert "1 of 2 will be tried again now." in response.text
    dead.refresh_from_db()
    done.refresh_from_db()
    assert (dead.state, done.state) == ("waiting", "done")


@pytest.mark.parametrize(
    ("state", "shown"), [("dead", ["dead"]), ("done", ["done"]), ("waiting", ["waiting"])]
)
def test_messages_can_be_listed_by_state(admin, state, shown):
    make_message("dead", dead_at=timezone.now())
    make_message("done", done_at=timezone.now())
    make_message("waiting")
    response = admin.get(reverse("admin:outbox_message_changelist"), {"state": state})
    assert [message.key for message in response.context["cl"].result_list] == shown


def test_of_a_job_only_the_switch_can_be_changed(admin):
    record = Job.objects.create(name="outbox.beat", last_result="alive")
    url = reverse("admin:outbox_job_change", args=[record.pk])
    assert "Show that scheduler and worker are alive" in admin.get(url).text

    admin.post(url, {"name": "other", "last_result": "forged"})  # enabled: not ticked

    record.refresh_from_db()
    assert (record.name, record.enabled, record.last_result) == ("outbox.beat", False, "alive")


def test_a_job_that_the_code_no_longer_has_is_still_listed(admin):
    Job.objects.create(name="shop.gone")
    assert "(no longer in the code)" in admin.get(reverse("admin:outbox_job_changelist")).text


@pytest.mark.parametrize("model", ["message", "job", "beat"])
def test_rows_cannot_be_added_or_deleted(admin, model):
    row = {
        "message": lambda: make_message("k"),
        "job": lambda: Job.objects.create(name="outbox.beat"),
        "beat": lambda: Beat.objects.create(name="scheduler", at="2026-06-10T12:00:00Z"),
    }[model]()
    assert admin.get(reverse(f"admin:outbox_{model}_add")).status_code == 403
    assert admin.get(reverse(f"admin:outbox_{model}_delete", args=[row.pk])).status_code == 403
    assert admin.get(reverse(f"admin:outbox_{model}_change", args=[row.pk])).status_code == 200
    if model != "job":
        response = admin.post(reverse(f"admin:outbox_{model}_change", args=[row.pk]), {})
        assert response.status_code == 403
