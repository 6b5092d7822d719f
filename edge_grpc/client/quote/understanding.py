"""What this edge cannot read of a promotion: it is skipped and reported, and never guessed at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edge_grpc.client.quote.reasons import Miss, Reason
from edge_grpc.v1 import promotion_pb2 as pb
from edge_grpc.v1.types_pb2 import Weekday

CONTRACT_VERSION = 1


def not_understood(promotion: pb.Promotion) -> Miss | None:
    """Return why this edge cannot apply the promotion on any bill, None if it knows all of it."""
    if promotion.min_edge_version > CONTRACT_VERSION:
        text = f"needs contract version {promotion.min_edge_version}; update this edge"
        return Miss(Reason.NEWER_EDGE_NEEDED, text)
    if promotion.WhichOneof("rule") is None:
        return Miss(Reason.UNKNOWN_RULE, "does something that this edge does not know; update it")
    unknown = next(_unknown_values(promotion), None)
    if unknown:
        return Miss(Reason.UNKNOWN_VALUE, f"{unknown} is not known to this edge; update it")
    return None


def _unknown_values(promotion: pb.Promotion) -> Iterator[str]:
    conditions = promotion.conditions
    checks: list[tuple[str, Iterable[int], Iterable[int]]] = [
        ("apply_to", [promotion.apply_to], pb.ApplyTo.values()),
        ("execution_stage", [promotion.execution_stage], pb.ExecutionStage.values()),
        ("days", promotion.validity.days, Weekday.values()),
        ("customer_type", [conditions.customer_type], pb.CustomerType.values()),
        ("sales_channels", conditions.sales_channels, pb.SalesChannel.values()),
        ("excluded_channels", conditions.excluded_channels, pb.SalesChannel.values()),
    ]
    if promotion.HasField("cross_brand"):
        kinds = pb.CrossBrandType.values()
        checks.append(("cross_brand.type", [promotion.cross_brand.type], kinds))
        if promotion.cross_brand.parameters_json:
            yield "cross_brand.parameters_json"
    for name, given, known in checks:
        usable = set(known) - {0}
        yield from (f"{name} {value}" for value in given if value not in usable)
