"""What a gateway raises when its service fails. Messages carry ids, never personal data."""


class TemporaryError(Exception):
    """The service may answer later: try again."""


class AwayError(TemporaryError):
    """The service is away, for all alike: keep trying for as long as an outage may last."""


class PermanentError(Exception):
    """The service will never accept this: give up and tell a person."""
