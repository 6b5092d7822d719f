from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vendor_sync.broadstreet.dependencies import Blocked, LocalEntity, broken, in_order, resolve
from vendor_sync.broadstreet.entity_types import LEVELS, REFERENCES, EntityType

T = EntityType
TYPES = list(EntityType)


def local(number):
    return f"{number:024x}"


def entity(entity_type, number, **references):
    fields = {"name": f"{entity_type} {number}", **references}
    return LocalEntity(entity_type=entity_type, local_id=local(number), version=1, fields=fields)


def by_id(*entities):
    return {found.local_id: found for found in entities}


@st.composite
def worlds(draw):
    """Entities whose references point at earlier ones of the right type, or at production."""
    made = []
    for number in range(draw(st.integers(1, 25))):
        entity_type = draw(st.sampled_from(TYPES))
        references = {}
        for name, wanted in REFERENCES[entity_type].items():
            there = [found.local_id for found in made if found.entity_type is wanted]
            references[name] = draw(st.sampled_from([*there, number + 1]))
        made.append(entity(entity_type, number, **references))
    return made


def test_levels_come_in_order():
    zone, network = entity(T.ZONES, 1, network_id=9), entity(T.NETWORKS, 2)
    campaign = entity(T.CAMPAIGNS, 3, advertiser_id=1)

    assert in_order([campaign, zone, network]) == [[network], [zone], [campaign]]


@given(worlds())
def test_nothing_comes_before_what_it_needs(made):
    position = {
        found.local_id: number for number, level in enumerate(in_order(made)) for found in level
    }

    assert len(position) == len(made)
    for found in made:
        for target in found.local_references.values():
            assert position[target] < position[found.local_id]


@given(worlds(), st.data())
def test_failed_parent_skips_exactly_its_descendants(made, data):
    fails = set(data.draw(st.lists(st.sampled_from([found.local_id for found in made]))))
    everything, created, outcomes = by_id(*made), {}, {}
    for number, found in enumerate(found for level in in_order(made) for found in level):
        way = resolve(found, created, everything, outcomes)
        if isinstance(way, Blocked):
            outcomes[found.local_id] = way.reason
        elif found.local_id in fails:
            outcomes[found.local_id] = "Broadstreet refused it."
        else:
            created[found.entity_type, found.local_id] = 1000 + number

    def descends(found):
        parents = [everything[target] for target in found.local_references.values()]
        return any(parent.local_id in fails or descends(parent) for parent in parents)

    for found in made:
        kept_local = found.local_id in fails or descends(found)
        assert (found.local_id in outcomes) is kept_local
        assert ((found.entity_type, found.local_id) in created) is not kept_local


def test_reason_names_the_parent_and_why_it_failed():
    parent = entity(T.ADVERTISERS, 1, network_id=9)
    child = entity(T.CAMPAIGNS, 2, advertiser_id=local(1))

    blocked = resolve(child, {}, by_id(parent, child), {local(1): "Broadstreet refused it."})

    assert isinstance(blocked, Blocked)
    assert parent.says() in blocked.reason
    assert blocked.reason.endswith("Broadstreet refused it.")


def test_number_of_another_type_never_resolves_a_reference():
    child = entity(T.CAMPAIGNS, 2, advertiser_id=local(1))

    assert isinstance(resolve(child, {(T.ZONES, local(1)): 7}, {}, {}), Blocked)
    assert resolve(child, {(T.ADVERTISERS, local(1)): 7}, {}, {}) == {"advertiser_id": 7}


def test_dangling_reference_is_the_fault_of_that_entity_alone():
    lost = entity(T.CAMPAIGNS, 2, advertiser_id=local(1))
    fine = entity(T.CAMPAIGNS, 3, advertiser_id=44)
    below = entity(T.PLACEMENTS, 4, campaign_id=local(2), advertisement_id=1, zone_id=1)

    assert broken(by_id(lost, fine, below), set()) == {
        local(2): f"advertiser_id points at the local advertiser {local(1)}, which does not exist."
    }


def test_parent_that_was_exported_before_is_not_lost():
    child = entity(T.CAMPAIGNS, 2, advertiser_id=local(1))

    assert broken(by_id(child), {(T.ADVERTISERS, local(1))}) == {}
    assert broken(by_id(child), {(T.ZONES, local(1))}) != {}


def test_reference_to_another_type_is_told():
    zone = entity(T.ZONES, 1, network_id=9)
    child = entity(T.CAMPAIGNS, 2, advertiser_id=local(1))

    assert broken(by_id(zone, child), set()) == {
        local(2): f"advertiser_id needs a local advertiser, {local(1)} is a local zone."
    }


def test_circle_is_told_to_each_of_its_members_alone():
    one = entity(T.CAMPAIGNS, 1, advertiser_id=local(2))
    other = entity(T.CAMPAIGNS, 2, advertiser_id=local(1))
    selfish = entity(T.ZONES, 3, network_id=local(3))
    outside = entity(T.PLACEMENTS, 4, campaign_id=local(1), advertisement_id=1, zone_id=1)

    found = broken(by_id(one, other, selfish, outside), set())

    assert set(found) == {local(1), local(2), local(3)}
    assert f"{local(1)} -> {local(2)} -> {local(1)}" in found[local(1)]


def test_every_type_has_its_level_above_what_it_needs():
    level = {kind: number for number, kinds in enumerate(LEVELS) for kind in kinds}

    assert set(level) == set(EntityType)
    assert all(level[to] < level[kind] for kind in T for to in REFERENCES[kind].values())
