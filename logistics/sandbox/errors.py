"""Onfleet's error answers."""

import uuid
from typing import Any


class ApiError(Exception):
    """An answer other than 200, in Onfleet's shape."""

    def __init__(self, status: int, code: str, number: int, message: str, cause: Any = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self._code = code
        self._number = number
        self._cause = cause

    def body(self) -> dict[str, Any]:
        return {
            "code": self._code,
            "message": {
                "error": self._number,
                "message": self.message,
                "cause": self._cause,
                "request": str(uuid.uuid4()),
            },
        }


def invalid(cause: str) -> ApiError:
    text = "The values of one or more parameters are invalid."
    return ApiError(400, "InvalidContent", 1000, text, cause)


def not_geocoded(cause: str) -> ApiError:
    return ApiError(400, "InvalidArgument", 1900, "The address could not be found.", cause)


def refused(cause: str) -> ApiError:
    text = "The task cannot be changed in this way in its present state."
    return ApiError(412, "PreconditionFailed", 1604, text, cause)


def unknown(what: str) -> ApiError:
    return ApiError(404, "ResourceNotFound", 1402, f"The requested {what} does not exist.")


def unauthorised() -> ApiError:
    return ApiError(401, "InvalidCredentials", 1102, "The authentication key is invalid.")


def too_many() -> ApiError:
    return ApiError(429, "TooManyRequests", 2300, "Request throttled, too many requests.")


def broken() -> ApiError:
    return ApiError(500, "InternalServerError", 2500, "An unexpected error occurred.")
