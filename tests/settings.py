"""The project's settings, as tests run them."""

import os

os.environ["ENVIRONMENT"] = "test"

from totetaxi.settings import *  # noqa: F403
