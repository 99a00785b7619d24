"""The jobs "what may Blender see of this file" and "what does its VRM block say", run in a limited child."""

from __future__ import annotations

import errno
from dataclasses import asdict
from pathlib import Path
from typing import Any

from curate.gate.canonical import canonical
from curate.gate.gltf_json import parse, split_glb
from curate.licences.embedded import read_embedded
from curate.vrm.block import read_vrm
from curate.vrm.licence import terms
from curate.vrm.nodes import joint_of_node
from curate.vrm.springs import spring_rows
from rigmill.blender.requests import (
    CANONICAL_FILE,
    CanonicalAnswer,
    CanonicalItem,
    SaidAnswer,
    SaidItem,
    VrmAnswer,
    VrmItem,
)
from rigmill.formats.glb import MAGIC
from rigmill.outcomes import Refusal, Reject


def warm_up() -> None:
    """Import what children of the reader need, before they are forked."""
    import curate.jobs.packing  # noqa: F401


def canonical_asset(item: dict[str, Any], _state: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """A CanonicalAnswer to a CanonicalItem; a Refusal says why Blender may see nothing of the file."""
    asked = CanonicalItem.from_item(item)
    original = Path(asked.path).read_bytes()
    data, file_format = canonical(original, asked.format)
    has_block = asked.format in ("glb", "vrm") and read_vrm(parse(split_glb(original)[0])) is not None
    del original
    try:
        (scratch / CANONICAL_FILE).write_bytes(data)
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        message = "its canonical file is larger than the profile's limits.file_bytes"
        raise Refusal(Reject.OVER_BUDGET, message, measured=float(len(data))) from error
    return CanonicalAnswer(format=file_format, has_vrm=has_block).to_item()


def said_inside(item: dict[str, Any], _state: dict[str, Any], _scratch: Path) -> dict[str, Any]:
    """A SaidAnswer to a SaidItem."""
    path, found, refused = Path(SaidItem.from_item(item).path), None, None
    with path.open("rb") as stream:
        embedded = read_embedded(stream)
        stream.seek(0)
        if stream.read(4) == MAGIC:
            stream.seek(0)
            try:
                block = read_vrm(parse(split_glb(stream.read())[0]))
                found = None if block is None else terms(block).to_row()
            except Refusal as refusal:
                refused = refusal.to_rejected().to_row()
    return SaidAnswer(embedded=asdict(embedded), terms=found, refused=refused).to_item()


def vrm_rows(item: dict[str, Any], _state: dict[str, Any], _scratch: Path) -> dict[str, Any]:
    """A VrmAnswer to a VrmItem. Nodes have the same indices in the canonical file, so the block's point into it."""
    asked = VrmItem.from_item(item)
    block = read_vrm(parse(split_glb(Path(asked.path).read_bytes())[0]))
    document = parse(split_glb(Path(asked.canonical_path).read_bytes())[0])
    if block is None:
        return VrmAnswer(humanoid=[], spring_joints=[]).to_item()
    joints = joint_of_node(document, asked.joint_names)
    return VrmAnswer(
        humanoid=[{"bone": bone, "joint": joints[node]} for bone, node in block.humanoid.items() if node in joints],
        spring_joints=[dict(row) for row in spring_rows(block, document, joints)],
    ).to_item()
