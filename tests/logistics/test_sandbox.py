"""The stand-in says no where Onfleet does, keeps what it was told, and can be driven by hand."""

import subprocess
import sys
import time

import httpx
import pytest

from logistics.gateway import get_gateway
from tests.conftest import PROJECT, free_port, wait_for_port
from tests.onfleet import KEY, SECRET, signed

HOME = {"number": "1", "street": "Main Street", "city": "Southampton", "country": "USA"}
TASK = {
    "destination": {"address": HOME},
    "recipients": [{"name": "Ada Sample", "phone": "+12125550142"}],
}


def create(onfleet, **changes):
    return onfleet.api.post("tasks", json=TASK | changes)


@pytest.mark.parametrize("auth", [None, ("", ""), ("wrong", ""), ("", KEY)])
def test_wrong_key_is_refused(onfleet, auth):
    answer = httpx.get(f"{onfleet.url}/api/v2/organization", auth=auth)
    assert answer.status_code == 401
    assert answer.json()["code"] == "InvalidCredentials"


@pytest.mark.parametrize(
    "changes",
    [
        {"destination": None},
        {"destination": {}},
        {"destination": {"address": {**HOME, "street": " "}}},
        {"destination": {"address": {**HOME, "planet": "Earth"}}},
        {"destination": {"address": HOME, "location": [40.7, -173.9]}},
        {"destination": {"address": {**HOME, "street": "Nowhere Lane"}}},
        {"recipients": None},
        {"recipients": [{"name": "", "phone": "+12125550142"}]},
        {"recipients": [{"name": "Ada", "phone": "555"}]},
        {"completeAfter": "tomorrow"},
        {"completeAfter": 1_800_000_000},
        {"completeAfter": 1_800_000_000_000, "completeBefore": 1_800_000_000_000},
        {"pickupTask": 1},
        {"dependencies": ["nobody"]},
        {"dependencies": "nobody"},
        {"metadata": [{"name": "a"}]},
        {"quantity": -1},
        {"serviceTime": "ten"},
        {"notes": None},
        {"colour": "blue"},
    ],
)
def test_odd_task_is_refused_in_onfleets_shape(onfleet, changes):
    answer = create(onfleet, **changes)
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "message"}
    assert set(answer.json()["message"]) == {"error", "message", "cause", "request"}
    assert onfleet.tasks() == []


def test_latitude_first_is_refused(onfleet):
    wrong = {"address": HOME, "location": [40.6413, -173.7781]}
    assert create(onfleet, destination=wrong).status_code == 400


def test_twenty_first_call_in_a_second_is_too_many_and_ours_waits(onfleet):
    onfleet.control("limit", calls_a_second=20)
    codes = [onfleet.api.get("organization").status_code for _ in range(30)]
    assert codes.count(429) >= 1
    assert codes[:20] == [200] * 20
    assert get_gateway().organization_name() == "ToteTaxi (stand-in)"


@pytest.mark.parametrize("changes", [{"destination": {"address": HOME}}, {"recipients": [{}]}])
def test_place_and_person_cannot_be_changed_through_a_task(onfleet, changes):
    task = create(onfleet).json()["id"]
    assert onfleet.api.put(f"tasks/{task}", json=changes).status_code == 400


def test_dropoff_cannot_start_before_its_pickup_is_done(onfleet):
    pickup = create(onfleet, pickupTask=True).json()["id"]
    dropoff = create(onfleet, dependencies=[pickup]).json()["id"]
    with pytest.raises(httpx.HTTPStatusError):
        onfleet.drive(dropoff, "start")
    onfleet.drive(pickup, "start", "complete")
    onfleet.drive(dropoff, "start", "arrive", "complete")
    assert {task["state"] for task in onfleet.tasks()} == {3}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_task_under_way_cannot_be_changed(onfleet, method):
    task = create(onfleet).json()["id"]
    onfleet.drive(task, "start")
    answer = onfleet.api.request(method, f"tasks/{task}", json={"notes": "new"})
    assert answer.status_code == 412


def test_task_is_found_by_its_metadata(onfleet):
    entry = {"name": "task_key", "type": "string", "value": "k1"}
    task = create(onfleet, metadata=[entry]).json()["id"]
    create(onfleet, metadata=[{**entry, "value": "k2"}])
    found = onfleet.api.post("tasks/metadata", json=[entry]).json()
    assert [item["id"] for item in found] == [task]


def test_driver_is_played_on_a_page(onfleet):
    task = create(onfleet).json()["id"]
    assert "Waiting for a driver" in onfleet.http.get(f"/drive/{task}").text
    for step in ("start", "arrive", "complete"):
        answer = onfleet.http.post(f"/drive/{task}/{step}", data={"photo": "1"})
        assert answer.status_code == 303
    refused = onfleet.http.post(f"/drive/{task}/start")
    assert refused.status_code == 409
    assert "Not possible: the task has begun." in refused.text
    [done] = onfleet.tasks()
    picture = onfleet.http.get(
        f"/attachments/{done['completionDetails']['photoUploadId']}/800x.png"
    )
    assert picture.content.startswith(b"\x89PNG")


def test_names_are_escaped_on_the_page(onfleet):
    create(onfleet, notes="<script>alert(1)</script>")
    task = onfleet.tasks()[0]["id"]
    assert "<script>" not in onfleet.http.get(f"/drive/{task}").text


def test_killed_stand_in_remembers_its_tasks(tmp_path):
    port = free_port()
    command = [
        *(sys.executable, "-m", "logistics.sandbox", "--quiet", "--port", str(port)),
        *("--state", str(tmp_path), "--api-key", KEY, "--webhook-secret", SECRET),
    ]

    def running():
        process = subprocess.Popen(command, cwd=PROJECT)
        wait_for_port(port, process)
        return process

    first = running()
    api = httpx.Client(base_url=f"http://localhost:{port}/api/v2/", auth=(KEY, ""))
    task = api.post("tasks", json=TASK).json()
    first.kill()
    first.wait()
    second = running()
    try:
        assert (
            httpx.get(f"http://localhost:{port}/api/v2/tasks/{task['id']}", auth=(KEY, "")).json()
            == task
        )
    finally:
        second.terminate()
        second.wait()


def test_webhook_is_signed_and_tried_again(onfleet, httpserver_calls):
    calls, url = httpserver_calls
    onfleet.control("webhooks", url=url, secret=SECRET)
    create(onfleet)
    deadline = time.monotonic() + 10
    while len(calls) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    onfleet.control("webhooks", url="")
    (body, header), (again, _) = calls[:2]
    assert header == signed(body)
    assert again == body
