from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from rigmill.commands.status import by_source_text
from rigmill.invocation import Invocation
from rigmill.licences.policy import Policy
from rigmill.licences.rights import Rights
from rigmill.outcomes import Failed, FailKind, Kept, Rejected
from rigmill.pipeline.registry import STAGES
from rigmill.pipeline.stage import source_of
from rigmill.report import limits_section, pages, reasons_section
from rigmill.report.folder import ReportFolder
from rigmill.report.funnel import EXAMPLES, by_source, funnel, licence_counts, read_ends
from rigmill.storage.columns import OUTCOMES
from rigmill.storage.files import Store
from rigmill.types import Row
from tests.support.html_page import Page
from tests.support.report_rows import Rows, product

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
    rows.made["probe"] = [
        product("probe", source="procedural", kind="animated", motions=[{}] * 5, grey_share=0.1, num_vertices=9),
        product("probe", source="mixamo", kind="motion", motions=[{}] * 7, grey_share=None, num_vertices=0),
    ]
    pair = {"source": "procedural", "asset_id": "knight", "motion_id": "walk"}
    rows.made["retarget"] = [pair, pair, pair | {"asset_id": "nurse"}]  # two windows of one, and one
    return rows


def test_each_source_has_a_row_with_a_number_per_step_and_the_papers_beside_it() -> None:
    found = {row.source: (*row.numbers, row.paper) for row in funnel(view(), read_ends(view()))}
    assert found == {
        "world": (0,) * 9 + (None,),  # the profile has it, and nothing came yet
        "procedural": (5, 5, 4, 7, 29, 20, 12, 12, 11, None),
        "mixamo": (5, 3, 0, 0, 0, 0, 0, 0, 0, 55_222),
        "objaverse": (0,) * 9 + (48_020,),
        "vroid": (0,) * 9 + (57_781,),
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
    text = by_source_text(rows, Invocation())
    assert re.search(r"^probe +mixamo +0 +0 +3 +crash 3$", text, re.M)


def test_examples_come_from_every_source_in_turn_and_are_few() -> None:
    rows = Rows()
    for source, number in (("a", 100), ("b", 1), ("c", 3)):
        rows.end("collect", source, Rejected("empty_file", "nothing"), number)
    (reason,) = read_ends(rows).reasons  # type: ignore[arg-type]
    assert [example.source for example in reason.chosen()] == ["a", "b", "c", "a", "c", "a"]
    assert len(reason.chosen()) == EXAMPLES and reason.counts == {"a": 100, "b": 1, "c": 3}


def test_a_pairs_source_is_its_characters_and_a_shard_has_none() -> None:
    assert source_of({"source": "x"}) == "x" and source_of({"character": {"source": "y"}, "motion": {}}) == "y"
    assert source_of({"shard": "train-000000", "rows": []}) == ""
    assert "source" in OUTCOMES.names


def licensed(licence: str, rights: Rights, **more: str) -> Row:
    return {"licence": licence, "rights": rights.to_row(), "licence_seen_in": "index", "kind": "native"} | more


def test_licences_are_counted_with_what_each_policy_says_of_them() -> None:
    free = Rights(may_train=True, may_modify=True, may_share_motion=True, may_share_renders=True, non_commercial=False)
    closed = Rights(may_train=False)
    rows = [licensed("CC0-1.0", free)] * 3
    rows += [licensed("LicenseRef-VRM-1.0", closed), licensed("LicenseRef-Mixamo", free)]
    found = {
        row.licence: (row.number, *(row.missing[policy] for policy in Policy))
        for row in licence_counts(rows, clips=False)
    }
    assert found == {
        "CC0-1.0": (3, "", "", ""),
        "LicenseRef-VRM-1.0": (1, "may_train", "may_train", "may_train"),
        "LicenseRef-Mixamo": (1, "", "LicenseRef-Mixamo", "LicenseRef-Mixamo"),
    }
    still = Rights(**(free.to_row() | {"may_modify": False}))
    kinds = [licensed("X", still), licensed("X", still, kind="retargeted")]
    assert {row.kind: row.missing[Policy.INTERNAL] for row in licence_counts(kinds, clips=True)} == {
        "native": "",
        "retargeted": "may_modify",
    }


def test_a_reject_shows_its_preview_and_strangers_words_stay_words(tmp_path: Path) -> None:
    rows, store, folder = view(), Store(tmp_path / "store"), ReportFolder(tmp_path / "report")
    strip = store.put_bytes("preview.jpg", b"a strip").to_row()
    rows.made["preview"] = [
        product(
            "preview",
            clip_id=f"procedural-{number}",
            files=[strip],
            flow_px=number / 20,
            coverage=0.1,
            source="s",
            extent_ratio=1.0,
            title="<i>",
            motion_name="walk",
        )
        for number in range(20)
    ]
    reasons = reasons_section.section(rows, read_ends(rows), store=store, folder=folder)
    page = Page(pages.draw("reasons_section.html.j2", section=reasons))
    assert len(page.pictures) == EXAMPLES and "b" not in page.tags and "still <b>" in page.text
    assert {path.name: path.read_bytes() for path in folder.path.iterdir()} == dict.fromkeys(page.pictures, b"a strip")
    codes = {(row[0], row[2]): row[3:] for row in page.table("stage")}
    assert codes["preview", "too_few_frames"] == ["9", "", "9"]  # none of the first source

    limits = limits_section.section(rows, store=store, folder=folder)
    assert [clip.name for clip in limits.dropped] == ["procedural-10", "procedural-11", "procedural-12"]  # 0.6 px
    assert [clip.name for clip in limits.kept] == ["procedural-13", "procedural-14", "procedural-15"]
    near = Page(pages.draw("limits_section.html.j2", section=limits))
    assert len(near.pictures) == 6 and "i" not in near.tags and "under the limit: <i>, walk" in near.text
    assert limits_section.section(rows, store=store, folder=folder) == limits
