from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from vendor_sync.ad_analytics.fx import rates_from_csv
from vendor_sync.errors import InvalidRecordError


def test_an_operators_file_is_read_line_by_line():
    records, rejects = rates_from_csv(
        [
            "day,base_currency,quote_currency,rate",
            "2026-03-01,usd, KWD ,0.3072",
            "01.03.2026,USD,EGP,47",
            "2026-03-02,USD,Kuwaiti Dinar,0.3",
            "2026-03-02,USD,EGP,forty",
            "2026-03-02,USD,EGP,0",
            "2026-03-02,USD,EGP,NaN",
            "2026-03-02,USD,USD,1",
            "2026-03-03,USD,EGP",
            "2026-03-04,USD,EGP,47.5",
        ]
    )

    assert [(r.day, r.base_currency, r.quote_currency, r.rate, r.source) for r in records] == [
        (date(2026, 3, 1), "USD", "KWD", Decimal("0.3072"), "manual"),
        (date(2026, 3, 4), "USD", "EGP", Decimal("47.5"), "manual"),
    ]
    assert [(reject.external_id, reject.reason) for reject in rejects] == [
        ("line 3", "'01.03.2026' is no day (YYYY-MM-DD)"),
        ("line 4", "'KUWAITI DINAR' is no currency code"),
        ("line 5", "rate 'forty' is no number"),
        ("line 6", "rate 0 cannot be one"),
        ("line 7", "rate NaN cannot be one"),
        ("line 8", "USD against itself needs no rate"),
        ("line 9", "rate '' is no number"),
    ]


def test_a_file_without_a_column_is_refused_as_a_whole():
    with pytest.raises(InvalidRecordError, match="no column 'rate'"):
        rates_from_csv(["day,base_currency,quote_currency", "2026-03-01,USD,KWD"])
