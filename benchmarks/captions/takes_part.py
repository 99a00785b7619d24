"""The facts of a corpus's named takes beside their names, for a person to read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common.corpus import FPS, NOT_THE_CORPUS, blender
from curate.gate.canonical import canonical
from curate.gate.gltf_json import parse, split_glb
from curate.gate.preflight import sniff
from curate.vrm.block import read_vrm
from curate.vrm.nodes import joint_of_node
from rigmill.blender.requests import PROBE_ASSET
from rigmill.facts.facts import MotionFacts
from rigmill.facts.measure import measure
from rigmill.facts.words import in_words
from rigmill.outcomes import Refusal
from rigmill.rigs.npz import motion_from_bytes, rig_from_bytes
from rigmill.types import Motion, Rig

_MOST_PARTS = 3


@dataclass(frozen=True)
class Named:
    """A take of a file."""

    file: str
    take: str
    rig: Rig
    motion: Motion
    humanoid: dict[str, str]


def takes(corpus: Path, only: Collection[str] = ()) -> Iterator[Named]:
    """Every take of the corpus, as Blender reads it; of some files alone, by their paths in it, if there are any."""
    client = blender()
    try:
        for path in sorted(path for path in corpus.rglob("*") if path.is_file()):
            if only and str(path.relative_to(corpus)) not in only:
                continue
            original = path.read_bytes()
            file_format = sniff(original)
            if path.parent.name in NOT_THE_CORPUS or file_format is None:
                continue
            with tempfile.TemporaryDirectory() as folder:
                scratch = Path(folder)
                try:
                    data, file_format = canonical(original, file_format)
                except Refusal:
                    continue
                asset = scratch / f"asset.{file_format}"
                asset.write_bytes(data)
                item = {
                    "path": str(asset),
                    "format": file_format,
                    "fps": FPS,
                    "rigid_rigs": True,
                    "store_motions": True,
                }
                (reply,) = client.run(PROBE_ASSET, [item], scratch=scratch)
                if reply.value is None:
                    continue
                rig = rig_from_bytes((scratch / reply.value["rig_file"]).read_bytes())
                declared = _declared(original, data, rig)
                for take in reply.value["motions"]:
                    motion = motion_from_bytes((scratch / take["motion_file"]).read_bytes())
                    yield Named(str(path.relative_to(corpus)), take["name"], rig, motion, declared)
    finally:
        client.close()


def _declared(original: bytes, data: bytes, rig: Rig) -> dict[str, str]:
    """What a VRM block says, bone -> joint."""
    if not original.startswith(b"glTF"):
        return {}
    block = read_vrm(parse(split_glb(original)[0]))
    joints = joint_of_node(parse(split_glb(data)[0]), list(rig.names))
    return {bone: joints[node] for bone, node in block.humanoid.items() if node in joints} if block else {}


def line(named: Named, facts: MotionFacts) -> str:
    """A row of the table."""
    parts = "; ".join(
        f"{part.part} {part.action.value} {part.turn_deg:.0f} deg, {max(part.reach_heights, part.slide_heights):.2f} h"
        for part in facts.parts[:_MOST_PARTS]
    )
    take = named.take.rpartition("|")[2]
    return f"| {named.file} | {take} | {facts.subject_kind.value} | {in_words(facts)} | {parts} |"


def figures() -> dict[str, Any]:
    """Prints the table; how many takes of how many files it has."""
    corpus = os.environ.get("RIGMILL_CORPUS")
    if not corpus:
        raise SystemExit("RIGMILL_CORPUS is not set: the folder of files to read")
    files, number = set(), 0
    print("| file | take | kind | it ... | strongest parts |\n| --- | --- | --- | --- | --- |")
    for named in takes(Path(corpus)):
        print(line(named, measure(named.rig, named.motion, humanoid=named.humanoid)), flush=True)
        files.add(named.file)
        number += 1
    return {"takes_files": len(files), "takes": number}
