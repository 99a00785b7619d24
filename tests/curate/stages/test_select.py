from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from curate.filters.rules import RIG_RULES, first_refusal
from curate.stages.select import SelectStage
from rigmill.outcomes import Kept, Outcome, Rejected
from rigmill.storage.columns import PRODUCTS
from rigmill.types import Row
from tests.support.curation import Tables, demo_profile, plain_work


def seen(clip: str, **more: Any) -> Row:
    """A row as the preview stage gives it, of a clip that passes every rule."""
    return (
        dict.fromkeys(PRODUCTS["preview"].names)
        | {
            "clip_id": clip,
            "asset_id": clip,
            "source": "procedural",
            "motion_name": "walk",
            "num_frames": 25,
            "flow_px_per_frame": 0.8,
            "flow_px": 9.0,
            "coverage": 0.2,
            "extent_ratio": 1.2,
            "geometry_hash": f"g{clip}",
            "facing_deg": 0.0,
            "motion_hash": "m",
        }
        | more
    )


def select(rows: list[Row], folder: Path, **filters: Any) -> dict[str, Outcome]:
    stage = SelectStage()
    jobs = stage.plan(Tables({"preview": rows}), demo_profile(filters=filters))
    answers = {answer.key: answer.outcome for answer in stage.run(jobs, plain_work(folder))}
    return {job.input_id: answers[job.key] for job in jobs}


def codes(rows: list[Row], folder: Path, **filters: Any) -> dict[str, str]:
    return {
        name: outcome.code if isinstance(outcome, Rejected) else "kept"
        for name, outcome in select(rows, folder, **filters).items()
    }


def test_clips_pass_by_what_was_seen_and_each_rule_names_value_and_limit(tmp_path: Path) -> None:
    limits = demo_profile().filters
    rows = [
        seen("good"),
        seen("still", flow_px=limits.min_flow_px),
        seen("edge", flow_px=limits.min_flow_px * 1.001),
        seen("thin", coverage=0.001),
        seen("spiky", extent_ratio=30.0),
    ]
    outcomes = select(rows, tmp_path)
    kept = {name: outcome.rows[0] for name, outcome in outcomes.items() if isinstance(outcome, Kept)}
    assert set(kept) == {"good", "edge"}
    assert all(set(row) == set(PRODUCTS["select"].names) for row in kept.values())
    found = {
        name: (outcome.code, outcome.measured, outcome.limit)
        for name, outcome in outcomes.items()
        if isinstance(outcome, Rejected)
    }
    assert found == {
        "still": ("little_motion", limits.min_flow_px, limits.min_flow_px),
        "thin": ("empty_picture", 0.001, limits.min_coverage),
        "spiky": ("exploded", 30.0, limits.max_extent_ratio),
    }


def test_the_first_of_equal_clips_is_kept_and_named(tmp_path: Path) -> None:
    """First by the profile's order of sources, then asset, motion name and clip."""
    rows = [
        seen("b", asset_id="one", source="elsewhere", geometry_hash="g"),
        seen("z", asset_id="two", geometry_hash="g"),
        seen("c", asset_id="two", motion_name="amble", geometry_hash="g"),
        seen("other", geometry_hash="h"),
        seen("moves otherwise", geometry_hash="g", motion_hash="n"),
    ]
    outcomes = select(rows, tmp_path)
    assert {name for name, outcome in outcomes.items() if isinstance(outcome, Kept)} == {
        "c",
        "other",
        "moves otherwise",
    }
    for name in ("b", "z"):
        outcome = outcomes[name]
        assert isinstance(outcome, Rejected)
        assert outcome.code == "duplicate_clip" and outcome.message.endswith("clip c")
    assert codes(rows, tmp_path) == codes(rows[::-1], tmp_path)


def window(first_frame: int, flow_px: float) -> Row:
    return seen(
        f"w{first_frame}",
        asset_id="dancer",
        rig_id="r",
        motion_id="m",
        kind="native",
        geometry_hash="g",
        motion_hash=f"h{first_frame}",
        first_frame=first_frame,
        motion_frames=400,
        flow_px=flow_px,
    )


def test_every_window_is_judged_by_itself_and_a_refusal_says_what_was_looked_at(tmp_path: Path) -> None:
    rows = [window(25 * place, flow) for place, flow in enumerate((0.1, 5.0, 9.0, 0.0))]
    assert codes(rows, tmp_path) == {"w0": "little_motion", "w25": "kept", "w50": "kept", "w75": "little_motion"}
    still = select(rows, tmp_path)["w75"]
    assert isinstance(still, Rejected) and still.message.endswith("px per frame, frames 75 to 99 of 400)")


def test_a_clip_that_is_dropped_itself_makes_no_duplicates(tmp_path: Path) -> None:
    rows = [seen("a", geometry_hash="g", coverage=0.0), seen("b", geometry_hash="g")]
    assert codes(rows, tmp_path) == {"a": "empty_picture", "b": "kept"}


def test_without_a_geometry_hash_only_clips_of_one_file_can_be_equal(tmp_path: Path) -> None:
    rows = [
        seen("a", asset_id="x", geometry_hash=None),
        seen("b", asset_id="x", geometry_hash=None),
        seen("c", asset_id="y", geometry_hash=None),
    ]
    assert codes(rows, tmp_path) == {"a": "kept", "b": "duplicate_clip", "c": "kept"}


def test_another_limit_changes_the_keys_of_those_alone_whose_verdict_changes() -> None:
    rows = Tables({"preview": [seen("slow", flow_px=2.0), seen("fast", flow_px=20.0), seen("still", flow_px=0.0)]})
    stage = SelectStage()
    before, after = (
        {job.input_id: job.key for job in stage.plan(rows, demo_profile(filters={"min_flow_px": limit}))}
        for limit in (0.6, 3.0)
    )
    assert {name for name in before if before[name] != after[name]} == {"slow", "still"}


def rig(**more: Any) -> Row:
    return {
        "num_vertices": 900,
        "num_faces": 700,
        "num_textures": 1,
        "texture_px": 512,
        "num_base_colours": 1,
        "grey_share": 0.0,
    } | more


@pytest.mark.parametrize(
    ("changed", "code", "measured"),
    [
        ({}, None, None),
        ({"num_vertices": 10}, "too_simple", 10.0),
        ({"num_faces": 8}, "too_simple", 8.0),
        ({"num_vertices": 5_000_000}, "too_detailed", 5e6),
        ({"num_faces": 5_000_000}, "too_detailed", 5e6),
        ({"num_textures": 0, "texture_px": None}, "untextured", 1.0),
        ({"texture_px": 1}, "untextured", 1.0),
        ({"num_textures": 0, "texture_px": None, "num_base_colours": 5}, None, None),
        ({"grey_share": 0.99}, "untextured", 0.99),
        ({"num_textures": 0, "texture_px": None, "num_base_colours": 2, "grey_share": 0.97}, None, None),
        ({"num_vertices": 10, "grey_share": 1.0}, "too_simple", 10.0),  # the cheapest rule speaks first
        (dict.fromkeys(rig()), None, None),  # what was not measured refuses nothing
    ],
)
def test_fidelity_is_judged_from_the_probes_numbers(changed: Row, code: str | None, measured: float | None) -> None:
    refused = first_refusal(rig(**changed), RIG_RULES, demo_profile().filters.model_dump())
    assert (refused and refused["code"], refused and refused["measured"]) == (code, measured)
