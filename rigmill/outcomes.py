"""How a job can end: kept, rejected (a closed list of reasons for which a rule says no), failed; and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from enum import StrEnum
from math import isfinite
from typing import Any

from rigmill.types import Row


class Reject(StrEnum):
    """Every code a rejected row can carry, with the sentence that explains it in docs and reports."""

    EMPTY_FILE = "empty_file"
    TOO_LARGE = "too_large"
    UNKNOWN_TYPE = "unknown_type"
    NOT_A_FILE = "not_a_file"
    OUT_OF_REACH = "out_of_reach"
    OWN_OUTPUT = "own_output"
    DUPLICATE_FILE = "duplicate_file"
    DEAD_LINK = "dead_link"
    HASH_MISMATCH = "hash_mismatch"
    FOREIGN_ADDRESS = "foreign_address"
    NO_ADDRESS = "no_address"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    EXTERNAL_REFERENCE = "external_reference"
    REFUSED_TYPE = "refused_type"
    BAD_IMAGE = "bad_image"
    OVER_BUDGET = "over_budget"
    NOT_FINITE = "not_finite"
    UNREADABLE = "unreadable"
    NO_RIG = "no_rig"
    NO_MOTION = "no_motion"
    TOO_SIMPLE = "too_simple"
    TOO_DETAILED = "too_detailed"
    UNTEXTURED = "untextured"
    EXPLODED = "exploded"
    TOO_FEW_FRAMES = "too_few_frames"
    LITTLE_MOTION = "little_motion"
    BRIEF_MOTION = "brief_motion"
    TELEPORT = "teleport"
    REST_FRAMES = "rest_frames"
    UPSIDE_DOWN = "upside_down"
    LYING_REST = "lying_rest"
    SWAPPED_SIDES = "swapped_sides"
    DUPLICATE_CLIP = "duplicate_clip"
    UNMAPPABLE_SKELETON = "unmappable_skeleton"
    IMPLAUSIBLE_SKELETON = "implausible_skeleton"
    TOO_FEW_PAIRS = "too_few_pairs"
    DUPLICATE_CHARACTER = "duplicate_character"
    LICENCE = "licence"
    LICENCE_CONFLICT = "licence_conflict"
    DENIED = "denied"
    EMPTY_PICTURE = "empty_picture"
    OUT_OF_FRAME = "out_of_frame"
    BLACK_PICTURE = "black_picture"
    ROUND_TRIP = "round_trip"
    FEW_USABLE = "few_usable"
    UNDECODABLE = "undecodable"
    EMPTY_CAPTION = "empty_caption"
    BAD_ANSWER = "bad_answer"
    BAD_CAPTION = "bad_caption"
    CONTRADICTS_FACTS = "contradicts_facts"
    UNKNOWN_CATEGORY = "unknown_category"
    VOTES_DISAGREE = "votes_disagree"


REJECT_MEANING: dict[Reject, str] = {
    Reject.EMPTY_FILE: "the file holds no bytes",
    Reject.TOO_LARGE: "the file is larger than the profile allows",
    Reject.UNKNOWN_TYPE: "the content is none of the accepted formats",
    Reject.NOT_A_FILE: "the path is not a regular file (link, device, pipe)",
    Reject.OUT_OF_REACH: "a file or folder of a source that cannot be looked at (rights, a path over 4,096 bytes)",
    Reject.OWN_OUTPUT: "a folder inside of a source to which Rigmill writes: nothing in it is taken for an asset",
    Reject.DUPLICATE_FILE: "another path of the same source holds the same bytes",
    Reject.DEAD_LINK: "the server says that the file is no longer there",
    Reject.HASH_MISMATCH: "the file is not the one that the index names, at a second try either",
    Reject.FOREIGN_ADDRESS: "the address, or one that it leads to, is not among the source's hosts, or not https",
    Reject.NO_ADDRESS: "the index names no address at which the file alone can be had (an archive, a whole repository)",
    Reject.TRUNCATED: "the file is shorter than its header says",
    Reject.MALFORMED: "the container does not follow its format",
    Reject.EXTERNAL_REFERENCE: "the file points to other files or addresses, which are never followed",
    Reject.REFUSED_TYPE: "a format that can carry programs or other files (.blend, USD, archives); never opened",
    Reject.BAD_IMAGE: "a texture is no PNG, JPEG or WebP image with a sound header, or its pixels cannot be decoded",
    Reject.OVER_BUDGET: "the file asks for more memory or work than its limits allow, whatever its size",
    Reject.NOT_FINITE: "a number that is measured of it is infinite or none at all (a key is finite and far too large)",
    Reject.UNREADABLE: "Blender's importer refuses the file",
    Reject.NO_RIG: "no skeleton deforms a mesh and no animated node carries one, and there is no motion to retarget",
    Reject.NO_MOTION: "no mesh, and every motion holds one pose; or the action that is asked for moves no joint",
    Reject.TOO_SIMPLE: "fewer vertices or faces than the limit",
    Reject.TOO_DETAILED: "more vertices or faces than the limit",
    Reject.UNTEXTURED: "no texture and hardly a colour, or mostly one untextured grey",
    Reject.EXPLODED: "in some frame the subject is many times as large as it mostly is",
    Reject.TOO_FEW_FRAMES: "not more frames than the limit at the motion's own rate, or under five at the profile's",
    Reject.LITTLE_MOTION: "not even the part that moves most moves visibly",
    Reject.BRIEF_MOTION: "between still ends the motion lasts fewer frames than the limit",
    Reject.TELEPORT: "between two frames the subject jumps far beyond the motion's own speeds: stitched or broken",
    Reject.REST_FRAMES: "the motion jumps into the rest pose and out of it",
    Reject.UPSIDE_DOWN: "a body (by its joints' names) hangs head down at rest",
    Reject.LYING_REST: "a body (by its joints' names) lies at rest and stands in its motion",
    Reject.SWAPPED_SIDES: "left and right of a body (by its joints' names) are swapped, by name or in its motion",
    Reject.DUPLICATE_CLIP: "another clip has the same geometry and the same motion",
    Reject.UNMAPPABLE_SKELETON: "the motion's joints cannot be matched to the character's: some are not named",
    Reject.IMPLAUSIBLE_SKELETON: "joints are named as parts of a body, and their places say that they are not (order, "
    "left and right, upright, lengths)",
    Reject.TOO_FEW_PAIRS: "a source's target of retargeted clips is beyond its characters and the motions there are",
    Reject.DUPLICATE_CHARACTER: "another file holds the same character (geometry, skeleton) and takes the motions",
    Reject.LICENCE: "the licence does not allow what would be done here, under the profile's licence_policy",
    Reject.LICENCE_CONFLICT: "the file names another licence than its source does; a person has to look",
    Reject.DENIED: "the deny list names it: its author asked for its removal, or a person decided",
    Reject.EMPTY_PICTURE: "the subject covers too little of a view",
    Reject.OUT_OF_FRAME: "the subject leaves the picture",
    Reject.BLACK_PICTURE: "the subject is drawn black",
    Reject.ROUND_TRIP: "the joints read back from the clip's pose videos are not the stored ones",
    Reject.FEW_USABLE: "too few of the clip's joints can be read back from its pose videos: they lie outside of them",
    Reject.UNDECODABLE: "a clip's videos, pictures or numbers are as they were written and cannot be decoded",
    Reject.EMPTY_CAPTION: "no words could be found for the clip",
    Reject.BAD_ANSWER: "the model's answer is not of the form that was asked for: cut off, no JSON, refused, empty",
    Reject.BAD_CAPTION: "the model's sentence is no caption: its length, its language, words of the viewer, addresses",
    Reject.CONTRADICTS_FACTS: "the model's sentence claims what the joints do not do, at a second try either",
    Reject.UNKNOWN_CATEGORY: "the model's answer is none of the categories",
    Reject.VOTES_DISAGREE: "two questions about the same asset gave different categories",
}


class Refusal(Exception):
    """Raised where a rule says no; becomes a rejected row, never a traceback."""

    def __init__(
        self, code: Reject, message: str, *, measured: float | None = None, limit: float | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.measured, self.limit = code, message, measured, limit

    def to_rejected(self) -> Rejected:
        """The verdict without the exception."""
        return Rejected(self.code, self.message, self.measured, self.limit)


class Status(StrEnum):
    """How an input of a stage ended. Nothing else exists, and pending is the absence of a row."""

    KEPT = "kept"
    REJECTED = "rejected"
    FAILED = "failed"


class FailKind(StrEnum):
    """Why something broke. The last three say nothing about the input, so the next run tries it again.

    MACHINE: a file that we wrote has changed or is gone, a source's file cannot be read, or there was no memory.
    """

    EXCEPTION = "exception"
    CRASH = "crash"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    INTERRUPTED = "interrupted"
    NETWORK = "network"
    MACHINE = "machine"


TRY_AGAIN = frozenset({FailKind.INTERRUPTED, FailKind.NETWORK, FailKind.MACHINE})
OWN_BUDGET = frozenset({FailKind.TIMEOUT, FailKind.MEMORY})  # the input asked for more than one may have


@dataclass(frozen=True, slots=True)
class Kept:
    """The job's product rows (of the stage's table), in an order that depends on the input alone."""

    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A rule said no. `measured` and `limit` are in the rule's own unit; None when it measures nothing."""

    code: Reject
    message: str
    measured: float | None = None
    limit: float | None = None

    def __post_init__(self) -> None:
        if self.measured is not None and not isfinite(self.measured):  # JSON has no such number; the message says it
            object.__setattr__(self, "measured", None)

    def to_row(self) -> dict[str, Any]:
        """The verdict in a payload, in a child's answer and in columns of the outcomes."""
        return {"code": str(self.code), "message": self.message, "measured": self.measured, "limit": self.limit}

    def to_short_row(self) -> dict[str, Any]:
        """Of a verdict that measures nothing: the code and the sentence alone."""
        return {"code": str(self.code), "message": self.message}

    @classmethod
    def from_row(cls, row: Row) -> Rejected:
        """The verdict that `to_row` or `to_short_row` wrote."""
        return cls(Reject(row["code"]), row["message"], row.get("measured"), row.get("limit"))

    def to_refusal(self) -> Refusal:
        """The verdict as an exception, for code that stops at it."""
        return Refusal(self.code, self.message, measured=self.measured, limit=self.limit)


@dataclass(frozen=True, slots=True)
class Failed:
    """It broke. `message` holds no paths, ids or times that change from run to run."""

    kind: FailKind
    error_type: str
    message: str
    signal: str | None = None


Outcome = Kept | Rejected | Failed


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What a Blender child was kept from before it read a stranger's byte; False where the system cannot."""

    files: bool  # all but its own (render/blender/sandbox/barrier.py)
    network: bool
    privileges: bool  # those of root, which it may have had
    system_calls: bool  # other programs and processes, sockets, modes (render/blender/sandbox/syscalls.py)

    def __and__(self, other: Sandbox) -> Sandbox:
        pairs = zip(astuple(self), astuple(other))
        return Sandbox(*(one and another for one, another in pairs))


@dataclass(frozen=True, slots=True)
class Cost:
    """What one job cost. Kept in the run log, never in a table: tables repeat byte for byte, costs do not."""

    wall_s: float = 0.0
    peak_bytes: int = 0
    attempts: int = 1
    extra: dict[str, float] = field(default_factory=dict)
    sandbox: Sandbox | None = None  # of the Blender child that did it
