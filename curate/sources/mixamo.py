"""A folder that the user filled with Mixamo's downloads: characters and motions, told apart later by their content.

Mixamo has no API and its files must not be passed on, so nothing is downloaded and neither mesh nor motion may be
shared, whatever the profile says. Of training and of pictures in a dataset we found no word of Adobe's: that stays
open until a person decides (`decided` in the profile).

A file under that label has to be Mixamo's, so its joints' names are looked for in its bytes: a name as FBX writes it,
wherever it stands. Walking the records would say the same and could go wrong in more ways; whether there is a mesh,
and which takes move, is Blender's to find (the probe's `kind` and motions).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from curate.gate.preflight import identify
from curate.licences.rights_of import decide, rights_of
from curate.sources.asset_row import CollectedAsset
from curate.sources.local_files import file_candidates, folder_tags, take_files, words
from rigmill.kinds import SeenIn
from rigmill.outcomes import Refusal, Reject
from rigmill.pipeline.stage import Answer, Input, Job, Work
from rigmill.types import Row

SUFFIXES = frozenset({".fbx", ".glb", ".vrm"})  # avatars are no downloads of Mixamo's, and get a row that says so
LICENCE = "LicenseRef-Mixamo"
# Binary FBX ends a name with 00 01 and its class; text FBX and glTF put it in quotes.
_JOINT = re.compile(rb'mixamorig\d{0,4}[:_]?(?:Hips|Spine|LeftUpLeg|RightUpLeg)(?:\x00\x01Model|")')


def candidates(settings: Row) -> Iterator[Input]:
    """One input per FBX, GLB or VRM file."""
    return file_candidates(settings, SUFFIXES, "decided")


def fetch(jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
    """Each download's copy in the store and its row, or why it is not Mixamo's."""
    return take_files(jobs, work, _take)


def title_of(uid: str) -> str:
    """The words of a file name without the number that browsers add to a second download: "Walking (2).fbx"."""
    return words(re.sub(r"\s*\(\d+\)$", "", PurePosixPath(uid).stem))


def _take(payload: Row, data: bytes, work: Work) -> Row:
    found = identify(data)
    if PurePosixPath(payload["uid"]).suffix.lower() == ".vrm":
        raise Refusal(Reject.UNKNOWN_TYPE, "a VRM avatar is not Mixamo's; put it into a 'vroid' or 'folder' source")
    if _JOINT.search(data) is None:
        raise Refusal(
            Reject.UNKNOWN_TYPE,
            "no joint has a name of Mixamo's (mixamorig:Hips and the like), so its terms are not this file's; "
            "use a 'folder' source",
        )
    stated = ", ".join(f"{key}: {value}" for key, value in sorted(payload["decided"].items()) if value is not None)
    return CollectedAsset(
        file=work.store.put_bytes(f"asset.{found}", data),
        source=payload["source"],
        source_uid=payload["uid"],
        origin=f"mixamo:{payload['uid']}",
        title=title_of(payload["uid"]),
        tags=folder_tags(payload["uid"]),
        licence=LICENCE,
        licence_raw=stated,
        licence_seen_in=SeenIn.PROFILE,
        licence_url="https://helpx.adobe.com/creative-cloud/faq/mixamo-faq.html",
        rights=decide(rights_of(LICENCE), payload["decided"]),
        format=found,
    ).to_row()
