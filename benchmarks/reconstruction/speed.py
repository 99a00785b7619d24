"""What reconstruction costs, and scipy's least squares on the same equations."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from scipy.optimize import least_squares
from scipy.sparse import csr_matrix

from benchmarks.reconstruction.posed_bodies import FPS, SIZES, Take, take
from rigmill.clips.camera import project
from rigmill.reconstruct.joints.least_squares import Bones, refine
from rigmill.reconstruct.joints.sightings import sightings
from rigmill.reconstruct.kinematics import drawn_rig
from rigmill.reconstruct.reconstruct import Options, reconstruct
from rigmill.types import Floats, Rig

_ROUNDS = 3
_SCIPY_FRAMES = 3
_THRESHOLD_PX, _BONE_WEIGHT, _KEEP = 3.0, 20.0, 1e-3


def speed() -> dict[str, Any]:
    """`ms_per_frame`, `clip_wall_s` and, over the faster way of scipy, `speedup_over_scipy`, by number of joints."""
    found: dict[str, Any] = {
        "ms_per_frame": {},
        "clip_wall_s": {},
        "speedup_over_scipy": {},
        "scipy_ms_per_frame": {},
        "least_squares_ms_per_frame": {},
        "least_squares_cost_ratio": {},
    }
    for size in SIZES:
        for name, draw_all in ((str(size), False), (f"{size}_all_drawn", True)):
            if size == 25 and draw_all:
                continue
            made = take(size, draw_all=draw_all)
            maps = made.maps()
            cpu, wall = [], []
            for _ in range(_ROUNDS):
                for threads, clock, times in ((1, time.process_time, cpu), (2, time.perf_counter, wall)):
                    started = clock()
                    reconstruct(
                        maps,
                        cameras=made.cameras,
                        rig=made.rig,
                        drawn=made.drawn,
                        colours=made.colours,
                        radius_px=made.radius_px,
                        fps=FPS,
                        options=Options(threads=threads),
                    )
                    times.append(clock() - started)
            found["ms_per_frame"][name] = 1000 * min(cpu) / len(made.joints)
            found["clip_wall_s"][name] = min(wall)
        ours, dense, sparse, ratio = beside_scipy(take(size, draw_all=True))
        found["speedup_over_scipy"][str(size)] = min(dense, sparse) / ours
        found["scipy_ms_per_frame"][str(size)] = {"dense": dense, "sparse": sparse}
        found["least_squares_ms_per_frame"][str(size)] = ours
        found["least_squares_cost_ratio"][str(size)] = ratio
    return found


def beside_scipy(made: Take) -> tuple[float, float, float, float]:
    """CPU milliseconds a frame of `refine`, of scipy with a dense and with a sparse Jacobian, and our cost over theirs.

    All joints, centres with 1 px of noise, the same start; scipy's `trf` as it comes, Jacobians by differences.
    """
    small = drawn_rig(made.rig, made.drawn)
    rng = np.random.default_rng(0)
    centres = np.stack([project(camera, made.joints)[0] for camera in made.cameras])
    centres = centres + rng.normal(size=centres.shape)
    start = made.joints + rng.normal(scale=0.01, size=made.joints.shape)
    has_parent = np.flatnonzero(small.parents >= 0)
    lengths = np.zeros(small.num_joints)
    rest = small.rest_joints
    lengths[has_parent] = np.linalg.norm(rest[has_parent] - rest[small.parents[has_parent]], axis=-1)
    px = 270.0
    weights = np.where(small.parents >= 0, _BONE_WEIGHT, 0.0)
    times = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        ours = refine(
            start,
            sightings(made.cameras, centres, np.ones(centres.shape[:3])),
            Bones(small.parents.astype(np.int64), lengths, weights),
            threshold_px=_THRESHOLD_PX,
            px=px,
            num_steps=60,
        )
        times.append(time.process_time() - started)
    theirs_s, costs = [0.0, 0.0], []
    for frame in range(_SCIPY_FRAMES):
        equations = residuals(made, small, centres[:, frame], start[frame], lengths=lengths, px=px)
        for number, sparsity in enumerate((None, _sparsity(small, num_views=len(centres)))):
            started = time.process_time()
            solution = least_squares(equations, start[frame].ravel(), jac_sparsity=sparsity)
            theirs_s[number] += time.process_time() - started
            costs.append(float(np.sum(equations(ours[frame].ravel()) ** 2) / (2 * solution.cost)))
    dense_ms, sparse_ms = (1000 * seconds / _SCIPY_FRAMES for seconds in theirs_s)
    return 1000 * min(times) / len(start), dense_ms, sparse_ms, max(costs)


def _sparsity(rig: Rig, *, num_views: int) -> Any:
    """Which unknowns each residual depends on."""
    own = np.eye(rig.num_joints)
    has_parent = np.flatnonzero(rig.parents >= 0)
    bones = own[has_parent] + own[rig.parents[has_parent]]
    rows = [np.eye(3 * rig.num_joints)]
    rows += [np.kron(np.repeat(own, 2, axis=0), np.ones(3))] * num_views
    return csr_matrix(np.concatenate([*rows, np.kron(bones, np.ones(3))]))


def residuals(made: Take, rig: Rig, centres: Floats, start: Floats, *, lengths: Floats, px: float) -> Any:
    """The residuals whose squares `refine` adds up, of one frame's joints."""
    has_parent = np.flatnonzero(rig.parents >= 0)
    limit = _THRESHOLD_PX**2

    def equations(flat: Floats) -> Floats:
        joints = flat.reshape(-1, 3)
        rows = [np.sqrt(_KEEP) * px * (joints - start).ravel()]
        for camera, places in zip(made.cameras, centres):
            off = project(camera, joints)[0] - places
            squared = np.sum(off**2, axis=-1, keepdims=True)
            rows.append((off * np.sqrt(limit / (limit + squared))).ravel())
        length = np.linalg.norm(joints[has_parent] - joints[rig.parents[has_parent]], axis=-1)
        rows.append(np.sqrt(_BONE_WEIGHT) * (length - lengths[has_parent]) * px)
        return np.concatenate(rows)

    return equations
