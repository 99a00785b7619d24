"""Rows that are decoded when somebody looks say exactly what plain dicts say."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rigmill.storage import rows
from rigmill.storage.files import canonical_json
from rigmill.storage.rows import StoredRows, only_keys, value_json, with_values

FILE = pa.struct([("name", pa.string()), ("size_bytes", pa.int64()), ("flag", pa.bool_())])
SCHEMA = pa.schema(
    [
        ("title", pa.string()),
        ("count", pa.int64()),
        ("share", pa.float64()),
        ("fine", pa.bool_()),
        ("file", FILE),
        ("tags", pa.list_(pa.string())),
        ("files", pa.list_(pa.struct([("name", pa.string()), ("file", FILE)]))),
        ("always", pa.string()),
        ("never", pa.string()),
    ]
)
# What JSON escapes: quotes, control characters, everything beyond ASCII.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(["", "c\\d", "é\n", "歩"])
COUNT = st.none() | st.integers(-(2**63), 2**63 - 1)
NUMBER = st.none() | st.floats(allow_nan=False, allow_infinity=False)
FLAG = st.none() | st.booleans()
FILES = st.none() | st.fixed_dictionaries({"name": st.none() | TEXT, "size_bytes": COUNT, "flag": FLAG})
ROW = st.fixed_dictionaries(
    {
        "title": st.none() | TEXT,
        "count": COUNT,
        "share": NUMBER,
        "fine": FLAG,
        "file": FILES,
        "tags": st.none() | st.lists(st.none() | TEXT, max_size=3),
        "files": st.none() | st.lists(st.fixed_dictionaries({"name": TEXT, "file": FILES}), max_size=3),
        "always": st.just("plain"),
        "never": st.none(),
    }
)


def stored(found: list[dict[str, Any]]) -> StoredRows:
    table = pa.Table.from_pylist(found, SCHEMA)
    return StoredRows(lambda name: table[name], SCHEMA, len(found))


@pytest.fixture(autouse=True)
def short_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "SPAN", 3)  # so that a few rows are several spans


@settings(max_examples=150, deadline=None)
@given(
    found=st.lists(ROW, max_size=8),
    names=st.sets(st.sampled_from(SCHEMA.names)),
    more=st.dictionaries(
        st.sampled_from(["above", "count", "kind", "tags", "zeta"]), TEXT | COUNT | NUMBER | st.lists(COUNT, max_size=2)
    ),
)
def test_json_of_a_stored_row_is_that_of_its_dict(
    found: list[dict[str, Any]], names: set[str], more: dict[str, Any]
) -> None:
    for row, plain in zip(stored(found), found, strict=True):
        assert dict(row) == plain and row.to_json() == canonical_json(plain) == canonical_json(row)
        part = with_values(only_keys(row, *sorted(names)), more)
        expected = {name: plain[name] for name in names} | more
        assert dict(part) == expected and value_json(part) == canonical_json(expected)
        assert value_json({"inner": [part]}) == canonical_json({"inner": [expected]})


def test_a_part_holds_what_was_chosen_and_values_over_it_stay_in_it() -> None:
    found = stored([{"title": "a", "count": 1, "always": "x"}, {"title": "b", "count": 2, "always": "x"}])
    first, second = found
    part = only_keys(first, "title", "count")
    with pytest.raises(KeyError):
        part["always"]
    with pytest.raises(KeyError):
        first["no such column"]
    part = with_values(part, {"count": 7})
    assert dict(part) == {"title": "a", "count": 7} and first["count"] == 1 and second["count"] == 2
    assert {"count": 9, **first} == dict(first) and first.get("none of these") is None
    assert value_json(only_keys(with_values(part, {"kind": "k"}), "kind", "title")) == '{"kind":"k","title":"a"}'


def test_rows_can_be_read_again_in_any_order() -> None:
    found = stored([{"title": str(number), "count": number} for number in range(10)])
    assert [row["title"] for row in found] == [row["title"] for row in found] == [str(number) for number in range(10)]
    assert [row["count"] for row in sorted(found, key=lambda row: -row["count"])] == list(range(9, -1, -1))
    found.release()
    assert found[-1]["title"] == "9" and [row["count"] for row in found[2:4]] == [2, 3] and len(found) == 10


def test_a_number_that_json_cannot_say_is_refused() -> None:
    (row,) = stored([{"share": float("nan")}])
    with pytest.raises(ValueError, match="not JSON compliant"):
        row.to_json()


def test_it_spoils_its_own_row_and_no_other_of_the_column() -> None:
    found = stored(
        [{"title": "a", "share": 0.5}, {"title": "b", "share": float("inf")}, {"title": "c\0", "share": None}]
    )
    for row in (found[0], found[2]):
        assert row.to_json() == canonical_json(dict(row))
    with pytest.raises(ValueError, match="not JSON compliant"):
        found[1].to_json()
    assert only_keys(found[1], "title").to_json() == '{"title":"b"}'
