"""Read an advertiser's campaigns with the singer tap and print its messages."""
# pyright: reportMissingImports=false
# The tap is in an environment of its own only.

from __future__ import annotations

import json
import sys
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from singer import metadata
from singer.catalog import CatalogEntry
from singer.schema import Schema
from tap_tiktok_ads.client import TikTokClient
from tap_tiktok_ads.streams import STREAMS

VENDOR = "https://business-api.tiktok.com"


class Detour(HTTPAdapter):
    """Sends what is meant for the vendor, whose address the tap does not let us choose, to us."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: Any, *arguments: Any, **named: Any) -> Any:
        request.url = self._url + request.url.removeprefix(VENDOR)
        request.headers["Host"] = urlsplit(self._url).netloc
        return super().send(request, *arguments, **named)


def main() -> None:
    url, token, account_id, since = sys.argv[1:]

    class Detoured(requests.Session):
        def __init__(self) -> None:
            super().__init__()
            self.mount(VENDOR, Detour(url))

    requests.Session = Detoured
    schema = json.loads((files("tap_tiktok_ads") / "schemas" / "campaigns.json").read_text())
    selected = metadata.write(metadata.new(), (), "selected", True)  # noqa: FBT003 - its signature
    for name in schema["properties"]:
        metadata.write(selected, ("properties", name), "selected", True)  # noqa: FBT003 - its signature
    entry = CatalogEntry(
        tap_stream_id="campaigns",
        stream="campaigns",
        schema=Schema.from_dict(schema),
        key_properties=["advertiser_id", "campaign_id", "modify_time"],
        metadata=metadata.to_list(selected),
    )
    config = {"start_date": since, "accounts": [account_id], "access_token": token}
    with TikTokClient(token, [account_id], config=config) as client:
        STREAMS["campaigns"](client, config, {}).do_sync(entry)


if __name__ == "__main__":
    main()
