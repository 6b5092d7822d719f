"""Encoded replies, kept up to a number of bytes, so that a warm page costs a lookup."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock

from sandbox.vendors.wire import Reply


class PageCache:
    """Least recently used first out; filled by the worker thread, read by the event loop."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._replies: OrderedDict[Hashable, Reply] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: Hashable) -> Reply | None:
        with self._lock:
            reply = self._replies.get(key)
            if reply is not None:
                self._replies.move_to_end(key)
            return reply

    def put(self, key: Hashable, reply: Reply) -> None:
        with self._lock:
            previous = self._replies.pop(key, None)
            self._bytes += len(reply.body) - (len(previous.body) if previous else 0)
            self._replies[key] = reply
            while self._bytes > self._limit and len(self._replies) > 1:
                self._bytes -= len(self._replies.popitem(last=False)[1].body)

    def clear(self) -> None:
        with self._lock:
            self._replies.clear()
            self._bytes = 0
