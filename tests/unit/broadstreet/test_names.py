from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vendor_sync.broadstreet import names

NBSP = "\N{NO-BREAK SPACE}"
# Letters, case pairs, digits and every kind of space that was seen around real names.
TEXTS = st.text(st.sampled_from(f"aAbBßẞİ1()  \t\n{NBSP}\N{NARROW NO-BREAK SPACE}"), max_size=12)
WANTED = st.one_of(TEXTS, st.text(max_size=300)).filter(names.fold)


def test_taken_name_gets_the_first_free_number():
    scope = names.Scope(["Top", "top (1)"])

    assert [scope.take("Top"), scope.take("TOP"), scope.take("Other")] == [
        "Top (2)",
        "TOP (3)",
        "Other",
    ]


def test_case_outer_white_space_and_no_break_spaces_make_no_difference():
    scope = names.Scope([f" Home{NBSP}page\n"])

    assert scope.is_taken("home page")
    assert scope.take("HOME PAGE\t") == "HOME PAGE (1)"


def test_inner_white_space_is_sent_as_it_was_entered():
    assert names.Scope([]).take(f"\tHome{NBSP} page ") == f"Home{NBSP} page"


def test_number_fits_where_the_name_is_as_long_as_it_may_be():
    longest = "x" * names.LONGEST

    assert names.Scope([longest]).take(longest) == "x" * (names.LONGEST - 4) + " (1)"


def test_other_scopes_do_not_matter():
    assert names.Scope([]).take("Top") == names.Scope([]).take("Top") == "Top"


@given(st.lists(TEXTS), st.lists(WANTED, max_size=20))
def test_chosen_names_differ_from_all_others_of_their_scope(taken, wanted):
    scope = names.Scope(taken)

    chosen = [scope.take(name) for name in wanted]

    folded = [names.fold(name) for name in chosen]
    assert len(set(folded)) == len(folded)
    assert not set(folded) & {names.fold(name) for name in taken}
    assert all(0 < len(name) <= names.LONGEST for name in chosen)
    assert all(name == name.strip() for name in chosen)


@given(st.lists(TEXTS), WANTED)
def test_free_name_is_kept(taken, wanted):
    scope = names.Scope(taken)
    free = not scope.is_taken(names.trim(wanted)[: names.LONGEST])

    chosen = scope.take(wanted)

    assert (chosen == names.trim(wanted)[: names.LONGEST]) is free


@given(TEXTS)
def test_folding_twice_is_folding_once(text):
    assert names.fold(names.fold(text)) == names.fold(text)
