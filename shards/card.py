"""The dataset card: README.md of a published dataset, made from its rows alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from rigmill.kinds import Split
from rigmill.licences.policy import Policy
from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.posemaps.posemap import line_thickness
from rigmill.types import Row
from shards.features import features
from shards.sample import member_names

MAX_CREDITS = 50  # more are in attribution.csv alone
_TERMS = {
    Policy.INTERNAL: "**Not for redistribution.** Built under the policy `internal`: of no asset and no motion is it "
    "known that training on it is forbidden, and nobody checked whether any of this may be given away.",
    Policy.PUBLISH: "Built under the policy `publish`: for every asset and every motion in it, training and giving "
    "away renders is allowed, and of every motion giving away joints and poses as well. Not all of it may be used "
    "commercially: see `rights.non_commercial` in `index.parquet`.",
    Policy.COMMERCIAL: "Built under the policy `commercial`: for every asset and every motion in it, training, giving "
    "away renders and commercial use are allowed, and of every motion giving away joints and poses as well.",
}
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


# What dataset hubs call a side.
_HUB_SPLITS = {Split.TRAIN: "train", Split.VAL: "validation", Split.BENCH: "test"}


@dataclass(frozen=True, slots=True)
class StageEnds:
    """How the inputs of a stage ended. `reasons`: the codes of those that were not kept, most frequent first."""

    stage: str
    num_in: int
    kept: int
    rejected: int
    failed: int
    reasons: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Making:
    """How a data set was made, as far as its card says it."""

    policy: str
    maps: PoseMapDefinition | None = None  # of the pose maps; None: not known
    filters: tuple[tuple[str, str], ...] = ()  # settings and their values
    funnel: tuple[StageEnds, ...] = ()  # in flow order


def card(rows: Sequence[Row], making: Making, *, num_of_authors: int = 0) -> str:
    """Markdown with the front matter that dataset hubs read; the same arguments give the same text.

    `num_of_authors`: clips of files that the set's maker says are their own.
    """
    splits = Counter(row["split"] for row in rows)
    num_views = max((row["num_views"] for row in rows), default=4)
    has_masks = any(row["has_masks"] for row in rows)
    body = [
        "# Multi-view animation clips",
        "",
        f"{len(rows)} clips of {len({row['asset_id'] for row in rows})} assets: {num_views}-view RGB and pose-map "
        "videos, rest-pose templates, joints and cameras. Made with Rigmill.",
        "",
        "## Splits",
        "",
        markdown_table(
            ("split", "clips", "assets", "shards"),
            [
                (
                    split,
                    splits[split],
                    len({row["asset_id"] for row in rows if row["split"] == split}),
                    len({row["shard"] for row in rows if row["split"] == split}),
                )
                for split in Split
                if splits[split]
            ],
        ),
        "Splits are by asset: no asset, no motion and no shape, whatever mesh it is made of, is in two of them. "
        "Hubs call `val` validation and `bench` test.",
        "",
        *_funnel(making),
        "## Sources and licences",
        "",
        _TERMS[Policy(making.policy)],
        "",
        markdown_table(
            ("source", "licence", "clips"),
            [
                (source, licence, count)
                for (source, licence), count in sorted(Counter((row["source"], row["licence"]) for row in rows).items())
            ],
        ),
        *_duties(rows, num_of_authors),
        "`attribution.csv` has a line for every file whose model or motion is used: title, author, where it is from, "
        "licence and what was changed. Pass it on with every copy.",
        "",
        *_attributions(rows),
        "## Categories",
        "",
        markdown_table(("category", "clips"), sorted(Counter(row["category"] or "unknown" for row in rows).items())),
        f"Captions come from: {_all(rows, 'provider')}; categories from: {_all(rows, 'category_provider')}.",
        "",
        "## Files",
        "",
        "`*.tar` are WebDataset shards; a sample's key is its clip id and every sample has the same members:",
        "",
        *(f"- `{name}`" for name in member_names(num_views, masks=has_masks)),
        "",
        "`index.parquet` has a row per sample with `shard`, `offset` and `num_bytes`, which cut it out of its tar. "
        "`meta.json` has the same keys and types in every sample: rights are `yes`, `no` or `unknown`, text that "
        "there is none of is empty, a list without an entry holds one empty text. "
        "`sizes.json` counts the samples of each tar. Check a copy with `sha256sum -c SHA256SUMS`.",
        "",
        "## Conventions",
        "",
        "World: right-handed, +Z up, in the normalised units of `geometry.npz`. Cameras: OpenCV "
        "(+x right, +y down, +z forward), pixels from the top-left corner with centres at .5; azimuth 0 sees the "
        "front, and azimuths grow counter-clockwise seen from above. `intrinsics` (views, 3, 3) are in pixels, "
        "`world_to_view` (views, 4, 4) is rigid; normalised = (as imported - `offset`) * `scale`.",
        "",
        *_pose_maps(making.maps),
    ]
    return f"---\n{_front(rows, splits, num_views, has_masks, policy=making.policy)}---\n\n" + "\n".join(body)


def policy_of(text: str) -> str:
    """The licence policy that a card names; empty where it names none."""
    try:
        front = yaml.safe_load(text.split("---\n")[1])
        return str(front["licence_policy"])
    except (IndexError, KeyError, TypeError, yaml.YAMLError):
        return ""


def _front(rows: Sequence[Row], splits: Mapping[str, int], num_views: int, masks: bool, *, policy: str) -> str:
    size = next((name for limit, name in _SIZES if len(rows) < limit), "n>1M")
    front: dict[str, Any] = {
        "license": "other",
        "licence_policy": policy,
        "task_categories": ["image-to-video"],
        "tags": ["webdataset", "3d", "animation", "multi-view"],
        "size_categories": [size],
    }
    if splits:
        sides = [side for side in Split if splits.get(side)]
        files = [{"split": _HUB_SPLITS[side], "path": f"{side}-*.tar"} for side in sides]
        front["configs"] = [{"config_name": "default", "data_files": files}]
        front["dataset_info"] = {
            "features": features(num_views, masks=masks),
            "splits": [
                {
                    "name": _HUB_SPLITS[side],
                    "num_bytes": sum(row["num_bytes"] for row in rows if row["split"] == side),
                    "num_examples": splits[side],
                }
                for side in sides
            ],
        }
    return str(yaml.safe_dump(front, sort_keys=False, allow_unicode=True))


def _funnel(making: Making) -> list[str]:
    """The rules that clips had to pass, and how many did."""
    lines = []
    if making.funnel:
        lines += [
            "## What was kept",
            "",
            markdown_table(
                ("stage", "in", "kept", "rejected", "failed", "most frequent reasons"),
                [
                    (
                        *(ends.stage, ends.num_in, ends.kept, ends.rejected, ends.failed),
                        ", ".join(f"{code} {count}" for code, count in ends.reasons[:3]),
                    )
                    for ends in making.funnel
                ],
            ),
        ]
    if making.filters:
        lines += ["Filters:", "", markdown_table(("setting", "value"), making.filters)]
    return lines


def _pose_maps(maps: PoseMapDefinition | None) -> list[str]:
    """All that somebody needs who reads the maps, or draws such maps for another mesh."""
    lines = [
        "## Pose maps",
        "",
        "A disc a joint on black, the same colour in all views and frames of a clip, and grey lines from each drawn "
        "joint to its nearest drawn ancestor. Which joints are drawn, in which colours and where they are stands in "
        "`geometry.npz`: `drawn` (J), `colours` (J, 3; RGB, 0 where not drawn), `joints_px` (views, frames, J, 2), "
        "`parents` (J; -1 at a root). To decode a map, look for blobs of each colour of `colours`: no rule is needed.",
        "",
        "The rules, for maps of other rigs. *Palette*: of the 18 x 18 x 18 grid of levels in RGB, colours chosen one "
        "after the other as far as can be from those chosen before, from the background and from all between "
        "background and line (which count 1.5 times as near); then each is exchanged for a better place while there "
        "is one. *Colours*: joints that are near each other in some rest view get unlike colours. *Drawn set*: the "
        "first root, then joints along chains, longest first; one is left out when in every rest view some drawn "
        "joint is nearer than the spacing, or when the most are drawn.",
        "",
    ]
    if maps is None:
        return lines
    values = [
        ("lines of the picture", maps.drawn_height_px),
        ("disc radius, px", f"{maps.radius_px:g}"),
        ("line thickness, px", line_thickness(maps.radius_px)),
        ("spacing, radii", f"{maps.spacing_radii:g}"),
        ("most joints", maps.max_joints),
        ("turn markers", "yes" if maps.markers else "no"),
        ("background, RGB", " ".join(map(str, maps.background))),
        ("line, RGB", " ".join(map(str, maps.line))),
        ("palette rule", maps.palette_rule),
        ("colour rule", maps.colour_rule),
        ("drawn-set rule", maps.drawn_rule),
    ]
    return [*lines, markdown_table(("of the stored maps", "value"), values)]


def _all(rows: Sequence[Row], column: str) -> str:
    """Every value of a column once."""
    return ", ".join(sorted({plain_words(row[column]) for row in rows if row[column]})) or "nobody"


def _duties(rows: Sequence[Row], num_of_authors: int) -> list[str]:
    """What comes with the licences, in numbers of clips."""
    lines = [
        f"- {sum(bool(row['rights'][right]) for row in rows)} of {len(rows)} clips {words} (`rights.{right}`)"
        for right, words in (
            ("needs_credit", "need credit"),
            ("share_alike", "are under licences that ask for the same terms again"),
            ("non_commercial", "are not for commercial use"),
        )
    ]
    if num_of_authors:
        lines.append(
            f"- {num_of_authors} of {len(rows)} clips show files of which whoever made this set says: they are mine, "
            "and this is their licence, whatever they say themselves (`licence_seen_in` author in `attribution.csv`)"
        )
    return [*lines, ""]


def _attributions(rows: Iterable[Row]) -> list[str]:
    lines = sorted({plain_words(row["attribution"]) for row in rows if row["attribution"]})
    if not lines:
        return []
    more = [f"- and {len(lines) - MAX_CREDITS} more in `attribution.csv`"] if len(lines) > MAX_CREDITS else []
    return ["Credits:", "", *(f"- {credit}" for credit in lines[:MAX_CREDITS]), *more, ""]


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of Markdown; cells are shown as `plain_words` has them."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(plain_words(cell) for cell in line) + " |" for line in lines) + "\n"


def plain_words(value: object) -> str:
    """A cell that cannot break the page: strangers wrote titles, licences and credits."""
    text = " ".join(str(value).split())
    if text != "---":
        text = json.dumps(text, ensure_ascii=False)[1:-1].replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
    return text[:300]
