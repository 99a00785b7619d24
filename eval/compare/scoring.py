"""The scores of one body on one clip, against the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from eval.bench.clips import BenchClip
from eval.bodies.body import Body, Bones
from eval.bodies.draw import Pictures, Protocol, cameras_of, draw, into_frame
from eval.bodies.facts import facts_fit
from eval.compare.options import ScoreOptions
from eval.metrics import embedded, features, feet, joints, lpips, mesh
from eval.metrics.chamfer import ChamferOptions, chamfer
from eval.metrics.pictures import picture_scores
from eval.metrics.weights import Unavailable
from rigmill.clips.numbers import ClipGeometry
from rigmill.facts.anatomy import Anatomies
from rigmill.types import Floats, Ints, Rig

_ANATOMIES = Anatomies()
_LOOKED_AT = 8  # frames


@dataclass(slots=True)
class ClipScores:
    """Numbers by a metric's name; where there is none, `why` has a sentence."""

    scores: dict[str, float | None] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    pictures: Pictures | None = None  # of the body

    def put(self, found: Mapping[str, float | None], why: str = "") -> None:
        """Add numbers; `why` some may be None."""
        for name, value in found.items():
            self.scores[name] = value
            if value is None:
                self.why[name] = why or "not measurable on this clip"


class Truth:
    """What every method's body is held against on one clip, made once. Lengths are of the clip's own frame."""

    def __init__(self, clip: BenchClip, geometry: ClipGeometry, body: Body, options: ScoreOptions) -> None:
        self.clip, self.geometry, self.options = clip, geometry, options
        self.body = into_frame(body, geometry)

    @cached_property
    def size(self) -> float:
        """The unit of 'per cent of the height': the largest extent of the mesh at rest."""
        return max(float(np.ptp(self.body.rest, axis=0).max()), 1e-9)

    @cached_property
    def rig(self) -> Rig | None:
        bones = self.body.bones
        return None if bones is None else Rig(bones.names, bones.parents, bones.rest)

    @cached_property
    def feet(self) -> list[int]:
        """The lowest joint of every leg that can stand."""
        rig = self.rig
        if rig is None:
            return []
        return [
            min(foot.joints, key=lambda joint: float(rig.rest_joints[joint, 2]))
            for foot in _ANATOMIES.find(rig, {}).feet
        ]

    @cached_property
    def pictures(self) -> Pictures:
        return self.drawn(self.body)

    @cached_property
    def input(self) -> Pictures:
        """The picture that a method is given of every view: the rest pose."""
        return self.drawn(replace(self.body, vertices=self.body.rest[None]))

    @cached_property
    def looked_at(self) -> Ints:
        """The frames that a network looks at."""
        return spread(self.body.num_frames, _LOOKED_AT)

    @cached_property
    def seen(self) -> features.Seen:
        """What the packaged network sees in the true pictures; raises Unavailable."""
        return features.lite0().look(self.pictures.rgb[:, self.looked_at])

    @cached_property
    def seen_input(self) -> features.Seen:
        return features.lite0().look(self.input.rgb[:, 0])

    @cached_property
    def lpips(self) -> lpips.Lpips | None:
        """LPIPS, where a folder of weights is given; raises Unavailable."""
        return lpips.Lpips(Path(self.options.lpips)) if self.options.lpips else None

    def drawn(self, body: Body) -> Pictures:
        """Pictures of a body in the clip's frame, from the protocol's cameras."""
        cameras = cameras_of(self.geometry, self.options.protocol)
        return draw(body, cameras, size_px=self.options.size_px, background=self.options.background)


def score_clip(truth: Truth, found: Body) -> ClipScores:
    """Every score of a body, as it was delivered, on the clip of `truth`."""
    body, scores = into_frame(found, truth.geometry), ClipScores()
    _score_joints(truth, body, scores)
    _score_mesh(truth, body, scores)
    _score_pictures(truth, body, scores)
    fits = facts_fit(body, truth.geometry, truth.clip.prompt)
    why = "the prompt has no verb that facts know, or there are no joints"
    scores.put({"facts_fit": None if fits is None else float(fits)}, why)
    return scores


def matched(found: Bones | None, truth: Bones | None) -> tuple[Bones | None, str]:
    """The found joints in the order of the true ones, by name; or None and why there are none."""
    if truth is None or found is None:
        return None, "no joints are delivered" if truth is not None else "the truth has no joints"
    place = {name: joint for joint, name in enumerate(found.names)}
    missing = [name for name in truth.names if name not in place]
    if missing:
        return None, f"{len(missing)} of {len(truth.names)} joints are not there by name, such as '{missing[0]}'"
    at = [place[name] for name in truth.names]
    return Bones(truth.names, truth.parents, found.rest[at], found.joints[:, at], found.turns[:, at]), ""


def spread(num_frames: int, most: int) -> Ints:
    """At most so many frames, the first and the last among them."""
    return np.unique(np.linspace(0, num_frames - 1, min(num_frames, most)).round().astype(np.int64))


def _score_joints(truth: Truth, body: Body, scores: ClipScores) -> None:
    bones, why = matched(body.bones, truth.body.bones)
    names = [metric.name for metric in (*joints.METRICS, *feet.METRICS) if metric.name != "usable_share"]
    if bones is None or truth.rig is None or truth.body.bones is None:
        scores.put(dict.fromkeys(names), why)
        return
    true, size, fps = truth.body.bones, truth.size, truth.clip.fps
    found: dict[str, float | None] = {
        "mpjpe_pct": joints.mpjpe_pct(bones.joints, true.joints, height=size),
        "pa_mpjpe_pct": joints.pa_mpjpe_pct(bones.joints, true.joints, height=size),
        "bone_drift_pct": joints.bone_drift_pct(bones.joints, rest=true.rest, parents=true.parents),
        "jitter_pct_s3": joints.jitter_pct_s3(bones.joints, fps=fps, height=size),
        "acceleration_error_pct_s2": joints.acceleration_error_pct_s2(bones.joints, true.joints, fps=fps, height=size),
    }
    for limit in joints.PCK_LIMITS_PCT:
        found[f"pck_3d_{limit}pct"] = joints.pck_3d(bones.joints, true.joints, height=size, limit_pct=limit)
    for kind, errors in (
        ("rotation", joints.rotation_errors_deg(bones.turns, true.turns, truth.rig)),
        ("swing", joints.swing_errors_deg(bones.turns, true.turns, truth.rig)),
    ):
        found |= {f"{kind}_{name}_deg": value for name, value in errors.items()}
    scores.put(found, "the rig has no such joint, or the clip too few frames")
    _score_feet(truth, bones.joints, true, scores)


def _score_feet(truth: Truth, found: Floats, true: Bones, scores: ClipScores) -> None:
    names = [metric.name for metric in feet.METRICS]
    if not truth.feet:
        scores.put(dict.fromkeys(names), "it has no legs to stand on")
        return
    ours, theirs, fps = found[:, truth.feet], true.joints[:, truth.feet], truth.clip.fps
    ground = float(true.rest[truth.feet, 2].min())  # joints stand for soles, as in data without meshes
    root_height = float(true.rest[0, 2]) - ground
    rule = {"ground": ground, "root_height": root_height}
    scores.put({"foot_slide_pct_s": feet.foot_slide_pct_s(ours, theirs, fps=fps, height=truth.size)}, "no foot stands")
    high = root_height > 0.05 * truth.size  # a root on the floor is no measure of the body
    scores.put(
        {
            "skate_share.unimate": feet.skate_share_unimate(ours, **rule) if high else None,
            "slide_pct.unimate": feet.slide_pct_unimate(ours, **rule) if high else None,
        },
        "no foot is near the ground" if high else "the root is on the ground",
    )


def _score_mesh(truth: Truth, body: Body, scores: ClipScores) -> None:
    true, options, names = truth.body, truth.options, [metric.name for metric in mesh.METRICS]
    if body.vertices.shape == true.vertices.shape and np.array_equal(body.faces, true.faces):
        ours, theirs = body.vertices, true.vertices
        scores.put(
            {
                "vertex_error_pct": mesh.vertex_error_pct(ours, theirs, height=truth.size),
                "vertex_error_p95_pct": mesh.vertex_error_p95_pct(ours, theirs, height=truth.size),
            }
        )
    else:
        scores.put(dict.fromkeys(names), "its faces are not the true mesh's")
    how = ChamferOptions(options.icp, options.num_points, min(options.num_points, 10_000), seed=44 + options.seed)
    at = spread(len(true.vertices), options.num_surfaces)
    scores.put(asdict(chamfer(body.vertices[at], body.faces, true.vertices[at], true.faces, how)))


def _score_pictures(truth: Truth, body: Body, scores: ClipScores) -> None:
    """Pictures against the true ones, and the videos by themselves."""
    ours, theirs = truth.drawn(body), truth.pictures
    scores.pictures = ours
    # AnimaMimic holds pictures of the input view against the reference, and looks at the others by themselves.
    views = slice(0, 1) if truth.options.protocol is Protocol.ANIMAMIMIC else slice(None)
    found = picture_scores(
        ours.rgb[views], theirs.rgb[views], found_mask=ours.mask[views], truth_mask=theirs.mask[views]
    )
    scores.put(asdict(found), "the body is in no picture, or pictures are too small")
    _score_features(truth, ours, views, scores)
    _score_videos(truth, ours, scores)
    try:
        distance = truth.lpips.distance(ours.rgb[views], theirs.rgb[views]) if truth.lpips else None
        scores.put({lpips.NAME: distance}, "its weights are not given: --lpips FOLDER")
    except Unavailable as error:
        scores.put({lpips.NAME: None}, str(error))


def _score_features(truth: Truth, ours: Pictures, views: slice, scores: ClipScores) -> None:
    names = [metric.name for metric in features.METRICS]
    try:
        network, true = features.lite0(), truth.seen
    except Unavailable as error:
        scores.put(dict.fromkeys(names), str(error))
        return
    at = truth.looked_at
    found = network.look(ours.rgb[:, at])
    num_views = len(ours.rgb)
    frames = found.whole.reshape(num_views, len(at), -1)
    chosen = np.arange(num_views * len(at)).reshape(num_views, -1)[views].ravel()
    scores.put(
        {
            features.DISTANCE: features.feature_distance(_some(found, chosen), _some(true, chosen)),
            features.I2V_SUBJECT: features.i2v_subject_lite0(frames, truth.seen_input.whole),
            features.CONSISTENCY: features.subject_consistency_lite0(frames),
        }
    )


def _some(seen: features.Seen, at: Ints) -> features.Seen:
    return features.Seen(tuple(depth[at] for depth in seen.depths), seen.whole[at])


def _score_videos(truth: Truth, ours: Pictures, scores: ClipScores) -> None:
    first = truth.input
    smooth, smooth_subject = embedded.motion_smoothness_dis(ours.rgb, ours.mask)
    found = {
        "i2v_subject.hist": embedded.i2v_subject_hist(ours.rgb, ours.mask, first.rgb[:, 0], first.mask[:, 0]),
        "motion_smoothness.dis": smooth,
        "motion_smoothness_subject.dis": smooth_subject,
        "dynamic_degree.dis": embedded.dynamic_degree_dis(ours.rgb, fps=truth.clip.fps),
        "temporal_flickering": embedded.temporal_flickering(ours.rgb),
        "imaging_quality.proxy": embedded.imaging_quality_proxy(ours.rgb, ours.mask),
    }
    scores.put(found, "too few frames, or the body is in no picture")
