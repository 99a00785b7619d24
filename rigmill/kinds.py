"""Closed sets of words in tables and requests. No numpy here: the command line reads them for its help."""

from __future__ import annotations

from enum import StrEnum


class AssetKind(StrEnum):
    """What a file holds: the probe's `kind`."""

    ANIMATED = "animated"  # a rig carries a mesh, and moves
    STATIC = "static"  # likewise, and nothing moves
    MOTION = "motion"  # motions and no mesh that they move


class RigKind(StrEnum):
    """What carries the meshes: the probe's `rig_kind`."""

    SKIN = "skin"  # bones
    RIGID = "rigid"  # animated nodes
    BOTH = "both"


class ClipKind(StrEnum):
    """Whose motion a clip shows: `kind` of every table of clips."""

    NATIVE = "native"  # the file's own
    RETARGETED = "retargeted"  # another file's


class SeenIn(StrEnum):
    """Who said what an asset's licence is: `licence_seen_in`, also two of them joined by '+'."""

    INDEX = "index"
    FILE = "file"
    PROFILE = "profile"
    AUTHOR = "author"  # the profile, of files whose author wrote it


class Output(StrEnum):
    """What can be made of a clip. The first four are of every clip of the pipeline; stills are one file a frame."""

    RGB = "rgb"
    POSE = "pose"
    TEMPLATES = "templates"
    GEOMETRY = "geometry"
    MASK = "mask"
    PNG = "png"
    WEBP = "webp"
    DEPTH = "depth"
    NORMAL = "normal"


class Split(StrEnum):
    """What a sample of the dataset is for: `split` of the `shards` table."""

    TRAIN = "train"
    VAL = "val"  # looked at while training
    BENCH = "bench"  # judges what is trained


class Maps(StrEnum):
    """Where the pose maps of an evaluation are from: `maps` of the `eval` table."""

    RECORDED = "ground_truth"  # the clip's own
    GENERATED = "generated"  # the model's
