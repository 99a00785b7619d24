"""Bodies with broken rest poses and motions, through Blender: what the preview measures of them, and the verdicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from curate.filters.rules import SEEN_RULES, first_refusal
from rigmill.blender.requests import PREVIEW_CLIP, PROBE_ASSET
from rigmill.rigs.npz import motion_from_bytes, motion_to_bytes, rig_from_bytes
from rigmill.types import Motion, Rig, Row
from tests.support.blender.calls import call, probe_item
from tests.support.curation import demo_profile
from tests.support.files.broken_bodies import laid_down, upside_down, with_names_swapped
from tests.support.motion_faults import cut, held, moved_away, rested, with_swapped_limbs
from tests.support.preview_rows import preview_row

FILES: dict[str, Callable[[bytes], bytes]] = {
    "sound": bytes,
    "upside_down": upside_down,
    "lying_rest": laid_down,
    "swapped_sides": with_names_swapped,
}
MOTIONS: dict[str, Callable[[Rig, Motion], Motion]] = {
    "sound motion": lambda _rig, motion: motion,
    "teleport": lambda rig, motion: moved_away(rig, motion, slice(10, None), 0.8),
    "rest_frames": lambda rig, motion: rested(rig, motion, slice(10, 12)),
    "brief_motion": lambda _rig, motion: held(cut(motion, 0, 3), before=8, after=8),
    "swapped_sides by motion": with_swapped_limbs,
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    folder = tmp_path_factory.mktemp("bodies")
    call("tests.support.files.broken_bodies:make_body", [{"name": "made.glb"}], folder)
    data = (folder / "made.glb").read_bytes()
    paths = {name: folder / f"{name}.glb" for name in FILES}
    for name, change in FILES.items():
        paths[name].write_bytes(change(data))
    asked = [probe_item(path) | {"store_motions": name == "sound"} for name, path in paths.items()]
    probed = dict(zip(FILES, (answer["value"] for answer in call(PROBE_ASSET, asked, folder))))
    items: dict[str, dict[str, Any]] = {}

    def add(name: str, file: str, num_frames: int, motion_path: str | None = None) -> None:
        found = probed[file]
        walk = next(motion for motion in found["motions"] if "walk" in motion["name"])
        items[name] = {
            "clip_id": f"clip-{len(items)}",
            "path": str(paths[file]),
            "format": "glb",
            "armature": found["armature"],
            "action": walk["action"],
            "slot": walk["slot"],
            "start_frame": 0.0 if motion_path else walk["start_frame"],
            "motion_path": motion_path,
            "num_frames": num_frames,
            "fps": 16.0,
            "preview_px": 64,
            "preview_frames": 3,
        }

    for name in FILES:
        add(name, name, 17)
    rig = rig_from_bytes((folder / probed["sound"]["rig_file"]).read_bytes())
    walk = next(motion for motion in probed["sound"]["motions"] if "walk" in motion["name"])
    motion = motion_from_bytes((folder / walk["motion_file"]).read_bytes())
    for name, change in MOTIONS.items():
        broken = change(rig, motion)
        (folder / f"{name}.npz").write_bytes(motion_to_bytes(broken))
        add(name, "sound", min(len(broken.rotations), 25), str(folder / f"{name}.npz"))
    answers = call(PREVIEW_CLIP, list(items.values()), folder)
    return {
        name: preview_row(answer["value"], folder, num_frames=item["num_frames"])
        for (name, item), answer in zip(items.items(), answers)
    }


@pytest.mark.blender
@pytest.mark.slow
def test_every_fault_is_refused_by_its_code_and_what_is_sound_is_kept(rows: dict[str, Row]) -> None:
    limits = demo_profile().filters.model_dump()
    codes = {name: (first_refusal(row, SEEN_RULES, limits) or {"code": "kept"})["code"] for name, row in rows.items()}
    assert codes == {name: "kept" if "sound" in name else name.split(" ")[0] for name in rows}


@pytest.mark.blender
@pytest.mark.slow
def test_a_body_in_blender_is_measured_as_it_stands(rows: dict[str, Row]) -> None:
    for name in ("sound", "sound motion"):
        row = rows[name]
        assert row["rest_upright"] > 0.95 and row["first_upright"] > 0.95 and row["toes_ahead"] > 0.9
        assert (row["jump"], row["rest_frames"], row["still_start"], row["still_end"]) == (0, 0, 0, 0)
    assert rows["lying_rest"]["first_upright"] > 0.95 > 0.1 > abs(rows["lying_rest"]["rest_upright"])
    assert rows["upside_down"]["first_upright"] < -0.95
    assert rows["teleport"]["jump"] == pytest.approx(0.8, rel=0.3) and rows["rest_frames"]["rest_frames"] == 2
    assert (rows["brief_motion"]["still_start"], rows["brief_motion"]["still_end"]) == (8, 8)
