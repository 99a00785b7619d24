from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from rigmill.commands.status import by_source_text
from rigmill.config.schema import Filters
from rigmill.licences.rights import Rights
from rigmill.outcomes import Failed, FailKind, Kept, Rejected
from rigmill.pipeline.registry import STAGES
from rigmill.pipeline.stage import source_of
from rigmill.report import funnel_section, html
from rigmill.report.funnel import EXAMPLES, by_source, funnel, licence_rows, read_ends
from rigmill.report.limits import MEASURES, at_other_limits, limit_of
from rigmill.storage.columns import OUTCOMES, PRODUCTS
from rigmill.storage.files import Store
from rigmill.types import Row
from tests.support.report_rows import Rows

KEPT = Kept([])


def view() -> Any:
    rows = Rows()
    rows.end("collect", "procedural", KEPT, 5)
    rows.end("collect", "mixamo", KEPT, 3)
    rows.end("collect", "mixamo", Rejected("unknown_type", "no"), 2)
    rows.end("probe", "procedural", KEPT, 4)
    rows.end("probe", "procedural", Rejected("no_rig", "none"))
    rows.end("probe", "mixamo", Failed(FailKind.CRASH, "Segfault", "died"), 3)
    rows.end("preview", "procedural", KEPT, 20)
    rows.end("preview", "procedural", Rejected("too_few_frames", "2 frames", 2.0, 16.0), 9)
    rows.end("select", "procedural", KEPT, 12)
    rows.end("select", "procedural", Rejected("little_motion", "still <b>", 0.1, 0.6), 8)
    rows.end("render", "procedural", KEPT, 12)
    rows.made["shards"] = [{"source": "procedural"}] * 11
    return rows


def test_each_source_has_a_row_with_a_number_per_step_and_the_papers_beside_it() -> None:
    found = {row.pop("source"): tuple(row.values()) for row in funnel(view(), read_ends(view()))}
    assert found == {
        "procedural": (5, 5, 4, 29, 20, 12, 12, 11, None),
        "mixamo": (5, 3, 0, 0, 0, 0, 0, 0, 55_222),
        "objaverse": (0,) * 8 + (48_020,),
        "vroid": (0,) * 8 + (57_781,),
    }


def test_the_numbers_of_the_sources_add_up_to_those_of_the_stages() -> None:
    rows = view()
    ends = read_ends(rows)
    for stage in STAGES:
        by_status = ends.by_status[stage].values()
        assert sum(counts.total() for counts in by_status) == len(rows.outcomes(stage))
    reasons = sum(reason.counts.total() for reason in ends.reasons)
    assert reasons == sum(row["status"] != "kept" for name in STAGES for row in rows.outcomes(name))


def test_status_by_source_says_what_stopped_each_sources_inputs() -> None:
    rows = by_source(view(), ("collect", "probe"))
    assert rows[0] == {
        "stage": "collect",
        "source": "mixamo",
        "kept": 3,
        "rejected": 2,
        "failed": 0,
        "reasons": {"unknown_type": 2},
    }
    text = by_source_text(rows)
    assert re.search(r"^probe +mixamo +0 +0 +3 +crash 3$", text, re.M)


def test_examples_come_from_every_source_in_turn_and_are_few() -> None:
    rows = Rows()
    for source, number in (("a", 100), ("b", 1), ("c", 3)):
        rows.end("collect", source, Rejected("empty_file", "nothing"), number)
    (reason,) = read_ends(rows).reasons  # type: ignore[arg-type]
    assert [row["source"] for row in reason.chosen()] == ["a", "b", "c", "a", "c", "a"]
    assert len(reason.chosen()) == EXAMPLES and reason.counts == {"a": 100, "b": 1, "c": 3}


def test_a_pairs_source_is_its_characters_and_a_shard_has_none() -> None:
    assert source_of({"source": "x"}) == "x" and source_of({"character": {"source": "y"}, "motion": {}}) == "y"
    assert source_of({"shard": "train-000000", "rows": []}) == ""
    assert "source" in OUTCOMES.names


def test_every_measure_is_a_stored_column_and_a_limit_of_the_profile() -> None:
    for measure in MEASURES:
        assert measure.column in PRODUCTS[measure.stage].names and measure.limit in Filters.model_fields
        assert limit_of(view(), measure) > 0


@pytest.mark.parametrize(("place", "expected"), [(0, [6, 5, 4, 3, 2, 2, 1]), (3, [2, 4, 4, 4, 5, 6])])
def test_other_limits_keep_more_or_fewer(place: int, expected: list[int]) -> None:
    measure = MEASURES[place]
    values = [0.1, 0.2, 0.6, 0.7, 0.91, 1.0] if not measure.keeps_above else [0.15, 0.3, 0.45, 0.6, 1.3, 9.0]
    limit = 0.9 if not measure.keeps_above else 0.6
    found = at_other_limits(values, measure, limit)
    assert [number for _, number in found] == expected and limit in [other for other, _ in found]


def test_a_histogram_has_a_bar_for_every_value_on_either_side_of_its_limit() -> None:
    def bars(values: list[float], **how: Any) -> tuple[int, int]:
        chart = html.histogram(values, label="<x>", **how)
        assert "<x>" not in chart and "NaN" not in chart and "inf" not in chart
        return chart.count("bar-kept"), chart.count("bar-dropped")

    above = {"limit": 1.0, "keeps_above": True, "logarithmic": True}
    assert bars([0.01, 0.02, 5.0], **above) == (1, 2) and bars([1.0], **above) == (1, 0)
    assert bars([0.0, 0.0], **above) == (0, 1) and bars([0.0, 1e12], **above) == (1, 1)
    assert bars([0.2, 0.9, 0.95], limit=0.9, keeps_above=False, logarithmic=False) == (2, 1)
    assert html.histogram([], label="x", **above) == ""


def licensed(licence: str, rights: Rights, **more: str) -> Row:
    return {"licence": licence, "rights": rights.to_row(), "licence_seen_in": "index", "kind": "native"} | more


def test_licences_are_counted_with_what_each_policy_says_of_them() -> None:
    free = Rights(may_train=True, may_modify=True, may_share_motion=True, may_share_renders=True, non_commercial=False)
    closed = Rights(may_train=False)
    rows = [licensed("CC0-1.0", free)] * 3
    rows += [licensed("LicenseRef-VRM-1.0", closed), licensed("LicenseRef-Mixamo", free)]
    found = {
        row["licence"]: (row["number"], row["internal"], row["publish"], row["commercial"])
        for row in licence_rows(rows, clips=False)
    }
    assert found == {
        "CC0-1.0": (3, "", "", ""),
        "LicenseRef-VRM-1.0": (1, "may_train", "may_train", "may_train"),
        "LicenseRef-Mixamo": (1, "", "LicenseRef-Mixamo", "LicenseRef-Mixamo"),
    }
    still = Rights(**(free.to_row() | {"may_modify": False}))
    kinds = [licensed("X", still), licensed("X", still, kind="retargeted")]
    assert {row["kind"]: row["internal"] for row in licence_rows(kinds, clips=True)} == {
        "native": "",
        "retargeted": "may_modify",
    }


def test_a_reject_shows_its_preview_and_strangers_words_stay_words(tmp_path: Path) -> None:
    rows, store, put = view(), Store(tmp_path), dict[str, bytes]()
    strip = store.put_bytes("preview.jpg", b"a strip").to_row()
    rows.made["preview"] = [
        {
            "clip_id": f"procedural-{number}",
            "files": [strip],
            "flow_px": number / 20,
            "coverage": 0.1,
            "source": "s",
            "extent_ratio": 1.0,
            "title": "<i>",
            "motion_name": "walk",
        }
        for number in range(20)
    ]
    page = funnel_section.reasons(rows, read_ends(rows), store=store, put=put.__setitem__)
    assert page.count("<img") == EXAMPLES and "<b>" not in page and "&lt;b&gt;" in page
    assert len(put) == EXAMPLES and set(put.values()) == {b"a strip"}
    near = funnel_section.limits(rows, store=store, put=put.__setitem__)
    assert near.count("<img") == 6 and "<i>" not in near
    assert "under the limit" in near and near.index("procedural-12") < near.index("procedural-13")  # 0.6 px
    assert funnel_section.limits(rows, store=store, put=put.__setitem__) == near
