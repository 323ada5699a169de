"""Whether the database answers, asked in a way that itself always ends in time."""

import threading

from django.db import connection


def answers(*, seconds: float) -> bool:
    """Whether it answers a question within so long.

    Asked by a thread of its own, with a connection of its own: a server that is gone, or takes the
    connection and is silent, would hold ours for minutes. A thread that is left behind ends with
    the connection's own timeouts.
    """
    answered = threading.Event()
    done = threading.Event()

    def ask() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            answered.set()
        except Exception:  # noqa: S110 (any failure is the answer "no")
            pass
        finally:
            done.set()
            connection.close()

    threading.Thread(target=ask, name="database-probe", daemon=True).start()
    done.wait(seconds)
    return answered.is_set()
