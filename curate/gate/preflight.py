"""The gate for strangers' files: what is checked before Blender sees a byte. It runs nothing, follows nothing, and its
work is bounded by the size of what it is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from curate.gate.fbx_check import FBX_MAGIC, Spans, check_fbx
from curate.gate.gltf_check import Checked, check_gltf
from curate.gate.gltf_json import split_glb
from rigmill.outcomes import Refusal, Reject

# Formats that can hold programs, other files, or paths that are followed. First bytes -> what a person calls it.
_REFUSED = (
    (b"BLENDER", ".blend"),
    (b"#usda", "USD"),
    (b"PXR-USDC", "USD"),
    (b"PK\x03\x04", "ZIP archive (or USDZ)"),
    (b"PK\x05\x06", "ZIP archive"),
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd (a .blend, or Meta's .glb)"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip archive"),
    (b"Rar!\x1a\x07", "RAR archive"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"Ogawa", "Alembic"),
    (b"\x89HDF", "HDF5 (Alembic)"),
)

# Names under which such files come, so that a source can offer them and a row can say why not.
REFUSED_SUFFIXES = frozenset(".blend .usd .usda .usdc .usdz .abc .zip .7z .rar .gz .bz2 .xz .zst .tar .tgz".split())


def sniff(data: bytes) -> str | None:
    """The format that the content itself declares: glb, gltf or fbx; None for anything else."""
    if data[:4] == b"glTF":
        return "glb"
    if data.startswith(FBX_MAGIC[:18]) or data[:5] == b"; FBX":
        return "fbx"
    return "gltf" if data[:64].lstrip(b" \t\r\n")[:1] == b"{" else None


def identify(data: bytes) -> str:
    """The format of a file as `sniff` tells it; a Refusal names what is known and never opened."""
    if not data:
        raise Refusal(Reject.EMPTY_FILE, "the file holds no bytes")
    found = sniff(data)
    if found is not None:
        return found
    for start, kind in _REFUSED:
        if data.startswith(start):
            raise Refusal(Reject.REFUSED_TYPE, f"the content is {kind}: never opened, whatever the name says")
    if data[257:262] == b"ustar":
        raise Refusal(Reject.REFUSED_TYPE, "the content is a tar archive: never opened, whatever the name says")
    raise Refusal(Reject.UNKNOWN_TYPE, "the content is neither glTF nor FBX, whatever the name says")


def check(data: bytes, file_format: str) -> None:
    """Nothing when the file is sound and self-contained; a Refusal says what is wrong. Never anything else."""
    if file_format == "fbx":
        sound_fbx(data)
    elif file_format in ("glb", "gltf", "vrm"):
        checked_gltf(data, file_format)
    else:
        identify(data)
        raise Refusal(Reject.UNKNOWN_TYPE, f"no check for format '{file_format[:20]}'")


def checked_gltf(data: bytes, file_format: str) -> Checked:
    """What of a glTF file Blender may see."""
    _not_refused(data)
    if file_format == "gltf":
        return check_gltf(data, None)
    with _told_if_saved_as_text(data):
        return check_gltf(*split_glb(data))


def sound_fbx(data: bytes) -> Spans:
    """Where an FBX file that passed every check names other files."""
    _not_refused(data)
    with _told_if_saved_as_text(data):
        return check_fbx(data)


@contextmanager
def _told_if_saved_as_text(data: bytes) -> Iterator[None]:
    """What is found wrong with a binary file says so, where that is what happened to it.

    Whoever saves binary data as UTF-8 writes EF BF BD for every byte that is no text: about every second one above
    7F. By chance these three come once in 16 MB.
    """
    try:
        yield
    except Refusal as refusal:
        replaced = data.count(_REPLACED)
        if replaced < 16 or replaced * 4096 < len(data):
            raise
        raise Refusal(
            Reject.MALFORMED,
            f"saved as text: {replaced} bytes were lost to U+FFFD by an editor or a download that took the file for "
            f"text; get it again as it was ({refusal.message})",
            measured=float(replaced),
        ) from None


_REPLACED = b"\xef\xbf\xbd"


def _not_refused(data: bytes) -> None:
    """A Refusal that says what it is for a file of a refused kind, whatever it was called."""
    if sniff(data) is None:
        try:
            identify(data)
        except Refusal as refusal:
            if refusal.code is not Reject.UNKNOWN_TYPE:
                raise
