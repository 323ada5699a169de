"""Delivering by hand, for the day on which the queue itself is the trouble."""

import pytest
from django.core.management import CommandError, call_command


@pytest.mark.parametrize("text", ["x", "00000000-0000-0000-0000-000000000000"])
def test_a_message_that_is_not_there_is_said_so(db, text):
    with pytest.raises(CommandError, match=f"There is no message {text}"):
        call_command("deliver", text)
