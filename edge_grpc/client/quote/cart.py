"""A cart as the till hands it over: read strictly, and everything wrong with it said at once."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Annotated, Any, Literal, Never

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    model_validator,
)

MAX_UNITS = 5_000
Name = Annotated[str, Field(min_length=1, max_length=100)]
Amount = Annotated[Decimal, Field(ge=0, le=10**12, max_digits=18, decimal_places=4)]
Channel = Literal["dine_in", "takeaway", "delivery", "kiosk"]
_HINTS = {
    "extra_forbidden": "is not a field of a cart; leave it out, or correct its spelling",
    "missing": "is missing; add it",
    "timezone_aware": "needs an offset, such as 2026-11-21T12:30:00+07:00",
    "decimal_type": 'has to be an amount written as text, such as "12.50"',
    "decimal_parsing": 'has to be an amount written as text, such as "12.50"',
}


class CartError(Exception):
    """The cart cannot be judged; `problems` says what is wrong, where, and what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CartLine(_Part):
    """Units of one product. Give `product_id` or `sku`; without a price the store's holds."""

    id: Name
    product_id: Name | None = None
    sku: Name | None = None
    quantity: Annotated[StrictInt, Field(ge=1, le=MAX_UNITS)]
    unit_price: Amount | None = None

    @model_validator(mode="after")
    def _names_one_product(self) -> CartLine:
        if (self.product_id is None) == (self.sku is None):
            message = "give either product_id or sku"
            raise ValueError(message)
        return self


class Customer(_Part):
    """Who buys, as far as the till knows; absent fields are unknown, not zero."""

    id: Name | None = None
    is_member: StrictBool = False
    tier: Name | None = None
    is_employee: StrictBool = False
    orders: Annotated[StrictInt, Field(ge=0)] | None = None
    brands_bought: tuple[Name, ...] | None = None
    days_since_last_order: Annotated[StrictInt, Field(ge=0)] | None = None


class Payment(_Part):
    """A means of payment; without an amount it pays what the others leave."""

    method: Name
    amount: Amount | None = None


class Override(_Part):
    """A promotion, by id or code, that staff apply by hand."""

    promotion: Name
    role: str = ""


class Cart(_Part):
    """A bill before promotions. `at` is the instant of sale; absent: now."""

    at: AwareDatetime | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    channel: Channel | None = None
    customer: Customer = Customer()
    lines: Annotated[tuple[CartLine, ...], Field(min_length=1, max_length=500)]
    payments: tuple[Payment, ...] = ()
    vouchers: tuple[Name, ...] = ()
    chosen: tuple[Name, ...] = ()
    overrides: tuple[Override, ...] = ()

    @model_validator(mode="after")
    def _is_coherent(self) -> Cart:
        names = [line.id for line in self.lines]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            message = f"lines need different ids; repeated: {', '.join(repeated)}"
            raise ValueError(message)
        if sum(line.quantity for line in self.lines) > MAX_UNITS:
            message = f"a cart holds at most {MAX_UNITS} units; split it into two bills"
            raise ValueError(message)
        if sum(payment.amount is None for payment in self.payments) > 1:
            message = "only one payment may go without an amount; it pays the rest"
            raise ValueError(message)
        return self


def read_cart(text: str | bytes) -> Cart:
    """Read a cart from JSON, or raise CartError with every problem."""
    try:
        content = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        problem = f"the cart is not JSON: {error}; compare it with docs/edge/cart.json"
        raise CartError([problem]) from None
    return cart_from(content)


def cart_from(content: Any) -> Cart:  # noqa: ANN401 - JSON
    """Check a decoded cart, or raise CartError with every problem."""
    try:
        return Cart.model_validate(content)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        raise CartError([_told(detail) for detail in details]) from None


def _told(detail: Any) -> str:  # noqa: ANN401 - pydantic's own dictionary
    where = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"]
    ).lstrip(".")
    what = _HINTS.get(detail["type"], detail["msg"].removeprefix("Value error, "))
    return f"{where or 'cart'}: {what}"


def _refuse_constant(name: str) -> Never:
    message = f"{name} is no amount"
    raise ValueError(message)
