"""The six kinds of things that Broadstreet holds, and what each of them needs first."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class EntityType(StrEnum):
    """Named like its production collection, its endpoint and its place in counts and logs."""

    NETWORKS = "networks"
    ADVERTISERS = "advertisers"
    ZONES = "zones"
    ADVERTISEMENTS = "advertisements"
    CAMPAIGNS = "campaigns"
    PLACEMENTS = "placements"

    @property
    def local(self) -> str:
        """Return the collection of those that were made here and are not in Broadstreet yet."""
        return f"local_{self.value}"

    @property
    def singular(self) -> str:
        """Return the word for one of them, as messages and the vendor's bodies use it."""
        return self.value.removesuffix("s")


# The fields that point at another entity: its Broadstreet id, or the `_id` of a local one.
REFERENCES: Mapping[EntityType, Mapping[str, EntityType]] = {
    EntityType.NETWORKS: {},
    EntityType.ADVERTISERS: {"network_id": EntityType.NETWORKS},
    EntityType.ZONES: {"network_id": EntityType.NETWORKS},
    EntityType.ADVERTISEMENTS: {"advertiser_id": EntityType.ADVERTISERS},
    EntityType.CAMPAIGNS: {"advertiser_id": EntityType.ADVERTISERS},
    EntityType.PLACEMENTS: {
        "campaign_id": EntityType.CAMPAIGNS,
        "advertisement_id": EntityType.ADVERTISEMENTS,
        "zone_id": EntityType.ZONES,
    },
}

# What is on one level needs only what is on the levels before it.
LEVELS: tuple[tuple[EntityType, ...], ...] = (
    (EntityType.NETWORKS,),
    (EntityType.ADVERTISERS, EntityType.ZONES),
    (EntityType.ADVERTISEMENTS,),
    (EntityType.CAMPAIGNS,),
    (EntityType.PLACEMENTS,),
)
