"""Errors for people, and the closed list of reasons for which a rule says no."""

from __future__ import annotations

from enum import StrEnum


class UserError(Exception):
    """A mistake a user can fix: what was wrong (and where), why, and what to do. Printed without a traceback."""

    def __init__(self, what: str, *, why: str = "", fix: str = "", code: str = "E000") -> None:
        super().__init__(what)
        self.what, self.why, self.fix, self.code = what, why, fix, code

    def render(self) -> str:
        """The message as shown on the terminal, at most a few lines."""
        lines = [f"error[{self.code}]: {self.what}"]
        if self.why:
            lines.append(f"  why: {self.why}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)


class Reject(StrEnum):
    """Every code a rejected row can carry, with the sentence that explains it in docs and reports."""

    EMPTY_FILE = "empty_file"
    TOO_LARGE = "too_large"
    UNKNOWN_TYPE = "unknown_type"
    NOT_A_FILE = "not_a_file"
    DUPLICATE_FILE = "duplicate_file"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    EXTERNAL_REFERENCE = "external_reference"
    UNREADABLE = "unreadable"
    NO_RIG = "no_rig"
    NO_MOTION = "no_motion"
    TOO_FEW_FRAMES = "too_few_frames"
    LITTLE_MOTION = "little_motion"
    UNMAPPABLE_SKELETON = "unmappable_skeleton"
    EMPTY_PICTURE = "empty_picture"
    OUT_OF_FRAME = "out_of_frame"
    EMPTY_CAPTION = "empty_caption"


REJECT_MEANING: dict[Reject, str] = {
    Reject.EMPTY_FILE: "the file holds no bytes",
    Reject.TOO_LARGE: "the file is larger than the profile allows",
    Reject.UNKNOWN_TYPE: "the content is none of the accepted formats",
    Reject.NOT_A_FILE: "the path is not a regular file (link, device, pipe)",
    Reject.DUPLICATE_FILE: "another path of the same source holds the same bytes",
    Reject.TRUNCATED: "the file is shorter than its header says",
    Reject.MALFORMED: "the container does not follow its format",
    Reject.EXTERNAL_REFERENCE: "the file points to other files or addresses, which are never followed",
    Reject.UNREADABLE: "Blender's importer refuses the file",
    Reject.NO_RIG: "no skeleton deforms a mesh and no animated node carries one, and there is no motion to retarget",
    Reject.NO_MOTION: "no animated joint, and no retargeting for this kind of rig",
    Reject.TOO_FEW_FRAMES: "not more frames than the limit after resampling",
    Reject.LITTLE_MOTION: "mean optical flow under the limit: nothing visibly moves",
    Reject.UNMAPPABLE_SKELETON: "the motion's joints cannot be matched to the character's",
    Reject.EMPTY_PICTURE: "the subject covers too little of a view",
    Reject.OUT_OF_FRAME: "the subject leaves the picture",
    Reject.EMPTY_CAPTION: "no words could be found for the clip",
}


class Refusal(Exception):
    """Raised where a rule says no; becomes a rejected row, never a traceback."""

    def __init__(
        self, code: Reject, message: str, *, measured: float | None = None, limit: float | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.measured, self.limit = code, message, measured, limit
