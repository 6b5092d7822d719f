"""Error answers: an envelope with a code, or only a message, as this vendor likes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """`code` empty: the short form, with nothing but `msg`."""

    status: int
    message: str
    code: str = ""


class RefusedError(Exception):
    """Ends a call with an error answer."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


UNAUTHORIZED = Refusal(401, "Unauthorized: the token is invalid or has expired")
TOO_MANY = Refusal(429, "Rate limit exceeded")
NO_PERMISSION = Refusal(403, "No permission to access the ad account", "E1002")
NOT_FOUND = Refusal(404, "Resource can not be found", "E3003")
ONLY_SPEND = Refusal(400, "Unsupported Stats Query: only spend for an ad account", "E1008")
NOT_MIDNIGHT = Refusal(400, "Unsupported Stats Query: DAY needs the start of a day in the "
                       "timezone of the ad account", "E1008")  # fmt: skip
NOT_AN_HOUR = Refusal(
    400, "Unsupported Stats Query: times are at the beginning of an hour", "E1008"
)
TOO_LONG = Refusal(400, "Unsupported Stats Query: the interval is over 32 days", "E1008")
EMPTY_SPAN = Refusal(400, "Unsupported Stats Query: the end must be after the start", "E1008")
NO_ASYNC = Refusal(400, "Unsupported Stats Query: async is not served here", "E1008")


def bad_parameter(name: str) -> Refusal:
    return Refusal(400, f"Parameter {name} is not valid", "E1001")
