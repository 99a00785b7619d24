"""A user's folder: every file with a 3D suffix below it, known by its bytes, whatever it is called.

What is never opened (.blend, USD, archives) and what Rigmill cannot read (.bvh, .vrma without a mesh) is listed too: a
row says why it is not taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from curate.gate.preflight import REFUSED_SUFFIXES, identify
from curate.licences.rights_of import rights_of
from curate.licences.spelling import spdx_of
from curate.sources.asset_row import CollectedAsset
from curate.sources.inside import look_inside
from curate.sources.local_files import file_candidates, folder_tags, take_files, words
from curate.vrm.licence import Terms, strictest
from rigmill.kinds import SeenIn
from rigmill.licences.rights import PERMISSIONS, Rights
from rigmill.outcomes import Refusal, Reject
from rigmill.pipeline.stage import Answer, Input, Job, Work
from rigmill.types import Row

SUFFIXES = frozenset({".glb", ".gltf", ".vrm", ".vrma", ".fbx", ".bvh"}) | REFUSED_SUFFIXES


def candidates(settings: Row) -> Iterator[Input]:
    """One input per file."""
    own = ("i_am_the_author",) if settings["i_am_the_author"] else ()  # others' jobs stay what they were
    return file_candidates(settings, SUFFIXES, "licence", "attribution", *own)


def fetch(jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
    """Each file's copy in the store and its row, or why it cannot be taken."""
    return take_files(jobs, work, _take)


def _take(payload: Row, data: bytes, work: Work) -> Row:
    """The row of any file. A VRM block is heard where nobody names a licence for the folder, and overruled by its
    author alone: tools write the strictest block into what people export of their own.
    """
    found = identify(data)
    stored = work.store.put_bytes(f"asset.{found}", data)
    said = look_inside(stored, work).terms if found == "glb" else None
    rights, by_author = rights_of(spdx_of(payload["licence"])), payload.get("i_am_the_author", False)
    written = f"; the file's own block: {said.licence_raw or said.licence}" if said is not None and by_author else ""
    if by_author:
        said = None
    if said is not None and payload["licence"] != "unknown":
        _compare(payload["licence"], rights, said)
        rights = strictest(rights, said.rights)
    elif said is not None:
        return CollectedAsset(
            file=stored,
            source=payload["source"],
            source_uid=payload["uid"],
            origin=f"folder:{payload['uid']}",
            title=words(PurePosixPath(payload["uid"]).stem),
            author=said.author,
            tags=folder_tags(payload["uid"]),
            licence=said.licence,
            licence_raw=said.licence_raw,
            licence_url=said.licence_url,
            licence_seen_in=SeenIn.FILE,
            rights=said.rights,
            attribution=payload["attribution"] or said.attribution,
            format=found,
        ).to_row()
    return CollectedAsset(
        file=stored,
        source=payload["source"],
        source_uid=payload["uid"],
        origin=f"folder:{payload['uid']}",
        title=words(PurePosixPath(payload["uid"]).stem),
        tags=folder_tags(payload["uid"]),
        licence=payload["licence"],
        licence_raw=payload["licence"] + written,
        licence_seen_in=SeenIn.AUTHOR if by_author else SeenIn.PROFILE,
        rights=rights,
        attribution=payload["attribution"],
        format=found,
    ).to_row()


def _compare(licence: str, stated: Rights, said: Terms) -> None:
    """A refusal where the profile's licence grants what the file's own block denies."""
    granted, block = stated.to_row(), said.rights.to_row()
    denied = [
        name
        for name, value in granted.items()
        if block[name] is (name not in PERMISSIONS) and value is (name in PERMISSIONS)
    ]
    if denied:
        raise Refusal(
            Reject.LICENCE_CONFLICT,
            f"the profile says '{licence}', and the file's own VRM block ({said.licence}) says otherwise of "
            f"{', '.join(denied)}; if the file is your own work, say 'i_am_the_author: true' beside 'licence'",
        )
