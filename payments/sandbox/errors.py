"""Stripe's error answers."""

from typing import Any


class ApiError(Exception):
    """An answer other than 200, in Stripe's shape.

    ``executed`` tells whether the endpoint had begun its work: only then is the answer kept under
    the idempotency key, as Stripe does.
    """

    executed = True

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.error: dict[str, Any] = {"message": message, "type": kind, **extra}
        if code:
            self.error["code"] = code
            self.error["doc_url"] = f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}"
        if param:
            self.error["param"] = param

    def body(self) -> dict[str, Any]:
        return {"error": dict(sorted(self.error.items()))}


class ParameterError(ApiError):
    """A parameter Stripe refuses before it does anything (400, not kept for replay)."""

    executed = False

    def __init__(self, message: str, param: str | None, code: str | None = None) -> None:
        super().__init__(400, message, code=code, param=param)


def missing_object(kind: str, object_id: str, param: str = "id") -> ApiError:
    return ApiError(404, f"No such {kind}: '{object_id}'", code="resource_missing", param=param)
