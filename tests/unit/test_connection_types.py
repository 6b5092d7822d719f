"""The forms of our connections, their page, and the checks behind them."""

from __future__ import annotations

import re

import pytest

from sandbox.home import REPOSITORY
from vendor_sync.connection_checks import NAMES, check_connection
from vendor_sync.connections import Connection
from vendor_sync_provider import get_provider_info
from vendor_sync_provider.forms import FORMS

PAGE = (REPOSITORY / "docs" / "connections.md").read_text()


def documented():
    """Return {connection type: {field: label}} of the page's tables."""
    found: dict[str, dict[str, str]] = {}
    for section in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]:
        name = re.match(r".*\(`(\w+)`\)", section)
        assert name, section[:60]
        found[name[1]] = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", section, re.MULTILINE))
    return found


def test_the_page_has_each_types_fields_under_their_labels():
    expected = {
        form.conn_type: {**form.labels, **{field.name: field.label for field in form.fields}}
        for form in FORMS
    }

    assert documented() == expected


def test_each_type_is_checked():
    types = get_provider_info()["connection-types"]

    assert {each["connection-type"] for each in types} == set(NAMES)


def test_each_field_of_a_form_is_one_that_the_settings_read():
    code = "".join(file.read_text() for file in (REPOSITORY / "plugins").rglob("*.py"))

    for form in FORMS:
        for field in form.fields:
            assert f'"{field.name}"' in code, (form.conn_type, field.name)


# Exchange rates need nothing: the bank's own address is known.
NEEDY = [form for form in FORMS if form.conn_type != "fx"]


@pytest.mark.parametrize("form", NEEDY, ids=lambda form: form.conn_type)
def test_an_empty_form_is_told_which_field_is_missing(form):
    works, says = check_connection(form.conn_type, Connection(conn_id=form.conn_id))

    label = re.search(r"The field '(.+)' is empty", says)
    assert not works
    assert label, says
    assert label[1] in {*form.labels.values(), *(field.label for field in form.fields)}


def test_the_hooks_have_the_names_of_the_forms():
    source = (REPOSITORY / "plugins/vendor_sync/orchestration/hooks.py").read_text()
    for form in FORMS:
        body = source.partition(f"class {form.hook}(")[2].partition("\n\n\n")[0]
        assert f'"{form.conn_type}"' in body
        assert f'"{form.conn_id}"' in body
        assert f'"{form.title}"' in body
