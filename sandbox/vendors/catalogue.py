"""The vendors that the server answers as: a new one is added here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sandbox.vendors.broadstreet.routes import Broadstreet
from sandbox.vendors.trackier.routes import Trackier
from sandbox.vendors.vendor import Vendor
from sandbox.vendors.webhook import Webhook

VENDORS: tuple[Callable[[Mapping[str, str]], Vendor], ...] = (Trackier, Broadstreet, Webhook)
