"""Asks the site each minute whether it is ready, as a platform does: that gives the alarms.

``python -m totetaxi.dev.watch URL``. The first question comes after the first minute: until then
the queue of a site that has just started has given no sign of life.
"""

import sys
import time
import urllib.error
import urllib.request

EVERY_SECONDS = 60
ANSWER_SECONDS = 10


def ask(url: str) -> int:
    """The status of the answer; 0 if there is none."""
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def main() -> None:
    """Ask until ended, and say when the answer changes."""
    url, well = sys.argv[1], 200
    while True:
        time.sleep(EVERY_SECONDS)
        before, well = well, ask(url)
        if well != before:
            print(f"{url} answers {well}" if well else f"{url} does not answer", flush=True)


if __name__ == "__main__":
    main()
