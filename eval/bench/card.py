"""What lies beside the clips of an exported benchmark for people: README.md and LICENCES.csv."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.bench.choose import JOINT_STEPS, RULE, Candidate
from eval.bench.clips import BENCH_CSV, BENCH_JSON, BenchClip, Group
from eval.bench.groups import STRATA
from eval.bench.ties import Tie
from rigmill.types import Row
from shards.card import markdown_table
from shards.credits import Provenance, plain_cell

CARD, LICENCES = "README.md", "LICENCES.csv"
_OF_ASSET = ("title", "author", "source", "origin", "licence", "licence_url")
_COLUMNS = ("clip", "used_as", "asset_id", *_OF_ASSET, "credit", "may_share_asset", "may_share_motion", "changes")
_UNKNOWN: Row = {**dict.fromkeys((*_OF_ASSET, "attribution"), ""), "rights": {}}
_SPELLED = {True: "yes", False: "no", None: "unknown"}
_CHANGED = {
    "model": "written as binary glTF; its animations were taken out (rest.glb), or one was put in (truth.glb)",
    "motion": "sampled at equal steps, cut to a clip and written as the animation of truth.glb",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """How the clips came to be chosen."""

    name: str
    seed: int
    num_wanted: int
    available: Mapping[Group, int]
    tied: Mapping[Tie, int]
    num_trained: int
    without: tuple[str, ...] = ()
    unwritable: Mapping[str, str] | None = None  # clips that cannot be written as GLB, and why


def card(clips: Sequence[BenchClip], chosen: Mapping[str, Candidate], rows: Mapping[str, Row], choice: Choice) -> str:
    """README.md; the same arguments give the same text."""
    places = Counter(clip.group for clip in clips)
    may = sum(bool(rows[clip.clip_id]["rights"]["may_share_asset"]) for clip in clips)
    moves = sum(bool(rows[clip.clip_id]["rights"]["may_share_motion"]) for clip in clips)
    short = ""
    if len(clips) < choice.num_wanted:
        short = f" {choice.num_wanted} were asked for; no more are held out."
    return "\n".join(
        [
            f"# Benchmark {choice.name}",
            "",
            f"{len(clips)} clips of {len({clip.asset_id for clip in clips})} assets to compare methods on that animate "
            f"a mesh by a sentence. Made with Rigmill.{short}",
            "",
            "## Terms",
            "",
            f"This folder holds the assets themselves. Of the {len(clips)} clips, the asset of {may} and the motion of "
            f"{moves} may be passed on; of others somebody forbids it, or nobody said. Pass the folder on only where "
            f"both numbers are {len(clips)}. `{LICENCES}` has every file's title, author, licence and credit.",
            "",
            "## Clips",
            "",
            markdown_table(
                ("clip", "group", "category", "motion", "joints", "moves by", "frames", "prompt"),
                [
                    (
                        *(clip.clip_id, clip.group, clip.category, chosen[clip.clip_id].motion, clip.num_joints),
                        *(f"{clip.movement_pct:.1f} %", f"{clip.num_frames} at {clip.fps:g} fps", clip.prompt),
                    )
                    for clip in clips
                ],
            ),
            "*moves by*: how far joints are from where the first frame has them, mean over joints and frames, in per "
            "cent of the rig's largest extent at rest. A hinge turns and its joint stays: doors move by little.",
            "",
            "## How they were chosen",
            "",
            markdown_table(
                ("group", "clips", "held out in all"),
                [(group, places[group], choice.available.get(group, 0)) for group in Group],
            ),
            f"Rule {RULE}, seed {choice.seed}. The groups {', '.join(STRATA)} get equal shares; what one lacks goes to "
            "the others in turn, and clips of no group fill what all four leave. In a group, the next clip is of the "
            "bodies, then the motions, that were taken least often; of these the one whose category, source, number "
            f"of joints (bins from {', '.join(map(str, JOINT_STEPS))}), size of motion (thirds of the group) and kind "
            "of motion were together taken least often. A seeded digest of the clip's id decides between equals.",
            "",
            *_left_out(choice),
            "## Not in training",
            "",
            f"The same data set has {choice.num_trained} clips for training and validation. No clip here shares its "
            "asset, its motion, a motion that looks the same, its geometry or the shape of its surface with one of "
            f"them. `{BENCH_JSON}` has what each clip can be recognised by; to hold this against other tables: "
            "`rigmill bench check THIS_FOLDER --profile NAME`.",
            "",
            "## Files",
            "",
            "`clips/CLIP/`: `rest.glb` (the asset, nothing moves, and no key of the motion is left in it), `truth.glb` "
            "(the same with the clip's motion as its one animation), `geometry.npz` (rig, motion, cameras), "
            "`rgb.V.mp4` and `pose.V.mp4` (the recorded videos of view V), `template_rgb.V.png` and "
            "`template_pose.V.png` (the rest pose).",
            "",
            f"`{BENCH_CSV}` says what people think each clip's category is; edit it, then `rigmill bench check`. It is "
            "the one file that is not in `SHA256SUMS`: check a copy with `sha256sum -c SHA256SUMS`.",
            "",
            "## Take part",
            "",
            "Deliver `METHOD/CLIP.glb`, the mesh of `rest.glb` animated by the clip's prompt: as many frames, at the "
            "same rate. Methods may read `rest.glb`, the prompt and the templates; all else is the answer.",
            "",
        ]
    )


def _left_out(choice: Choice) -> list[str]:
    lines = [f"- {number} held-out clips: training knows their {tie}" for tie, number in choice.tied.items()]
    lines += [f"- `{clip}`: somebody asked for it" for clip in choice.without]
    lines += [f"- `{clip}`: {why}" for clip, why in sorted((choice.unwritable or {}).items())]
    return ["Left out before that:", "", *lines, ""] if lines else []


def licences_csv(clips: Sequence[Row], provenance: Provenance) -> bytes:
    """LICENCES.csv: a line for the model of every clip, and one for its motion where that is from another file."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in clips:
        mover = provenance.of_motion(row)
        own = {"model": row["asset_id"]} | ({"motion": mover} if mover != row["asset_id"] else {})
        for used_as, asset_id in own.items():
            asset = provenance.assets.get(asset_id, _UNKNOWN)
            line = {
                "clip": row["clip_id"],
                "used_as": used_as if len(own) == 2 else "model and motion",
                "asset_id": asset_id,
                **{name: asset[name] or "" for name in _OF_ASSET},
                "credit": asset["attribution"] or "",
                **{name: _SPELLED[asset["rights"].get(name)] for name in ("may_share_asset", "may_share_motion")},
                "changes": _CHANGED[used_as] if len(own) == 2 else "; ".join(_CHANGED.values()),
            }
            writer.writerow({name: plain_cell(value) for name, value in line.items()})
    return stream.getvalue().encode()
