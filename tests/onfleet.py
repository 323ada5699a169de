"""The stand-in Onfleet as tests drive it."""

import hashlib
import hmac
from fnmatch import fnmatchcase
from typing import Any

import httpx

KEY = "onfleet_key_of_the_tests"
SECRET = "c0ffee" * 8


class Onfleet:
    """What drivers, dispatchers or a bad network do at Onfleet, over the stand-in's controls."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=30)
        self.api = httpx.Client(base_url=f"{url}/api/v2/", auth=(KEY, ""), timeout=30)

    def control(self, path: str, **body: Any) -> Any:
        answer = self.http.post(f"/sandbox/{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def drive(self, task_id: str, *actions: str, **details: Any) -> None:
        """Let the driver do things with a task, in this order."""
        for action in actions:
            self.control(f"tasks/{task_id}/{action}", **details)

    def delete(self, task_id: str) -> None:
        self.http.delete(f"/sandbox/tasks/{task_id}").raise_for_status()

    def fault(self, **fault: Any) -> None:
        self.control("faults", **fault)

    def mend(self) -> None:
        self.http.delete("/sandbox/faults").raise_for_status()

    def state(self) -> Any:
        return self.http.get("/sandbox/state").json()

    def tasks(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.state()["tasks"]
        return found

    def sent(self) -> list[dict[str, Any]]:
        """Every webhook that was to be sent, as its body."""
        return [item["body"] for item in self.http.get("/sandbox/webhooks").json()["data"]]

    def requests(self, match: str) -> int:
        """How many API requests fit ("POST */tasks")."""
        lines = [f"{one['method']} {one['path']}" for one in self.state()["requests"]]
        return sum(fnmatchcase(line, match) for line in lines)

    def reset(self) -> None:
        self.control("reset")


def signed(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(bytes.fromhex(secret), body, hashlib.sha512).hexdigest()
