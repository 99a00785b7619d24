"""The dataset card: README.md of a published dataset, made from its rows alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from rigmill.kinds import Split
from rigmill.licences.policy import Policy
from rigmill.types import Row
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


def card(rows: Sequence[Row], *, policy: str) -> str:
    """Markdown with the front matter that dataset hubs read."""
    splits = Counter(row["split"] for row in rows)
    size = next((name for limit, name in _SIZES if len(rows) < limit), "n>1M")
    front = [
        "---",
        "license: other",
        "task_categories:",
        "- image-to-video",
        "tags:",
        "- webdataset",
        "- 3d",
        "- animation",
        "- multi-view",
        f"size_categories:\n- {size}",
    ]
    if splits:
        front += ["configs:", "- config_name: default", "  data_files:"]
        for split in sorted(splits, reverse=True):
            front += [f"  - split: {'test' if split == Split.BENCH else split}", f'    path: "{split}-*.tar"']
    num_views = max((row["num_views"] for row in rows), default=4)
    has_masks = any(row["has_masks"] for row in rows)
    body = [
        "---",
        "",
        "# Multi-view animation clips",
        "",
        f"{len(rows)} clips of {len({row['asset_id'] for row in rows})} assets: {num_views}-view RGB and pose-map "
        "videos, rest-pose templates, joints and cameras. Made with Rigmill.",
        "",
        "## Splits",
        "",
        _table(
            ("split", "clips", "assets", "shards"),
            [
                (
                    split,
                    splits[split],
                    len({row["asset_id"] for row in rows if row["split"] == split}),
                    len({row["shard"] for row in rows if row["split"] == split}),
                )
                for split in sorted(splits, reverse=True)
            ],
        ),
        "`bench` is held out by asset: no asset and no motion is in both splits.",
        "",
        "## Sources and licences",
        "",
        _TERMS[Policy(policy)],
        "",
        _table(
            ("source", "licence", "clips"),
            [
                (source, licence, count)
                for (source, licence), count in sorted(Counter((row["source"], row["licence"]) for row in rows).items())
            ],
        ),
        *_duties(rows),
        "`attribution.csv` has a line for every file whose model or motion is used: title, author, where it is from, "
        "licence and what was changed. Pass it on with every copy.",
        "",
        *_attributions(rows),
        "## Categories",
        "",
        _table(("category", "clips"), sorted(Counter(row["category"] or "unknown" for row in rows).items())),
        f"Captions come from: {_all(rows, 'provider')}; categories from: {_all(rows, 'category_provider')}.",
        "",
        "## Files",
        "",
        "`*.tar` are WebDataset shards; a sample's key is its clip id and every sample has the same members:",
        "",
        *(f"- `{name}`" for name in member_names(num_views, masks=has_masks)),
        "",
        "`index.parquet` has a row per sample with `shard`, `offset` and `num_bytes`, which cut it out of its tar. "
        "`sizes.json` counts the samples of each tar. Check a copy with `sha256sum -c SHA256SUMS`.",
        "",
        "## Conventions",
        "",
        "World: right-handed, +Z up, subject facing -Y, in the normalised units of `geometry.npz`. Cameras: OpenCV "
        "(+x right, +y down, +z forward), pixels from the top-left corner with centres at .5; azimuth 0 sees the "
        "front, and azimuths grow counter-clockwise seen from above. Pose maps: one colour per joint, the same in "
        "all views and frames of a clip; grey lines from parent to child, black background.",
        "",
    ]
    return "\n".join(front + body)


def _all(rows: Sequence[Row], column: str) -> str:
    """Every value of a column once."""
    return ", ".join(sorted({_plain(row[column]) for row in rows if row[column]})) or "nobody"


def _duties(rows: Sequence[Row]) -> list[str]:
    """What comes with the licences, in numbers of clips."""
    lines = [
        f"- {sum(bool(row['rights'][right]) for row in rows)} of {len(rows)} clips {words} (`rights.{right}`)"
        for right, words in (
            ("needs_credit", "need credit"),
            ("share_alike", "are under licences that ask for the same terms again"),
            ("non_commercial", "are not for commercial use"),
        )
    ]
    return [*lines, ""]


def _attributions(rows: Iterable[Row]) -> list[str]:
    lines = sorted({_plain(row["attribution"]) for row in rows if row["attribution"]})
    if not lines:
        return []
    more = [f"- and {len(lines) - MAX_CREDITS} more in `attribution.csv`"] if len(lines) > MAX_CREDITS else []
    return ["Credits:", "", *(f"- {credit}" for credit in lines[:MAX_CREDITS]), *more, ""]


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_plain(cell) for cell in line) + " |" for line in lines) + "\n"


def _plain(value: object) -> str:
    """A cell that cannot break the page: strangers wrote titles, licences and credits."""
    text = " ".join(str(value).split())
    if text != "---":
        text = json.dumps(text, ensure_ascii=False)[1:-1].replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
    return text[:300]
