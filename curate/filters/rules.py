"""The filters that need no picture: decided from stored values while planning, cheapest first.

Each rule is a function from a row to a verdict or None. The verdict, not the threshold, goes into a job's payload, so
a changed threshold redoes the clips whose verdict changed and no other. docs/filters.md argues the limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from curate.filters.steadiness import ALONE
from rigmill.humanoid.checks import BACKWARDS, UPRIGHT
from rigmill.licences.policy import clip_refusal
from rigmill.licences.rights import Rights
from rigmill.outcomes import Reject, Rejected
from rigmill.types import Row

Limits = Mapping[str, Any]  # the profile's `filters` section
_MOST_SWAPPED = 0.5  # of the frames
Rule = Callable[[Row, Limits], Rejected | None]


def simple(rig: Row, limits: Limits) -> Rejected | None:
    """Too few vertices or faces to show anything."""
    return _under(Reject.TOO_SIMPLE, rig, "num_vertices", limits["min_vertices"], "vertices") or _under(
        Reject.TOO_SIMPLE, rig, "num_faces", limits["min_faces"], "faces"
    )


def detailed(rig: Row, limits: Limits) -> Rejected | None:
    """More vertices or faces than a worker should be asked to move."""
    return _over(Reject.TOO_DETAILED, rig, "num_vertices", limits["max_vertices"], "vertices") or _over(
        Reject.TOO_DETAILED, rig, "num_faces", limits["max_faces"], "faces"
    )


def untextured(rig: Row, limits: Limits) -> Rejected | None:
    """No texture and hardly a colour, or mostly one bare grey: nothing that a picture could teach."""
    textures, colours, grey = rig["num_textures"], rig["num_base_colours"], rig["grey_share"]
    least = limits["min_base_colours"]
    if textures is not None and colours is not None and colours < least:
        size_px = (rig["texture_px"] or 0) if textures else 0
        if size_px < limits["min_texture_px"]:
            seen = f"no texture of {limits['min_texture_px']} px or more" if textures else "no texture"
            return Rejected(
                Reject.UNTEXTURED,
                f"{seen}, and {colours} colours; at least {least} are needed",
                measured=float(colours),
                limit=float(least),
            )
    if grey is not None and grey > limits["max_grey_share"]:
        return Rejected(
            Reject.UNTEXTURED,
            f"{grey:.0%} of the surface is one untextured grey, or greys that hardly differ",
            measured=float(grey),
            limit=limits["max_grey_share"],
        )
    return None


def forbidden(clip: Row, limits: Limits) -> Rejected | None:
    """What the licence policy keeps out of a dataset whose clip shows this motion."""
    message = clip_refusal(
        Rights.from_row(clip["rights"]), limits["licence_policy"], licence=clip["licence"], kind=clip["kind"]
    )
    return None if message is None else Rejected(Reject.LICENCE, message)


LEAST_FRAMES = 5  # of a clip: the shortest that the video VAE packs to more than one latent frame


def short(motion: Row, limits: Limits) -> Rejected | None:
    """Not more frames than the limit at the motion's own rate, or next to none at the profile's."""
    found, least = motion["num_own_frames"], limits["min_frames"]
    if found <= least:
        message = f"{found} frames at {motion['own_fps']:g} fps; more than {least} are needed"
    elif motion["num_frames"] < LEAST_FRAMES:
        message = f"{found} frames at {motion['own_fps']:g} fps are {motion['num_frames']} at {motion['fps']:g}"
        found, least = motion["num_frames"], LEAST_FRAMES
        message += f"; at least {least} are needed"
    else:
        return None
    return Rejected(Reject.TOO_FEW_FRAMES, message, measured=float(found), limit=float(least))


def exploded(clip: Row, limits: Limits) -> Rejected | None:
    """Bounds that grow far beyond what they mostly are: a vertex flies off."""
    ratio, most = clip["extent_ratio"], limits["max_extent_ratio"]
    if ratio is None or ratio <= most:
        return None
    return Rejected(
        Reject.EXPLODED,
        f"in one frame the subject is {ratio:.1f} times as large as it mostly is",
        measured=ratio,
        limit=most,
    )


def empty(seen: Row, limits: Limits) -> Rejected | None:
    """A view in which there is next to nothing."""
    return _below(
        Reject.EMPTY_PICTURE,
        seen["coverage"],
        limits["min_coverage"],
        "the subject covers {0:.2%} of the view that shows least of it; at least {1:.2%} is needed",
    )


def still(seen: Row, limits: Limits) -> Rejected | None:
    """Nothing moves visibly."""
    flow, least = seen["flow_px"], limits["min_flow_px"]
    if flow > least:
        return None
    message = (
        f"the part that moves most gets {flow:.2f} px away at 256 px; more than {least:g} is needed "
        f"(mean flow {seen['flow_px_per_frame']:.3f} px per frame{window_words(seen, ', ')})"
    )
    return Rejected(Reject.LITTLE_MOTION, message, measured=flow, limit=least)


def window_words(clip: Row, before: str = "") -> str:
    """Which frames of how many were looked at; "" of a motion that is looked at whole."""
    first, count, whole = clip["first_frame"] or 0, clip["num_frames"], clip["motion_frames"]
    if whole is None or count >= whole:
        return ""
    return f"{before}frames {first} to {first + count - 1} of {whole}"


def teleports(seen: Row, limits: Limits) -> Rejected | None:
    """A step far beyond the motion's own: two motions in one, or a frame from elsewhere."""
    jump, most = seen["jump"], limits["max_jump"]
    if jump is None or jump <= most:
        return None
    message = f"between two frames it gets {jump:.2f} of its size away, {ALONE:g} times as far as around them or more"
    return Rejected(Reject.TELEPORT, message, measured=jump, limit=most)


def interrupted(seen: Row, _limits: Limits) -> Rejected | None:
    """Frames of the rest pose in the midst of a motion, or of a T-pose at its end."""
    found = seen["rest_frames"]
    if not found:
        return None
    message = f"{found} frames of the rest pose, into which and out of which it jumps"
    return Rejected(Reject.REST_FRAMES, message, measured=float(found), limit=0.0)


def brief(seen: Row, limits: Limits) -> Rejected | None:
    """It moves for a moment and stands still before and after."""
    if seen["still_start"] is None:
        return None
    moving, least = seen["num_frames"] - seen["still_start"] - seen["still_end"], limits["min_moving_frames"]
    if moving >= least:
        return None
    message = f"it moves in {moving} frames and stands still before and after; at least {least} are needed"
    return Rejected(Reject.BRIEF_MOTION, message, measured=float(moving), limit=float(least))


def upside_down(seen: Row, _limits: Limits) -> Rejected | None:
    """A body whose feet are above its head at rest."""
    upright = seen["rest_upright"]
    if upright is None or upright >= -UPRIGHT:
        return None
    return Rejected(Reject.UPSIDE_DOWN, "the body hangs head down at rest", measured=upright, limit=-UPRIGHT)


def lying(seen: Row, _limits: Limits) -> Rejected | None:
    """A body that lies at rest, and not in its motion: its rest pose shows another body than its frames."""
    upright, first = seen["rest_upright"], seen["first_upright"]
    if upright is None or first is None or upright >= UPRIGHT or first < UPRIGHT:
        return None
    return Rejected(
        Reject.LYING_REST,
        f"the body lies at rest and stands in the first frame (upright by {first:.2f})",
        measured=upright,
        limit=UPRIGHT,
    )


def swapped(seen: Row, _limits: Limits) -> Rejected | None:
    """A body whose names of left and right are swapped, or whose motion swaps its limbs."""
    ahead, share = seen["toes_ahead"], seen["swapped_share"]
    if ahead is not None and ahead < BACKWARDS:
        message = "the toes point backwards: the names of left and right are swapped"
        return Rejected(Reject.SWAPPED_SIDES, message, measured=ahead, limit=BACKWARDS)
    if share is not None and share > _MOST_SWAPPED:
        message = f"in {share:.0%} of the frames most pairs of limbs have changed sides"
        return Rejected(Reject.SWAPPED_SIDES, message, measured=share, limit=_MOST_SWAPPED)
    return None


# Of the probe's rig row, of a file's own motion and of a retargeted clip before it is seen, of a clip as it was seen.
RIG_RULES: tuple[Rule, ...] = (simple, detailed, untextured)
CLIP_RULES: tuple[Rule, ...] = (forbidden, exploded, short)
RETARGETED_RULES: tuple[Rule, ...] = (forbidden,)
REST_RULES: tuple[Rule, ...] = (upside_down, lying, swapped)
SEEN_RULES: tuple[Rule, ...] = (exploded, empty, *REST_RULES, still, brief, teleports, interrupted)


def first_refusal(row: Row, rules: tuple[Rule, ...], limits: Limits) -> Row | None:
    """The verdict of the first rule that says no, as part of a payload."""
    for rule in rules:
        verdict = rule(row, limits)
        if verdict is not None:
            return verdict.to_row()
    return None


def _under(code: Reject, row: Row, column: str, limit: float, what: str) -> Rejected | None:
    return _below(code, row[column], limit, f"{{0:,}} {what}; at least {{1:,}} are needed")


def _over(code: Reject, row: Row, column: str, limit: float, what: str) -> Rejected | None:
    value = row[column]
    if value is None or value <= limit:
        return None
    return Rejected(code, f"{value:,} {what}; at most {limit:,} are taken", measured=float(value), limit=float(limit))


def _below(code: Reject, value: float | None, limit: float, message: str) -> Rejected | None:
    """A value that was not measured (None) refuses nothing."""
    if value is None or value >= limit:
        return None
    return Rejected(code, message.format(value, limit), measured=float(value), limit=float(limit))
