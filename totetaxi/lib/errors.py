"""What a gateway raises when its service fails. Messages carry ids, never personal data."""


class TemporaryError(Exception):
    """The service may answer later: try again."""


class PermanentError(Exception):
    """The service will never accept this: give up and tell a person."""
