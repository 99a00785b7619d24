"""The files of the corpus that are known to trip a reader, one by one, against numbers read without Blender."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.blender.calls import FPS, blender, clip_item, corpus, probe
from tests.support.files.gltf_truth import node_places

pytestmark = [pytest.mark.blender, pytest.mark.corpus]
EXACT = 1e-4  # of the subject's size


@cache
def probed(name: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return probe(corpus(name), Path(folder))


@cache
def played(name: str, motion: str, num_frames: int = 8) -> dict[str, Any]:
    found = blender("joints_and_pixels", {"item": clip_item(corpus(name), probed(name), motion, num_frames=num_frames)})
    heads = np.array(found["heads"]) / found["scale"] + np.array(found["offset"])
    return {"names": found["names"], "heads": heads, "size": 1 / found["scale"]}


@pytest.mark.parametrize(
    ("name", "motion"),
    [
        ("khronos/Fox.glb", "Run"),
        ("derived/Fox_mirrored.glb", "Run"),
        ("derived/Fox_nonuniform_scale.glb", "Walk"),
        ("derived/Fox_scale_1e6.glb", "Survey"),
        ("derived/Fox_scale_1e-6.glb", "Survey"),
        ("sketchfab/rusty_fridge.glb", "Animation"),
        ("sketchfab/metal_cupboard.glb", "Scene"),
        ("sketchfab/lumberjack.glb", "Walk"),
    ],
)
def test_joints_are_where_the_files_own_numbers_put_them(name: str, motion: str) -> None:
    found = played(name, motion)
    data = corpus(name).read_bytes()
    start = next(item["start_frame"] for item in probed(name)["motions"] if item["name"] == motion)
    for frame, heads in enumerate(found["heads"]):
        truth = node_places(data, motion, (start + frame) / FPS)
        shared = [index for index, joint in enumerate(found["names"]) if joint in truth]
        assert len(shared) == len(found["names"])
        apart = np.abs(heads - np.array([truth[joint] for joint in found["names"]]))
        assert apart.max() < EXACT * found["size"], (frame, found["names"][int(apart.max(axis=1).argmax())])


def test_a_guessed_bind_pose_does_not_destroy_the_lumberjack() -> None:
    """1.3 x 1.2 x 1.6 as every viewer shows it, and not 6.1 x 14.9 x 5.4 of spikes."""
    found = probed("sketchfab/lumberjack.glb")
    assert 1.5 < found["extent"] < 1.8
    assert all(motion["extent_ratio"] < 1.2 for motion in found["motions"])


def test_every_action_moves_its_own_slot() -> None:
    """Blender plays an action without its slot as stillness, and says nothing."""
    found = probed("quaternius_glb/Quaternius_Fox.glb")
    assert len(found["motions"]) == 12 and found["num_still_motions"] == 0
    assert all(motion["num_moving_joints"] > 10 for motion in found["motions"])
    first, second = (played("quaternius_glb/Quaternius_Fox.glb", name)["heads"] for name in ("|Attack", "|Gallop"))
    assert np.abs(first - second).max() > 0.1


def test_the_importers_bone_shape_is_no_part_of_the_subject() -> None:
    found = probed("khronos/Fox.glb")
    assert (found["num_vertices"], found["num_faces"]) == (1728, 576)  # the file's own; an icosphere has 42 and 80


def test_a_mirrored_fox_is_the_fox_in_a_mirror() -> None:
    plain, mirrored = played("khronos/Fox.glb", "Run"), played("derived/Fox_mirrored.glb", "Run")
    place = [mirrored["names"].index(name) for name in plain["names"]]
    assert np.abs(mirrored["heads"][:, place] - plain["heads"] * [-1, 1, 1]).max() < EXACT * plain["size"]


def test_size_and_container_do_not_change_a_geometry_and_shape_does() -> None:
    same = [
        "khronos/Fox.glb",
        "derived/Fox_scale_1e6.glb",
        "derived/Fox_scale_1e-6.glb",
        "derived/Fox_no_anim.glb",
        "derived/Fox_one_key.glb",
        "derived/Fox 狐 é \"quoted\" 'x'.glb",
    ]
    assert len({probed(name)["geometry_hash"] for name in same}) == 1
    shape = np.array(probed(same[0])["shape"])
    assert shape.shape == (17,) and all(np.abs(probed(name)["shape"] - shape).max() < 1e-5 for name in same)
    assert np.abs(probed("derived/Fox_nonuniform_scale.glb")["shape"] - shape).max() > 0.1
    assert probed("derived/Fox_nonuniform_scale.glb")["geometry_hash"] != probed(same[0])["geometry_hash"]
    assert probed("derived/Fox_scale_1e6.glb")["extent"] == pytest.approx(1e6 * probed(same[0])["extent"], rel=1e-4)


def test_a_key_that_is_no_number_costs_its_own_motion_alone() -> None:
    found = probed("derived/Fox_nan_rotation.glb")
    assert found["num_broken_motions"] == 1
    assert [motion["name"] for motion in found["motions"]] == ["Run", "Walk"]


def test_a_vertex_that_is_no_number_leaves_the_size_as_it_is() -> None:
    broken, whole = probed("derived/Fox_nan_vertex.glb"), probed("khronos/Fox.glb")
    assert broken["extent"] == pytest.approx(whole["extent"], rel=1e-3)
    assert broken["geometry_hash"] != whole["geometry_hash"]


def test_a_picture_that_is_not_there_is_no_texture() -> None:
    found = probed("kenney/character.glb")  # its Textures/colormap.png did not come along
    assert (found["num_textures"], found["texture_px"]) == (0, 0) and found["grey_share"] > 0.999


def test_two_skeletons_of_one_file_are_one_rig_with_two_roots() -> None:
    found = probed("ozz/multiple_roots.gltf")
    assert (found["num_armatures"], found["num_joints"], found["num_skinned_meshes"]) == (2, 6, 2)
    assert [motion["name"] for motion in found["motions"]] == ["animation"]
    assert found["motions"][0]["num_moving_joints"] == 4
