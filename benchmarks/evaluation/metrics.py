"""Every metric that somebody else has too, or that can be worked out by hand, against that.

Libraries: torchmetrics (pictures, LPIPS), flip-evaluator (NVIDIA's own), scipy (turns, Procrustes, nearest points).
LPIPS is held against torchmetrics' over one and the same backbone of chance: its real one is in no package.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import flip_evaluator
import numpy as np
import torch
import torchmetrics.functional.image as theirs
import torchmetrics.functional.image.lpips as their_lpips
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from eval.metrics import embedded, feet, joints, lpips, mesh
from eval.metrics.chamfer import ChamferOptions, chamfer
from eval.metrics.consistency import i2v_subject, subject_consistency
from eval.metrics.icp import Icp, quarter_turns, register
from eval.metrics.pictures import PictureScores, picture_scores
from eval.metrics.surface import spots_on
from rigmill.types import Bytes, Rig

_HEIGHT = 1.6
_FPS = 16.0
_SIZES = ((192, 192), (176, 232), (257, 201), (320, 320))  # even, odd, not square
_RIG = Rig(
    ("trunk", "left", "right", "hand"),
    np.array([-1, 0, 0, 2], dtype=np.int32),
    np.array([[0, 0, 0], [-1, 0, 1], [1, 0, 1], [2, 0, 2.0]]),
)


@dataclass(frozen=True, slots=True)
class Held:
    """One number of ours beside one of somebody else's."""

    metric: str
    against: str
    ours: float
    other: float


def differences() -> dict[str, Any]:
    """The largest difference of all, and of every metric."""
    by_metric: dict[str, dict[str, Any]] = {}
    for made in (of_pictures, of_lpips, of_joints, of_turns, of_feet, of_surfaces, of_rules, of_identities):
        for held in made():
            row = by_metric.setdefault(held.metric, {"against": held.against, "cases": 0, "max_diff": 0.0})
            row["cases"] += 1
            row["max_diff"] = max(row["max_diff"], abs(float(held.ours) - float(held.other)))
    return {"metric_max_diff": max(row["max_diff"] for row in by_metric.values()), "metrics": by_metric}


def bodies(height: int, width: int, seed: int) -> tuple[Bytes, Bytes]:
    """A textured body on white, and the same a little moved, turned and darker."""
    rng = np.random.default_rng(seed)
    texture = cv2.resize(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8), (width, height))
    found = []
    for shift, angle, dark in ((0, 15, 1.0), (int(rng.integers(1, 9)), 25, 0.9)):
        mask = np.zeros((height, width), dtype=np.uint8)
        cv2.ellipse(mask, (width // 2 + shift, height // 2), (width // 5, height // 3), angle, 0, 360, 1, -1)
        body = (np.roll(texture, shift, axis=1) * dark).astype(np.uint8)
        found.append(np.where(mask[..., None] > 0, body, np.uint8(255)))
    return found[0], found[1]


def pairs() -> Iterator[tuple[Bytes, Bytes]]:
    for number, (height, width) in enumerate(_SIZES):
        one, other = bodies(height, width, number)
        rng = np.random.default_rng(number)
        noise = np.clip(one + rng.normal(scale=12, size=one.shape), 0, 255).astype(np.uint8)
        yield one, other
        yield noise, one
        yield cv2.GaussianBlur(one, (0, 0), 2.5), one
        yield rng.integers(0, 256, one.shape, dtype=np.uint8), other


def scores(one: Bytes, other: Bytes) -> PictureScores:
    full = np.ones((1, 1, *one.shape[:2]), dtype=np.bool_)
    return picture_scores(one[None, None], other[None, None], found_mask=full, truth_mask=full)


def of_pictures() -> Iterator[Held]:
    for one, other in pairs():
        found = scores(one, other)
        first, second = (torch.from_numpy(each / 255.0).permute(2, 0, 1)[None] for each in (one, other))
        libraries: dict[str, Callable[..., torch.Tensor]] = {
            "psnr": theirs.peak_signal_noise_ratio,
            "ssim": theirs.structural_similarity_index_measure,
            "ms_ssim": theirs.multiscale_structural_similarity_index_measure,
        }
        for name, function in libraries.items():
            value = function(first, second, data_range=1.0).item()
            yield Held(name, "torchmetrics", getattr(found, name), value)
            # Where everything is the subject, so is the subject's number.
            if name != "ms_ssim":
                yield Held(f"{name}_subject", "torchmetrics", getattr(found, f"{name}_subject"), value)
        pictures = (each.astype(np.float32) / 255 for each in (other, one))
        _, value, _ = flip_evaluator.evaluate(*pictures, "LDR", applyMagma=False)
        yield Held("flip", "flip-evaluator", found.flip, value)
        yield Held("flip_subject", "flip-evaluator", found.flip_subject or 0.0, value)


def of_lpips() -> Iterator[Held]:
    torch.manual_seed(0)
    nn = torch.nn
    backbone = nn.Sequential(
        *(nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2)),
        *(nn.Conv2d(64, 192, 5, 1, 2), nn.ReLU(), nn.MaxPool2d(3, 2)),
        *(nn.Conv2d(192, 384, 3, 1, 1), nn.ReLU(), nn.Conv2d(384, 256, 3, 1, 1), nn.ReLU()),
        *(nn.Conv2d(256, 256, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(3, 2)),
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torch.save({f"features.{key}": value for key, value in backbone.state_dict().items()}, folder / lpips.BACKBONE)
        shutil.copy(Path(their_lpips.__file__).parent / "lpips_models/alex.pth", folder / lpips.HEADS)
        ours = lpips.Lpips(folder, backbone_sha256="")
    original = their_lpips._get_tv_model_features
    their_lpips._get_tv_model_features = lambda *_: backbone
    try:
        library = their_lpips._LPIPS(net="alex")
    finally:
        their_lpips._get_tv_model_features = original
    for one, other in list(pairs())[:8]:
        first, second = (torch.from_numpy(each).permute(2, 0, 1)[None] / 255 for each in (one, other))
        with torch.inference_mode():
            value = library(first, second, normalize=True).item()
        yield Held(lpips.NAME, "torchmetrics, over a backbone of chance", ours.distance(one, other), value)


def of_joints() -> Iterator[Held]:
    """Procrustes and turns by scipy; derivatives of polynomials and distances of shifts by hand."""
    rng = np.random.default_rng(0)
    for _ in range(5):
        truth = rng.normal(size=(9, 12, 3))
        found = truth + rng.normal(scale=0.2, size=truth.shape)
        errors = []
        for one, other in zip(found, truth):
            start, goal = one - one.mean(0), other - other.mean(0)
            bent = Rotation.align_vectors(goal, start)[0].apply(start)
            errors.append(np.linalg.norm((bent * goal).sum() / (bent**2).sum() * bent - goal, axis=-1))
        expected = 100 * float(np.mean(errors)) / _HEIGHT
        yield Held("pa_mpjpe_pct", "scipy", joints.pa_mpjpe_pct(found, truth, height=_HEIGHT), expected)
        apart = np.array([cdist(one, other).diagonal() for one, other in zip(found, truth)])
        expected = 100 * float(apart.mean()) / _HEIGHT
        yield Held("mpjpe_pct", "scipy", joints.mpjpe_pct(found, truth, height=_HEIGHT), expected)
        yield Held("vertex_error_pct", "scipy", mesh.vertex_error_pct(found, truth, height=_HEIGHT), expected)
        for limit in joints.PCK_LIMITS_PCT:
            share = joints.pck_3d(found, truth, height=_HEIGHT, limit_pct=limit)
            yield Held(f"pck_3d_{limit}pct", "scipy", share, float((apart <= limit * _HEIGHT / 100).mean()))
    time_s = np.arange(20)[:, None] / _FPS
    for rate in (0.3, 2.0):
        path = np.zeros((20, 4, 3))
        path[..., 1] = rate * time_s**3  # its second difference is its second derivative, its third its third
        jerk = joints.jitter_pct_s3(path, fps=_FPS, height=_HEIGHT)
        yield Held("jitter_pct_s3", "by hand", jerk or 0.0, 600 * rate / _HEIGHT)
        bent = joints.acceleration_error_pct_s2(path, 0 * path, fps=_FPS, height=_HEIGHT)
        expected = float(np.mean(600 * rate * time_s[1:-1] / _HEIGHT))
        yield Held("acceleration_error_pct_s2", "by hand", bent or 0.0, expected)
        stretched = np.stack([_RIG.rest_joints * rate, _RIG.rest_joints])
        drift = joints.bone_drift_pct(stretched, rest=_RIG.rest_joints, parents=_RIG.parents)
        yield Held("bone_drift_pct", "by hand", drift or 0.0, 50 * abs(rate - 1))


def of_turns() -> Iterator[Held]:
    """World turns of every joint against scipy's angle between two rotations, and between two bones."""
    rng = np.random.default_rng(1)
    for size in (1e-6, 1e-3, 0.1, 1.0, 3.0):
        truth = Rotation.random(24, random_state=1)
        found = truth * Rotation.from_rotvec(size * rng.normal(size=(24, 3)) / np.sqrt(3))
        turns, true = (each.as_matrix().reshape(6, 4, 3, 3) for each in (found, truth))
        angles = np.degrees((found * truth.inv()).magnitude()).reshape(6, 4)
        members = {"branch": [0], "chain": [2], "leaf": [1, 3]}
        errors = joints.rotation_errors_deg(turns, true, _RIG)
        for name, where in members.items():
            yield Held(f"rotation_{name}_deg", "scipy", errors[name] or 0.0, float(angles[:, where].mean()))
        bones = {0: [1, 2], 1: [1], 2: [3], 3: [3]}  # whose offset from its parent each joint's bones are
        offset = _RIG.rest_joints - _RIG.rest_joints[np.maximum(_RIG.parents, 0)]
        swings = joints.swing_errors_deg(turns, true, _RIG)
        for name, where in members.items():
            apart = [
                np.degrees(np.arctan2(np.linalg.norm(np.cross(*both)), np.dot(*both)))
                for joint in where
                for frame in range(6)
                for bone in bones[joint]
                for both in [[each[frame, joint] @ offset[bone] for each in (turns, true)]]
            ]
            yield Held(f"swing_{name}_deg", "by hand", swings[name] or 0.0, float(np.mean(apart)))


def of_feet() -> Iterator[Held]:
    standing = np.zeros((12, 2, 3))
    standing[:, 1, 2] = 0.4  # its own lowest, so it stands there
    for speed in (0.01, 0.3):
        drift = standing.copy()
        drift[..., 0] += speed * np.arange(12)[:, None] / _FPS
        slide = feet.foot_slide_pct_s(drift, standing, fps=_FPS, height=_HEIGHT)
        yield Held("foot_slide_pct_s", "by hand", slide or 0.0, 100 * speed / _HEIGHT)
    steps = np.zeros((5, 1, 3))
    steps[:, 0, 0] = [0, 0.03, 0.03, 0.06, 0.07]
    skate = feet.skate_share_unimate(steps, ground=0.0, root_height=1.0)
    yield Held("skate_share.unimate", "by hand", skate or 0.0, 0.5)
    slid = feet.slide_pct_unimate(steps + [0, 0, 0.025], ground=0.0, root_height=1.0)
    yield Held("slide_pct.unimate", "by hand", slid or 0.0, 1.75 * (2 - np.sqrt(2)))


def of_surfaces() -> Iterator[Held]:
    """Chamfer distances of two moving meshes, as they are delivered, against all pairs of the same points."""
    rng = np.random.default_rng(2)
    for num in (40, 90):
        faces, true_faces = rng.integers(0, num, (2 * num, 3)), rng.integers(0, num + 9, (2 * num, 3))
        body, truth = rng.normal(size=(3, num, 3)), rng.normal(size=(3, num + 9, 3))
        options = ChamferOptions(icp=Icp.NONE, num_points=600)
        found = chamfer(body, faces, truth, true_faces, options)
        goals = spots_on(truth[0], true_faces, 600, seed=options.seed - 1).at(truth)
        apart = [
            cdist(spots_on(frame, faces, 600, seed=options.seed + number).at(frame), goal)
            for number, (frame, goal) in enumerate(zip(body, goals))
        ]
        expected = float(np.mean([each.min(axis=1).mean() + each.min(axis=0).mean() for each in apart]))
        yield Held("cd_3d", "scipy, all pairs", found.cd_3d, expected)
        yield Held("cd_4d", "scipy, all pairs", found.cd_4d, expected)
        points = spots_on(body[0], faces, 600, seed=options.seed).at(body)
        first = cdist(points[0], goals[0])
        ways = points - goals[:, first.argmin(axis=1)], points[:, first.argmin(axis=0)] - goals
        expected = float(sum(np.sqrt((way**2).sum(axis=-1)).mean() for way in ways))
        yield Held("cd_m", "scipy, all pairs", found.cd_m, expected)


def of_rules() -> Iterator[Held]:
    """VBench's rules on numbers that a person can add up, and its own flicker on plain steps of grey."""
    yield Held("i2v_subject.hist", "by hand", i2v_subject(np.array([0.5, 0.9, -1]), np.array([0.8, -0.4])), 0.48)
    rule = subject_consistency(np.array([1.0, 0.5]), np.array([0.5, -2]))
    yield Held("subject_consistency.efficientnet_lite0", "by hand", rule, 0.5)
    steps = np.full((1, 4, 20, 20, 3), 40, dtype=np.uint8)
    steps[:, 1::2] += 51
    yield Held("temporal_flickering", "by hand", embedded.temporal_flickering(steps) or 0.0, 0.8)


def of_identities() -> Iterator[Held]:
    """Perfect copies, and a known scale, turn and shift that registration has to find."""
    rng = np.random.default_rng(3)
    picture, _ = bodies(192, 192, 5)
    copy = scores(picture, picture)
    for name, value in (("ssim", 1.0), ("ms_ssim", 1.0), ("flip", 0.0)):
        yield Held(name, "", getattr(copy, name), value)
    points = rng.normal(size=(1500, 3)) * [0.2, 0.35, 0.5] + rng.exponential(0.1, size=(1500, 3))
    for turn in quarter_turns()[::7]:
        moved = points * [1.1, 0.9, 1.2] @ turn.T + [0.3, -0.2, 0.1]
        back = register(points, moved, Icp.ANISOTROPIC)
        yield Held(
            "registration", "a known scale, turn and shift", float(np.abs(back.moved(points) - moved).max()), 0.0
        )
