"""What can go wrong with a backup, a restore or a release."""


class OperationError(Exception):
    """It cannot be done; the message says why and what to do."""
