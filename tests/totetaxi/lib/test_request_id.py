import logging

import pytest
from django.http import HttpResponse

from totetaxi.lib.request_id import RequestIdFilter, RequestIdMiddleware, current, working_on


def logged_id():
    record = logging.makeLogRecord({})
    assert RequestIdFilter().filter(record)
    return vars(record)["request_id"]


def answer(rf, header=None):
    headers = {"X-Request-ID": header} if header else {}
    return RequestIdMiddleware(lambda request: HttpResponse(logged_id()))(
        rf.get("/", headers=headers)
    )


def test_log_lines_of_a_request_carry_the_id_it_is_answered_with(rf):
    first, second = answer(rf), answer(rf)
    assert first.text == first["X-Request-ID"]
    assert len(first.text) == 32
    assert first.text != second.text
    assert logged_id() == ""


def test_id_is_taken_from_a_trusted_proxy_alone(rf, settings):
    settings.TRUSTED_PROXIES = 1
    assert answer(rf, "f3a9-from-the-proxy")["X-Request-ID"] == "f3a9-from-the-proxy"
    settings.TRUSTED_PROXIES = 0
    assert answer(rf, "f3a9-from-the-proxy")["X-Request-ID"] != "f3a9-from-the-proxy"


@pytest.mark.parametrize("header", ["short", "x" * 65, 'id-1234567"} forged line', "a b c d e f g"])
def test_id_that_could_break_a_log_line_is_replaced(rf, settings, header):
    settings.TRUSTED_PROXIES = 1
    assert answer(rf, header)["X-Request-ID"] != header


def test_task_has_an_id_as_well():
    with working_on("message-1"):
        assert (current(), logged_id()) == ("message-1", "message-1")
    assert current() == ""
