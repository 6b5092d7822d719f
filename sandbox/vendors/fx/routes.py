"""Three files: the last day, ninety days, everything; the newest day first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal

from sandbox.vendors.ad_world.routes import AdWorld
from sandbox.vendors.ad_world.vendor import WorldVendor
from sandbox.vendors.wire import Call, Reply, Secret

FIRST_DAY = date(1999, 1, 4)
_PATH = "/stats/eurofxref/"
_NINETY = timedelta(days=90)
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"'
    ' xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">\n'
    "<gesmes:subject>Reference rates</gesmes:subject>\n"
    "<gesmes:Sender><gesmes:name>Sandbox Central Bank</gesmes:name></gesmes:Sender>\n<Cube>\n"
)
_TAIL = "</Cube>\n</gesmes:Envelope>\n"


class Fx(WorldVendor):
    """Answers anybody: there is no key."""

    name = "fx"
    caches = True

    def __init__(self, ad_world: AdWorld) -> None:
        super().__init__({self.name: ""}, ad_world)

    def keys(self) -> Iterable[Secret]:
        return ()

    def answer(self, call: Call) -> Reply:
        today = self.world.now.date() + timedelta(days=1)
        files: Mapping[str, Iterator[tuple[date, dict[str, Decimal]]]] = {
            f"{_PATH}eurofxref-daily.xml": self._newest(self._days(today, FIRST_DAY)),
            f"{_PATH}eurofxref-hist-90d.xml": self._days(today, today - _NINETY),
            f"{_PATH}eurofxref-hist.xml": self._days(today, FIRST_DAY),
        }
        if call.method != "GET" or call.path not in files:
            return self.reply(404, {"message": "no such file"})
        body = _HEAD + "".join(map(_dated, files[call.path])) + _TAIL
        headers = {**self.reply(200, "").headers, "Content-Type": "text/xml"}
        return self.keep(call, Reply(200, body.encode(), headers))

    def _days(self, last: date, first: date) -> Iterator[tuple[date, dict[str, Decimal]]]:
        day = last
        while day >= first:
            rates = self.world.rates.published(day, self.world.now)
            if rates:
                yield day, rates
            day -= timedelta(days=1)

    def _newest(
        self, days: Iterator[tuple[date, dict[str, Decimal]]]
    ) -> Iterator[tuple[date, dict[str, Decimal]]]:
        yield from [next(days)]


def _dated(published: tuple[date, dict[str, Decimal]]) -> str:
    day, rates = published
    cubes = "".join(
        f'<Cube currency="{currency}" rate="{rate.normalize():f}"/>'
        for currency, rate in rates.items()
    )
    return f'<Cube time="{day}">{cubes}</Cube>\n'
