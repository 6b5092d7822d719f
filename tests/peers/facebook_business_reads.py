"""Read an ad account with Meta's own SDK and print it as JSON; run by the SDK's environment."""
# pyright: reportMissingImports=false
# The SDK is in an environment of its own only.

from __future__ import annotations

import json
import sys
from typing import Any

from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

FIELDS = ["campaign_id", "campaign_name", "account_currency", "spend", "impressions", "clicks",
          "reach", "frequency", "actions", "action_values"]  # fmt: skip
STATUSES = ["ACTIVE", "ARCHIVED", "DELETED", "IN_PROCESS", "PAUSED", "WITH_ISSUES"]
MOST_POLLS = 20


def main() -> None:
    url, token, account_id, since, until = sys.argv[1:]
    FacebookSession.GRAPH = url
    FacebookAdsApi.init(access_token=token, crash_log=False)
    account = AdAccount(f"act_{account_id}")
    span = {"since": since, "until": until}
    params = {"level": "campaign", "time_increment": 1, "time_range": span, "limit": 50}
    read = {
        "account": account.api_get(fields=["name", "currency", "timezone_name"]).export_all_data(),
        "campaigns": _exported(
            account.get_campaigns(
                fields=["name"], params={"effective_status": STATUSES, "limit": 3}
            )
        ),
        "days": _exported(account.get_insights(fields=FIELDS, params=params)),
        "report": _report(account, params),
    }
    json.dump(read, sys.stdout)


def _report(account: Any, params: dict[str, Any]) -> list[Any]:
    run = account.get_insights_async(fields=FIELDS, params=params)
    for _ in range(MOST_POLLS):
        run = run.api_get()
        if run["async_status"] == "Job Completed":
            return _exported(run.get_insights(params={"limit": 50}))
    message = f"the report is still {run['async_status']}"
    raise RuntimeError(message)


def _exported(cursor: Any) -> list[Any]:
    return [item.export_all_data() for item in cursor]


if __name__ == "__main__":
    main()
