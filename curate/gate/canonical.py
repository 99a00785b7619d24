"""The canonical file: what Blender reads in place of the stranger's original."""

from __future__ import annotations

from pathlib import Path

from curate.gate.fbx_check import without_paths
from curate.gate.gltf_pack import pack_gltf
from curate.gate.gltf_write import write_glb
from curate.gate.preflight import checked_gltf, identify, sound_fbx
from curate.gate.reading import read_asset
from rigmill.outcomes import Refusal, Reject


def canonical(data: bytes, file_format: str) -> tuple[bytes, str]:
    """The bytes that Blender may see, and their format; a Refusal says why there are none. Nothing else is raised.

    glTF and VRM become one GLB of known keys, without any uri. FBX stays as it is, except that the paths in it are made
    names of nothing. The canonical file of a canonical file is itself.
    """
    if file_format == "fbx":
        return without_paths(data, sound_fbx(data)), "fbx"
    if file_format in ("glb", "gltf", "vrm"):
        return write_glb(checked_gltf(data, file_format)), "glb"
    raise Refusal(Reject.UNKNOWN_TYPE, "the content is neither glTF nor FBX")


def canonical_file(path: Path, max_file_bytes: int) -> tuple[bytes, str, bytes]:
    """`canonical` of a file that a person named, known by its content, and the file itself, a .gltf as a GLB.

    A Refusal says why there is none.
    """
    data = read_asset(path, max_file_bytes)
    found = canonical(data, identify(data))
    if identify(data) == "gltf":  # what it names is inside it
        data = pack_gltf(data, path.parent, max_bytes=2 * max_file_bytes)
    return *found, data
