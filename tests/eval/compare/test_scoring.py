"""Scores of a body on a clip: what a copy, a shift and another mesh get, and why some numbers are missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from eval.bench.clips import Bench
from eval.bodies.body import Body
from eval.bodies.draw import Protocol
from eval.compare.options import ScoreOptions
from eval.compare.run import true_body
from eval.compare.scoring import ClipScores, Truth, matched, score_clip, spread
from eval.metrics import features
from eval.metrics.registry import METRICS
from eval.metrics.weights import Unavailable
from rigmill.clips.numbers import ClipGeometry
from tests.support.world_bench import write_bench

OPTIONS = ScoreOptions(size_px=64, num_points=400)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return write_bench(tmp_path_factory.mktemp("bench"), ("horse", "cabinet"), num_frames=5)


@pytest.fixture(scope="module", autouse=True)
def without_network() -> Iterator[None]:
    """The packaged weights are another test's: seconds to load."""

    def absent() -> features.Lite0:
        raise Unavailable("the package is not installed")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(features, "lite0", absent)
        yield


def truth_of(bench: Bench, number: int = 0, options: ScoreOptions = OPTIONS) -> tuple[Truth, Body]:
    clip = bench.clips[number]
    body = true_body(clip)
    return Truth(clip, ClipGeometry.from_bytes(clip.geometry.read_bytes()), body, options), body


def moved(body: Body, by: np.ndarray) -> Body:
    assert body.bones is not None
    bones = replace(body.bones, joints=body.bones.joints + by)
    return replace(body, vertices=body.vertices + by, bones=bones)


@pytest.fixture(scope="module")
def copy_scores(bench: Bench) -> ClipScores:
    truth, body = truth_of(bench)
    return score_clip(truth, body)


def test_a_copy_of_the_truth_is_without_fault(copy_scores: ClipScores) -> None:
    found = copy_scores.scores
    for name in ("mpjpe_pct", "pa_mpjpe_pct", "vertex_error_pct", "rotation_branch_deg", "swing_chain_deg", "flip"):
        assert found[name] == pytest.approx(0, abs=1e-5), name
    for name in ("pck_3d_2pct", "ssim", "ssim_subject"):
        assert found[name] == pytest.approx(1, abs=1e-6), name
    assert found["psnr"] == 100 and found["facts_fit"] in (0.0, 1.0)
    assert found["i2v_subject.hist"] is not None and found["motion_smoothness.dis"] is not None


def test_every_metric_has_a_number_or_a_reason(copy_scores: ClipScores) -> None:
    asked = {metric.name for metric in METRICS if metric.backend != "vbench" and metric.name != "usable_share"}
    assert copy_scores.scores.keys() == asked
    without = {name for name, value in copy_scores.scores.items() if value is None}
    assert without == copy_scores.why.keys()
    assert all(len(copy_scores.why[name]) > 10 for name in without)
    assert "not installed" in copy_scores.why[features.DISTANCE] and "--lpips" in copy_scores.why["lpips.alex"]


def test_a_shift_is_measured_in_per_cent_of_the_mesh(bench: Bench) -> None:
    truth, body = truth_of(bench)
    size = float(np.ptp(body.rest, axis=0).max())
    found = score_clip(truth, moved(body, np.array([0.1 * size, 0, 0]))).scores
    assert found["mpjpe_pct"] == pytest.approx(10, rel=1e-3) and found["vertex_error_pct"] == pytest.approx(
        10, rel=1e-3
    )
    assert found["pa_mpjpe_pct"] == pytest.approx(0, abs=1e-3) and found["pck_3d_5pct"] == 0
    assert found["acceleration_error_pct_s2"] == pytest.approx(0, abs=1e-2)
    assert found["psnr"] is not None and found["psnr"] < 40


def test_joints_go_by_their_names_and_more_of_them_do_no_harm(bench: Bench) -> None:
    truth, body = truth_of(bench)
    bones = body.bones
    assert bones is not None
    order = np.arange(len(bones.names))[::-1]
    turned = replace(
        bones,
        names=(*(bones.names[joint] for joint in order), "another"),
        parents=np.full(len(order) + 1, -1),
        rest=np.concatenate([bones.rest[order], np.zeros((1, 3))]),
        joints=np.concatenate([bones.joints[:, order], np.ones((len(bones.joints), 1, 3))], axis=1),
        turns=np.concatenate([bones.turns[:, order], bones.turns[:, :1]], axis=1),
    )
    found, why = matched(turned, bones)
    assert found is not None and not why
    assert np.array_equal(found.joints, bones.joints) and np.array_equal(found.turns, bones.turns)
    short = replace(bones, names=tuple(f"x{name}" if at == 2 else name for at, name in enumerate(bones.names)))
    missing, why = matched(short, bones)
    assert missing is None and f"'{bones.names[2]}'" in why and why.startswith("1 of ")
    assert matched(None, bones)[1] == "no joints are delivered"


def test_another_mesh_without_joints_is_compared_by_its_surface_and_pictures(bench: Bench) -> None:
    truth, body = truth_of(bench, 1)
    # Every face with corners of its own: the same surface, other vertices.
    corners = body.faces.reshape(-1)
    faces = np.arange(len(corners)).reshape(-1, 3)
    other = replace(
        body, vertices=body.vertices[:, corners], rest=body.rest[corners], faces=faces, bones=None, look=None
    )
    scored = score_clip(truth, other)
    assert scored.scores["mpjpe_pct"] is None and scored.why["mpjpe_pct"] == "no joints are delivered"
    assert scored.scores["vertex_error_pct"] is None and "faces" in scored.why["vertex_error_pct"]
    same = score_clip(truth, body).scores
    for name in ("cd_3d", "cd_4d", "cd_m"):
        one, both = scored.scores[name], same[name]
        assert one is not None and both is not None and one == pytest.approx(both, rel=0.3), name
    assert scored.scores["facts_fit"] is None


def test_the_other_protocol_compares_the_input_view_alone(bench: Bench) -> None:
    options = replace(OPTIONS, protocol=Protocol.ANIMAMIMIC)
    truth, body = truth_of(bench, 0, options)
    assert truth.pictures.rgb.shape[0] == 3
    scored = score_clip(truth, moved(body, np.array([0.0, 0.1, 0.0])))
    whole, _ = truth_of(bench)
    four = score_clip(whole, moved(body, np.array([0.0, 0.1, 0.0])))
    # The shift goes along the input view's axis, and across those at its sides.
    one, all_views = scored.scores["psnr"], four.scores["psnr"]
    assert one is not None and all_views is not None and one > all_views


def test_frames_are_spread_from_the_first_to_the_last() -> None:
    assert spread(5, 16).tolist() == [0, 1, 2, 3, 4]
    assert spread(81, 3).tolist() == [0, 40, 80] and spread(1, 16).tolist() == [0]
    assert len(spread(25, 16)) == 16
