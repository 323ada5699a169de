import pytest

from totetaxi.outbox.registry import handler_named, handlers_of, handles, job, job_named, jobs

pytestmark = pytest.mark.usefixtures("empty_registry")


def make(module, name):
    def function(subject_id):
        pass

    function.__module__ = module
    function.__name__ = name
    return function


def test_handlers_are_named_by_app_and_function():
    mail = handles("booking_paid")(make("booking.handlers", "send_confirmation"))
    handles("booking_paid", "booking_changed")(make("logistics.handlers.tasks", "dispatch"))

    assert handlers_of("booking_paid") == ("booking.send_confirmation", "logistics.dispatch")
    assert handlers_of("booking_changed") == ("logistics.dispatch",)
    assert handlers_of("unknown") == ()
    assert handler_named("booking.send_confirmation") is mail
    assert handler_named("unknown") is None


def test_one_handler_may_be_registered_for_a_second_event():
    function = make("booking.handlers", "send_confirmation")
    handles("a")(function)
    handles("b")(function)
    handles("b")(function)
    assert (handlers_of("a"), handlers_of("b")) == (("booking.send_confirmation",),) * 2


def test_two_handlers_of_one_name_are_refused():
    handles("a")(make("booking.handlers", "send"))
    with pytest.raises(ValueError, match=r"two handlers named booking\.send"):
        handles("b")(make("booking.handlers", "send"))


def test_jobs_are_known_by_name():
    job("b.second", cron="*/5 * * * *", label="Second")(lambda: "done")
    job("a.first", cron="0 9-20 * * *", label="First")(lambda: "done")
    assert [registered.name for registered in jobs()] == ["a.first", "b.second"]
    first = job_named("a.first")
    assert first is not None
    assert (first.cron, first.label) == ("0 9-20 * * *", "First")
    assert job_named("unknown") is None


def test_job_with_a_taken_name_or_a_wrong_cron_is_refused():
    job("a.first", cron="* * * * *", label="First")(lambda: "done")
    with pytest.raises(ValueError, match=r"two jobs named a\.first"):
        job("a.first", cron="* * * * *", label="Again")(lambda: "done")
    with pytest.raises(ValueError, match="no cron expression"):
        job("c.third", cron="every day", label="Third")
