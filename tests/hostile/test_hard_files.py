"""Files that nothing forbids and that break renderers, through the whole pipeline: kept and right, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from curate.filters.rules import RIG_RULES, first_refusal
from rigmill.clips.members import META, member_names
from rigmill.clips.numbers import ClipGeometry
from rigmill.clips.video import decode
from rigmill.config.load import load
from rigmill.outcomes import REJECT_MEANING
from rigmill.types import Floats
from tests.support.hostile.hard_files import files, heavy_files
from tests.support.hostile.hard_run import End, run

pytestmark = [pytest.mark.blender, pytest.mark.ray, pytest.mark.slow]
MEMORY_BYTES, WALL_S, CPU_S = 4 * 2**30, 120, 600  # the demo's limits
# What is refused, and with what; everything else is kept.
REFUSED = {
    "far-away-1e7": "malformed",
    "far-away-joints-1e7": "malformed",
    "far-away-joints-1e5": "empty_picture",
    "no-area": "empty_picture",
    "flat": "empty_picture",
    "scaled-to-zero": "empty_picture",
    "long-and-thin": "empty_picture",
    "stray-vertex": "empty_picture",
    "huge-vertex": "empty_picture",
    "nan-vertex": "malformed",
    "infinite-vertex": "malformed",
    "nan-key": "malformed",
    "100k-keys-over-an-hour": "over_budget",
    "100k-keys-no-mesh": "over_budget",
    "100k-keys-still": "static",
    "100k-keys-moves-once": "static",  # kept as characters, without a motion of their own
    "travels-1000-heights": "empty_picture",
    "shapes-alone": "no_rig",
    "one-triangle": "empty_picture",
    "invisible": "empty_picture",
    "cut-out-whole": "empty_picture",
    "black-unlit": "black_picture",
    "texture-cut-short": "bad_image",
}
# Kept and right, or refused: degenerate coordinates leave Cycles without tangents for a normal map, black.
EITHER = {"uv-in-one-point": "black_picture"}
NO_NUMBER = ("nan-key", "texture-cut-short", "shapes-alone", "100k-keys-still", "100k-keys-moves-once")
# The control's places in a look that says nothing about where things are.
SAME_PLACES = (
    "scale-1e-6",
    "scale-1e6",
    "far-away-1e5",
    "100-meshes",
    "64-materials",
    "empty-slot",
    "no-material",
    "no-uv",
    "nan-uv",
    "nan-normal",
    "zero-normals",
    "huge-weight",
    "nan-weight",
    "late-start",
    "loose-vertex",
    "texture-1x1",
    "texture-1x4096",
    "texture-16-bit",
    "texture-grey",
    "texture-grey-alpha",
    "texture-one-bit",
    "texture-palette",
    "texture-cmyk",
)
QUICK = (
    "control",
    "scale-1e-6",
    "scale-1e6",
    "mirrored",
    "nan-vertex",
    "nan-key",
    "nan-weight",
    "100k-keys",
    "100k-keys-still",
    "100k-keys-over-an-hour",
    "500-bones",
    "two-characters",
    "no-material",
    "invisible",
    "black-unlit",
    "stray-vertex",
    "one-triangle",
    "texture-cut-short",
)
Ends = dict[str, End]


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Ends:
    chosen = {name: data for name, data in files().items() if Path(name).stem in QUICK}
    assert len(chosen) == len(QUICK)
    return run(chosen, tmp_path_factory.mktemp("quick"), engine="auto", samples=1)


def geometry(end: End) -> ClipGeometry:
    return ClipGeometry.from_bytes(end.contents["geometry.npz"])


def masks(end: End) -> Floats:
    """Of the four views, (4, T, H, W) in 0..255."""
    return np.stack([decode(end.contents[f"mask.{view}.mp4"])[..., 0] for view in range(4)]).astype(float)


def check_ends(ends: Ends) -> None:
    for name, end in ends.items():
        expected = {REFUSED.get(name, "kept"), EITHER.get(name, REFUSED.get(name, "kept"))}
        assert end.ended in expected, (name, end.message)
        assert end.status in ("kept", "rejected"), name
        assert end.peak_bytes <= MEMORY_BYTES and end.wall_s <= WALL_S and end.cpu_s <= CPU_S, name
        if end.status == "rejected":
            assert end.code in REJECT_MEANING
            assert name in NO_NUMBER or (end.measured is not None and end.limit is not None), (name, end.message)


def demo_verdict(end: End) -> str | None:
    """What the demo's own filters say about the file before anything is drawn."""
    assert end.rig is not None
    refused = first_refusal(end.rig, RIG_RULES, load("demo").profile.filters.model_dump(mode="json"))
    return refused and str(refused["code"])


def check_kept(ends: Ends) -> None:
    """Complete files, the subject whole in all four views, and joints that hold together with the pictures."""
    for name, end in ends.items():
        if end.ended != "kept":
            continue
        assert set(end.contents) == {item for item in member_names(4, masks=True) if item != META}, name
        numbers, seen = geometry(end), masks(end)
        assert seen.shape == (4, 5, 128, 128), name
        assert all(
            decode(end.contents[f"{kind}.{view}.mp4"]).shape == (5, 128, 128, 3)
            for kind in ("rgb", "pose")
            for view in range(4)
        ), name
        assert all(
            np.isfinite(values).all()
            for values in (numbers.joints, numbers.motion.rotations, numbers.motion.translations, numbers.joints_px)
        ), name
        solid = seen >= 128
        assert solid.mean(axis=(1, 2, 3)).min() == pytest.approx(end.product["min_coverage"], rel=0.05), name  # type: ignore[index]
        assert solid.mean(axis=(1, 2, 3)).min() >= 0.005, name
        edges = np.concatenate([solid[:, :, [0, -1]].ravel(), solid[..., [0, -1]].ravel()])
        assert not edges.any(), name
        # Opposite views see the same outline, mirrored, but for perspective: what comes near is larger.
        for view in (0, 1):
            front, back = solid[view].mean(), solid[view + 2].mean()
            assert front == pytest.approx(back, rel=0.6), name


def check_same_places(ends: Ends) -> None:
    """Size, place and looks change neither a joint nor the outline."""
    control, outline = geometry(ends["control"]), masks(ends["control"]) >= 128
    for name in SAME_PLACES:
        if name not in ends:
            continue
        found, solid = geometry(ends[name]), masks(ends[name]) >= 128
        assert np.abs(found.joints_px - control.joints_px).max() < 0.01, name
        assert np.abs(found.rest_joints_px - control.rest_joints_px).max() < 0.01, name
        turned = np.abs((found.motion.rotations * control.motion.rotations).sum(axis=-1))
        assert turned.min() > 1 - 1e-5, name
        assert (solid & outline).sum() / (solid | outline).sum() > 0.98, name


def test_hard_files_end_as_kept_or_as_a_named_reject_within_limits(quick: Ends) -> None:
    assert set(quick) == set(QUICK)
    check_ends(quick)
    verdicts = {name: demo_verdict(quick[name]) for name in ("control", "no-material", "one-triangle", "500-bones")}
    assert verdicts == {"control": None, "no-material": "untextured", "one-triangle": "too_simple", "500-bones": None}


def test_what_is_kept_shows_the_subject_from_four_sides(quick: Ends) -> None:
    check_kept(quick)


def test_size_and_looks_do_not_move_a_joint(quick: Ends) -> None:
    check_same_places(quick)
    control, large, small = (geometry(quick[name]) for name in ("control", "scale-1e6", "scale-1e-6"))
    assert large.scale == pytest.approx(control.scale * 1e-6, rel=1e-5)
    assert small.scale == pytest.approx(control.scale * 1e6, rel=1e-5)


def test_a_mirrored_subject_is_the_mirror_image_of_the_other(quick: Ends) -> None:
    control, mirrored = geometry(quick["control"]), geometry(quick["mirrored"])
    assert np.abs(mirrored.joints * [-1, 1, 1] - control.joints).max() < 1e-5
    assert np.abs(mirrored.joints - control.joints).max() > 0.01  # or the test above would say nothing
    ours, theirs = masks(quick["mirrored"]) >= 128, masks(quick["control"]) >= 128
    for view, other in ((0, 0), (2, 2), (1, 3), (3, 1)):
        flipped = theirs[other][..., ::-1]
        assert (ours[view] & flipped).sum() / (ours[view] | flipped).sum() > 0.95


def test_two_characters_are_one_rig_with_two_roots_side_by_side(quick: Ends) -> None:
    numbers = geometry(quick["two-characters"])
    first, second = numbers.joints[:, :24], numbers.joints[:, 24:]
    assert numbers.joints.shape[1] == 48 and (numbers.rig.parents < 0).sum() == 2
    assert np.abs((second - first) - (second - first)[:1, :1]).max() < 1e-5  # the same motion, elsewhere
    assert np.abs((second - first)[0, 0] - np.array([60, 0, 0]) * numbers.scale).max() < 1e-5
    front = (masks(quick["two-characters"])[0] >= 128).any(axis=(0, 1))
    assert np.count_nonzero(np.diff(front.astype(int)) == 1) == 2  # a gap between them


def test_every_bone_of_five_hundred_is_stored_and_turns_as_the_file_says(quick: Ends) -> None:
    numbers = geometry(quick["500-bones"])
    assert numbers.joints.shape[1] == 501 and numbers.drawn.sum() <= 64
    times = np.arange(5) / 16
    for chain, phase in ((0, 0.0), (4, 1.0), (8, 2.0)):
        tip = numbers.rig.names.index(f"joint {chain} 49")
        root = numbers.rig.names.index(f"joint {chain} 0")
        # Every joint of a chain turns by the same angle: a polygon of bones of equal length.
        angle = 0.6 / 50 * np.sin(2 * np.pi * times + phase)
        bends = np.cumsum(np.tile(angle[:, None], (1, 50)), axis=1)[:, :49]
        along = 0.2 * np.stack([-np.sin(bends).sum(axis=1), np.cos(bends).sum(axis=1)], axis=-1)
        reach = (numbers.joints[:, tip] - numbers.joints[:, root]) / numbers.scale
        # glTF's x and y are our x and z.
        assert np.abs(reach[:, [0, 2]] - along).max() < 2e-3, chain


@pytest.mark.long
@pytest.mark.slow
def test_all_small_hard_files_through_cycles(tmp_path: Path) -> None:
    ends = run(files(), tmp_path, engine="cycles", samples=1)
    check_ends(ends)
    check_kept({name: end for name, end in ends.items() if "layers" not in name})  # a sample sees them or does not
    check_same_places(ends)
    for name, alpha in (("12-layers", 1 - 0.9**12), ("40-layers", 1 - 0.95**40)):
        seen = masks(ends[name])[:, 0, 56:72, 56:72].mean() / 255
        assert seen == pytest.approx(alpha, abs=0.04), name


@pytest.mark.slow
def test_large_files_end_within_limits(tmp_path: Path) -> None:
    ends = run(heavy_files(), tmp_path, engine="auto", samples=1)
    check_ends(ends)
    check_kept(ends)
    assert demo_verdict(ends["2-million-triangles"]) == "too_detailed"
