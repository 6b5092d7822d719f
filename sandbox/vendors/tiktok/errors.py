"""The codes of this vendor, as the body of an HTTP 200."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    code: int
    message: str


class RefusedError(Exception):
    """Ends a call with a code."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


TOKEN_MISSING = Refusal(40104, "Access token is empty in the request header: Access-Token.")
TOKEN_BAD = Refusal(40105, "The access token is not right, or was taken back.")
BAD_CODE = Refusal(40110, "The auth_code is not right, was used, or is too old.")
NO_REFRESH = Refusal(40107, "The refresh token is not right.")
NO_ADVERTISER = Refusal(40300, "The advertiser does not exist.")
NO_PERMISSION = Refusal(40001, "No permission to operate on the advertiser.")
TOO_MANY_IDS = Refusal(40011, "The ids of a filter are more than 100.")
TOO_LARGE = Refusal(40067, "The query is too large: ask for fewer metrics or a shorter time.")
NO_TASK = Refusal(40007, "The task does not exist.")
TASK_NOT_READY = Refusal(40201, "The task is not ready yet.")
TASK_FAILED = Refusal(40200, "The task has an error.")
QPS = Refusal(40100, "App reaches the QPS limit.")
QPM = Refusal(40100, "Too many: requests from App are temporarily restricted.")
QPD = Refusal(40016, "App reaches the QPD limit.")
ADVERTISER_QPS = Refusal(40133, "Advertiser's QPS (21) reaches QPS limit 20 for current path.")
LIMITS = {"qps": QPS, "qpm": QPM, "qpd": QPD, "advertiser": ADVERTISER_QPS}


def bad_parameter(why: str) -> Refusal:
    return Refusal(40002, why)
