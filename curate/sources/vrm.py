"""A folder of VRM avatars: only files with a VRM block, under the rights that the block itself gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from curate.gate.preflight import sniff
from curate.licences.rights_of import decide
from curate.sources.asset_row import CollectedAsset
from curate.sources.inside import look_inside
from curate.sources.local_files import file_candidates, folder_tags, take_files, words
from curate.vrm.licence import Terms
from rigmill.kinds import SeenIn
from rigmill.outcomes import Refusal, Reject
from rigmill.pipeline.stage import Answer, Input, Job, Work
from rigmill.types import Row, StoredFile


def candidates(settings: Row) -> Iterator[Input]:
    """One input per .vrm file."""
    return file_candidates(settings, {".vrm"}, "decided")


def fetch(jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
    """Each avatar's copy in the store and its row, or why it is none."""
    return take_files(jobs, work, _take)


def terms_of(data: bytes, stored: StoredFile, work: Work) -> Terms:
    """What the VRM block of a stored file says; a Refusal says what the file is instead."""
    found = sniff(data)
    if found != "glb":
        what = {"gltf": "glTF text", "fbx": "an FBX file"}.get(found or "", "no 3D file")
        if data[:512].lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
            what = "a web page (the download went wrong)"
        raise Refusal(Reject.UNKNOWN_TYPE, f"not a VRM avatar but {what}")
    inside = look_inside(stored, work)
    if inside.refused is not None:
        raise inside.refused.to_refusal()
    if inside.terms is None:
        raise Refusal(
            Reject.UNKNOWN_TYPE, "a GLB without a VRM block, so nothing says what is allowed; use a 'folder' source"
        )
    return inside.terms


def _take(payload: Row, data: bytes, work: Work) -> Row:
    stored = work.store.put_bytes("asset.glb", data)
    said = terms_of(data, stored, work)
    return CollectedAsset(
        file=stored,
        source=payload["source"],
        source_uid=payload["uid"],
        origin=f"folder:{payload['uid']}",
        title=said.title or words(PurePosixPath(payload["uid"]).stem),
        author=said.author,
        tags=folder_tags(payload["uid"]),
        licence=said.licence,
        licence_raw=said.licence_raw,
        licence_url=said.licence_url,
        licence_seen_in=SeenIn.FILE,
        rights=decide(said.rights, payload["decided"]),
        attribution=said.attribution,
        format="glb",
    ).to_row()
