"""What other systems write becomes a method's files: the clip's frames, at the clip's rate, where its asset is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from eval.bodies.body import Body
from eval.bodies.deliver import read_method
from eval.bodies.importers.align import Similarity
from eval.bodies.importers.command import ImportOrder, import_tool, read_names
from eval.bodies.importers.read import TOOLS
from eval.bodies.importers.rewrite import moving_vertices, placed
from eval.bodies.play import play_glb
from rigmill.blender.client import Limits
from rigmill.commands.evaluation import import_options
from rigmill.errors import UserError
from tests.support.bench_clips import FPS, FRAMES, bench_of_asset, moving_door, without_animation
from tests.support.files.tiny_glb import pack, unpack
from tests.support.paths import ASSETS

LIMITS = Limits(wall_s=60, cpu_s=60, memory_bytes=4 << 30, file_bytes=1 << 28, network="best_effort")


@pytest.fixture
def fox(tmp_path):
    return bench_of_asset(tmp_path / "bench", (ASSETS / "Fox.glb").read_bytes())


def imported(tool, folder, bench, to, names=None):
    return import_tool(ImportOrder(tool, folder, to, names), bench, limits=LIMITS, max_file_bytes=1 << 28)


def body_of(bench, to):
    body = read_method(to, bench).body(bench.clips[0])
    assert isinstance(body, Body), body
    return body


def first_only(data):
    """The file with its first animation alone."""
    document, binary = unpack(data)
    document["animations"] = document["animations"][:1]
    return pack(document, binary)


def test_unimate_in_a_frame_of_its_own_comes_back_to_the_asset(fox, tmp_path):
    data = (ASSETS / "Fox.glb").read_bytes()
    canonical = Similarity(0.013, Rotation.from_euler("z", 90, degrees=True).as_matrix(), np.array([0.1, 0.2, 0.9]))
    folder = tmp_path / "unimate"
    (folder / "motions").mkdir(parents=True)
    (folder / "manifest.json").write_text('{"format": "unimate-samples/1"}')
    np.save(folder / "motions" / "thing-walk-rep_0-0.npy", np.zeros((60, 24, 12)))
    (folder / "thing-walk-rep_0-0.glb").write_bytes(placed(first_only(data), canonical))
    (folder / "thing-walk-rep_1-0.glb").write_bytes(b"never read")
    (folder / "other-rep_0-0.glb").write_bytes(b"never read")
    done = imported("unimate", folder, fox, tmp_path / "ours")
    assert list(done.files) == ["thing"]
    assert "came before" in done.left_out["thing-walk-rep_1-0"] and "--map" in done.left_out["other-rep_0-0"]
    wanted = play_glb(data, fps=FPS, num_frames=FRAMES).vertices
    np.testing.assert_allclose(body_of(fox, tmp_path / "ours").vertices, wanted, atol=2e-3)  # of 160


def test_a_result_of_another_asset_is_left_out(fox, tmp_path):
    (tmp_path / "unimate").mkdir()
    other = moving_door(np.linspace(0, 90, 31), fps=30)
    (tmp_path / "unimate" / "thing.glb").write_bytes(other)
    done = imported("unimate", tmp_path / "unimate", fox, tmp_path / "ours")
    assert not done.files and "shares neither faces nor three joints" in done.left_out["thing"]


def puppeteer_files(folder, asset, *, joints, named=True, frames=12):
    """A made-up result for a file: folder with raw tensors and rig.txt, and the joints (T, J, 3) that it means."""
    import torch

    random = np.random.default_rng(5)
    bones, rest = asset.bones, asset.rest
    low, high = rest.min(axis=0), rest.max(axis=0)
    centre, extent = (low + high) / 2, (high - low).max()
    to_gltf = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])  # our axes back to the file's
    places = (bones.rest - centre) / extent @ to_gltf.T
    local_rest = places - np.where((bones.parents >= 0)[:, None], places[bones.parents], 0)
    local = Rotation.from_rotvec(random.normal(0, 0.2, (frames, joints, 3)).reshape(-1, 3))
    root = Rotation.from_rotvec(random.normal(0, 0.3, (frames, 3)))
    shift = random.normal(0, 0.1, (frames, 3))
    turns = local.as_matrix().reshape(frames, joints, 3, 3).copy()
    found = np.tile(local_rest, (frames, 1, 1))
    for joint, parent in enumerate(bones.parents):  # root transform left of all joints
        if parent >= 0:
            found[:, joint] = found[:, parent] + np.einsum("tij,j->ti", turns[:, parent], local_rest[joint])
            turns[:, joint] = turns[:, parent] @ turns[:, joint]
    found = np.einsum("tij,tkj->tki", root.as_matrix(), found) + shift[:, None]
    raw = folder / "thing" / "model" / "raw"
    raw.mkdir(parents=True)
    scalar_first = [3, 0, 1, 2]
    for name, values in {
        "local_quats": local.as_quat().reshape(frames, joints, 4)[..., scalar_first],
        "root_quats": root.as_quat()[..., scalar_first],
        "root_pos": shift,
        "rest_local_positions": local_rest,
    }.items():
        torch.save(torch.tensor(values, dtype=torch.float32), raw / f"{name}.pt")
    names = bones.names if named else [f"joint{index}" for index in range(joints)]
    lines = [f"joints {name} {x} {y} {z}" for name, (x, y, z) in zip(names, places)]
    lines += [f"hier {names[parent]} {name}" for name, parent in zip(names, bones.parents) if parent >= 0]
    (raw.parent / "rig.txt").write_text("\n".join([*lines, f"root {names[0]}"]))
    return found @ to_gltf * extent + centre


@pytest.mark.parametrize("named", [True, False])
def test_puppeteer_joints_are_where_its_numbers_put_them(tmp_path, named):
    bench = bench_of_asset(tmp_path / "bench", (ASSETS / "RiggedSimple.glb").read_bytes(), fps=10.0)
    asset = play_glb(bench.clips[0].rest.read_bytes())
    truth = puppeteer_files(tmp_path / "results", asset, joints=2, named=named)
    done = imported("puppeteer", tmp_path / "results", bench, tmp_path / "ours")
    assert list(done.files) == ["thing"], done.left_out
    bones = body_of(bench, tmp_path / "ours").bones
    assert bones is not None
    np.testing.assert_allclose(bones.joints, truth[:FRAMES], atol=1e-4)


def test_puppeteer_goes_to_the_clips_rate_along_the_turns(tmp_path):
    bench = bench_of_asset(tmp_path / "bench", (ASSETS / "RiggedSimple.glb").read_bytes())
    asset = play_glb(bench.clips[0].rest.read_bytes())
    puppeteer_files(tmp_path / "results", asset, joints=2)
    imported("puppeteer", tmp_path / "results", bench, tmp_path / "ours")
    slow = bench_of_asset(tmp_path / "slow", (ASSETS / "RiggedSimple.glb").read_bytes(), fps=10.0)
    imported("puppeteer", tmp_path / "results", slow, tmp_path / "at10")
    keys, found = (body_of(*pair).bones.turns for pair in ((slow, tmp_path / "at10"), (bench, tmp_path / "ours")))
    wanted = Slerp(np.arange(FRAMES) / 10, Rotation.from_matrix(keys[:, 0]))(np.arange(FRAMES) / FPS)
    np.testing.assert_allclose(found[:, 0], wanted.as_matrix(), atol=1e-5)


def test_puppeteer_files_that_say_something_else_are_left_out(tmp_path):
    import torch

    bench = bench_of_asset(tmp_path / "bench", (ASSETS / "RiggedSimple.glb").read_bytes(), fps=10.0)
    asset = play_glb(bench.clips[0].rest.read_bytes())
    raw = tmp_path / "results" / "thing" / "model" / "raw"

    def why():
        return imported("puppeteer", tmp_path / "results", bench, tmp_path / "ours").left_out["thing/model"]

    puppeteer_files(tmp_path / "results", asset, joints=2)
    torch.save(torch.zeros(12, 5, 4), raw / "local_quats.pt")
    assert "do not fit the 2 joints" in why()
    torch.save({"not": print}, raw / "local_quats.pt")  # a pickle that names code
    assert "local_quats.pt holds no tensor" in why()
    (raw.parent / "rig.txt").unlink()
    assert "no rig.txt" in why()


def actionmesh_frames(folder, body, *, number=16):
    folder.mkdir(parents=True)
    for frame in range(number):
        only = body.vertices[frame : frame + 1]
        (folder / f"mesh_{frame:02d}.glb").write_bytes(moving_vertices(only, body.faces, None, fps=1))
    np.save(folder / "deformations_vertices.npy", -body.vertices[:, :, [2, 0, 1]])


def test_actionmesh_frames_become_one_file_with_the_assets_look(fox, tmp_path):
    body = play_glb((ASSETS / "Fox.glb").read_bytes(), fps=8, num_frames=16)
    actionmesh_frames(tmp_path / "results" / "thing", body)
    done = imported("actionmesh", tmp_path / "results", fox, tmp_path / "ours")
    assert list(done.files) == ["thing"], done.left_out
    found = body_of(fox, tmp_path / "ours")
    np.testing.assert_allclose(found.vertices[::2], body.vertices[: FRAMES // 2 + 1], atol=1e-3)
    between = (body.vertices[:4] + body.vertices[1:5]) / 2
    np.testing.assert_allclose(found.vertices[1::2], between, atol=1e-3)
    assert found.look is not None and found.look.textures[0] is not None


def test_a_result_of_another_size_is_left_out(fox, tmp_path):
    body = play_glb((ASSETS / "Fox.glb").read_bytes(), fps=8, num_frames=16)
    actionmesh_frames(tmp_path / "results" / "thing", replace(body, vertices=body.vertices / 100))
    done = imported("actionmesh", tmp_path / "results", fox, tmp_path / "ours")
    assert "another size" in done.left_out["thing"]


def test_actionmesh_results_with_a_fault_say_which(fox, tmp_path):
    body = play_glb((ASSETS / "Fox.glb").read_bytes(), fps=8, num_frames=16)
    actionmesh_frames(tmp_path / "results" / "thing", body)
    (tmp_path / "results" / "thing" / "mesh_07.glb").unlink()
    assert (
        "mesh_07.glb is missing"
        in imported("actionmesh", tmp_path / "results", fox, tmp_path / "ours").left_out["thing"]
    )
    other = moving_vertices(body.vertices[:1], body.faces[:, ::-1], None, fps=1)
    (tmp_path / "results" / "thing" / "mesh_07.glb").write_bytes(other)
    why = imported("actionmesh", tmp_path / "results", fox, tmp_path / "ours").left_out["thing"]
    assert "mesh_07.glb are not those of the first frame" in why


def test_a_map_names_clips_as_spreadsheets_write_it(fox, tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "run 1.glb").write_bytes(first_only((ASSETS / "Fox.glb").read_bytes()))
    sheet = tmp_path / "names.csv"
    sheet.write_bytes("\ufeffname;clip\r\nrun 1;thing\r\n;\r\n".encode())
    done = imported("unimate", tmp_path / "results", fox, tmp_path / "ours", sheet)
    assert list(done.files) == ["thing"], done.left_out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,clip\na,nothing\n", "line 2: 'nothing' is no clip"),
        ("name,clip\na,thing\na,thing\n", "line 3: names 'a' twice"),
        ("a,thing\n", "no columns 'name' and 'clip'"),
        ("", "no columns"),
    ],
)
def test_a_map_with_a_fault_says_where(fox, tmp_path, text, says):
    (tmp_path / "names.csv").write_text(text)
    with pytest.raises(UserError, match=says):
        read_names(tmp_path / "names.csv", fox)


def test_a_folder_without_results_says_so(fox, tmp_path):
    (tmp_path / "results").mkdir()
    with pytest.raises(UserError, match="holds no results of puppeteer"):
        imported("puppeteer", tmp_path / "results", fox, tmp_path / "ours")


def test_alembic_is_said_to_be_unread(fox, tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "thing.abc").write_bytes(b"Ogawa")
    done = imported("animateanymesh", tmp_path / "results", fox, tmp_path / "ours")
    assert "--export_format fbx" in done.left_out["thing"]


@pytest.mark.slow
@pytest.mark.blender
def test_animateanymesh_shapes_come_back_to_the_asset(fox, tmp_path):
    from tests.support.blender.calls import call

    body = play_glb((ASSETS / "Fox.glb").read_bytes(), fps=10, num_frames=16)
    low, high = body.vertices[0].min(axis=0), body.vertices[0].max(axis=0)
    boxed = (body.vertices - (low + high) / 2) / ((high - low).max() / 2)
    np.savez(tmp_path / "boxed.npz", vertices=boxed, faces=body.faces)
    (tmp_path / "results").mkdir()
    item = {"npz": str(tmp_path / "boxed.npz"), "fbx": str(tmp_path / "results" / "thing.fbx")}
    call("tests.support.blender.shape_keys:write_fbx", [item], tmp_path / "scratch")
    # the first frame is the mesh that the system was given
    rest = moving_vertices(body.vertices[:1], body.faces, body.look, fps=1)
    bench = bench_of_asset(tmp_path / "other", without_animation(rest), fps=10.0)
    done = imported("animateanymesh", tmp_path / "results", bench, tmp_path / "ours")
    assert list(done.files) == ["thing"], done.left_out
    np.testing.assert_allclose(body_of(bench, tmp_path / "ours").vertices, body.vertices[:FRAMES], atol=1e-3)  # of 160


def test_the_command_offers_every_tool_there_is():
    assert set(import_options.TOOLS) == set(TOOLS)
