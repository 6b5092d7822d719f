"""The vendor's error bodies. Most refusals are HTTP 400; the code says what it was."""

from __future__ import annotations

from sandbox.vendors.wire import Reply


def _errors(status: int, code: str, name: str, message: str) -> Reply:
    entry = {"statusCode": status, "code": code, "codeMsg": name, "message": message}
    # What concerns the key comes without the flag, everything else with it.
    return Reply.of(
        status, {"errors": [entry]} if code < "103" else {"success": False, "errors": [entry]}
    )


KEY_MISSING = _errors(400, "101", "API_KEY_MISSING", "No API key in the headers or the query")
KEY_INVALID = _errors(400, "102", "API_KEY_INVALID", "The API key is not valid")
NO_PERMISSION = _errors(403, "106", "PERMISSION_DENIED", "This key may not use this resource")
NOT_FOUND = _errors(404, "109", "RESOURCE_NOT_FOUND", "There is no such resource")
NO_METHOD = _errors(405, "405", "METHOD_NOT_ALLOWED", "Method Not Allowed")
BAD_LOGIN = _errors(401, "102", "INVALID_CREDENTIALS", "E-mail or password is wrong")
TOO_MANY = _errors(429, "429", "TOO_MANY_REQUESTS", "Too many requests")
_TOO_MANY_V1 = {"success": False, "error": {"code": 40, "message": "Too many requests"}}
TOO_MANY_STYLES = {
    "v1_code_40": Reply.of(429, _TOO_MANY_V1),
    "v1_code_40_in_200": Reply.of(200, _TOO_MANY_V1),
}


def bad_parameter(name: str) -> Reply:
    return _errors(400, "120", "INVALID_PARAMETER", f"{name} is not valid")
