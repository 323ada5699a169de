"""What code has registered: handlers of events and scheduled jobs, by name.

Names are stored in the database, so renaming a handler or a job leaves old rows behind: waiting
messages of an unknown handler die with a clear error, an unknown job's schedule is removed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from croniter import croniter

from totetaxi.lib.clock import NEW_YORK, elapsed

Handler = Callable[[str], None]
JobFunction = Callable[[], str]


@dataclass(frozen=True)
class ScheduledJob:
    """A function that runs by the clock, New York time, and says in a few words what it did."""

    name: str
    cron: str
    label: str
    function: JobFunction
    # The Django setting (a bool) that says whether the job is on when its row is made; "": it is.
    setting: str = ""

    def due_by(self, moment: datetime) -> datetime:
        """Its last turn before a moment."""
        turn: datetime = self._turns(moment).get_prev()
        return turn

    def interval(self, at: datetime) -> timedelta:
        """From its turn at or before a moment to the next one; nights make it differ."""
        last = self.due_by(at + timedelta(seconds=1))
        return elapsed(last, self._turns(last).get_next())

    def _turns(self, at: datetime) -> croniter:
        return croniter(self.cron, at.astimezone(NEW_YORK), ret_type=datetime)


_handlers: dict[str, Handler] = {}
_names_by_event: dict[str, list[str]] = {}
_jobs: dict[str, ScheduledJob] = {}


def handles(*events: str) -> Callable[[Handler], Handler]:
    """Register a function ``handler(subject_id)`` for events; its name is "<app>.<function>".

    A handler may run more than once for a message and must not do its work twice. It raises
    TemporaryError to be tried again and PermanentError to give up; anything else is tried again.
    """

    def register(function: Handler) -> Handler:
        name = handler_name(function)
        if _handlers.setdefault(name, function) is not function:
            raise ValueError(f"There are two handlers named {name}")
        for event in events:
            names = _names_by_event.setdefault(event, [])
            if name not in names:
                names.append(name)
        return function

    return register


def handler_name(function: Handler) -> str:
    """The name stored in messages: "booking.send_confirmation"."""
    app = function.__module__.partition(".handlers")[0]
    return f"{app}.{function.__name__}"


def handlers_of(event: str) -> tuple[str, ...]:
    """The names of the handlers of an event, in the order of their registration."""
    return tuple(_names_by_event.get(event, ()))


def handler_named(name: str) -> Handler | None:
    """The handler of this name, None if the code no longer has it."""
    return _handlers.get(name)


def job(
    name: str, *, cron: str, label: str, setting: str = ""
) -> Callable[[JobFunction], JobFunction]:
    """Register a function as a job: ``cron`` in New York time, ``label`` for people.

    ``setting`` names the Django setting that gives the switch its first value, and nothing
    after that: once the job's row is there, people switch it (R656).
    """
    if not croniter.is_valid(cron):
        raise ValueError(f"{cron!r} is no cron expression")

    def register(function: JobFunction) -> JobFunction:
        if name in _jobs:
            raise ValueError(f"There are two jobs named {name}")
        _jobs[name] = ScheduledJob(name, cron, label, function, setting)
        return function

    return register


def jobs() -> tuple[ScheduledJob, ...]:
    """All jobs, by name."""
    return tuple(_jobs[name] for name in sorted(_jobs))


def job_named(name: str) -> ScheduledJob | None:
    """The job of this name, None if there is none."""
    return _jobs.get(name)
