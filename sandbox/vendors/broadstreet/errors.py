"""The vendor's refusals. Their bodies differ by what refuses: the model, the router, the login."""

from __future__ import annotations

from sandbox.vendors.wire import Reply

_LOGIN_PAGE = (
    b'<!DOCTYPE html><html><head><title>Log in</title></head><body><form action="/login">'
    b'<input name="email"></form></body></html>'
)
LOGIN_PAGE = Reply(200, _LOGIN_PAGE, {"Content-Type": "text/html; charset=utf-8"})
NO_TOKEN = Reply.of(401, {"message": "Unauthorized"})
BAD_TOKEN = Reply.of(403, {"message": "Forbidden"})
NOT_FOUND = Reply.of(404, {"message": "Not Found"})
NO_METHOD = Reply.of(405, {"message": "Method Not Allowed"})
TOO_MANY = Reply.of(429, {"message": "Too Many Requests"})
CANNOT_ABANDON = Reply.of(400, {"message": "cannot abandon network"})


class RefusedError(Exception):
    """The vendor's model refuses a write; `fields` is {field: message}."""

    def __init__(self, **fields: str) -> None:
        super().__init__(str(fields))
        self.fields = fields

    def reply(self) -> Reply:
        return Reply.of(422, {"errors": self.fields})


def bad_request(message: str) -> Reply:
    return Reply.of(400, {"message": message})
