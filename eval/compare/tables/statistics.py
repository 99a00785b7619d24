"""What the data set holds, as papers count theirs: categories, and animations per model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eval.compare.tables import paper
from eval.compare.tables.table import Cell, Column, Line, Table
from rigmill.types import Row


@dataclass(frozen=True, slots=True)
class DataSet:
    """Rows of the data set's index, one a clip, as these tables count them."""

    name: str
    num_clips: int
    primary: Counter[str]  # clips of each primary category
    every: Counter[str]  # the same with secondary ones
    per_asset: Counter[str]  # clips of each asset
    num_videos: int


def data_set(name: str, rows: Iterable[Row]) -> DataSet:
    """Count rows of the `shards` table."""
    primary, every, per_asset = Counter[str](), Counter[str](), Counter[str]()
    count = videos = 0
    for row in rows:
        count += 1
        videos += row["num_views"]
        per_asset[row["asset_id"]] += 1
        if row["category"]:
            primary[row["category"]] += 1
            every.update({row["category"], *(row["secondary"] or ())})
    return DataSet(name, count, primary, every, per_asset, videos)


def table5(sets: Sequence[DataSet]) -> Table:
    """Animations of each category: the paper's beside ours."""
    columns = [Column("paper", f"reported: {paper.ANIMAX}", digits=0)]
    for number, one in enumerate(sets):
        columns += [
            Column(f"primary{number}", f"{one.name}, one category a clip", digits=0),
            Column(f"every{number}", f"{one.name}, every category", digits=0),
        ]
    lines = []
    for category, reported in paper.T5.items():
        cells = {"paper": Cell(float(reported))}
        for number, one in enumerate(sets):
            cells[f"primary{number}"] = Cell(float(one.primary[category]))
            cells[f"every{number}"] = Cell(float(one.every[category]))
        lines.append(Line(category, cells))
    sums = {column.key: Cell(sum(line.cells[column.key].value or 0.0 for line in lines)) for column in columns}
    lines.append(Line("sum", sums))
    clips = {"paper": Cell(float(paper.ANIMAX_CLIPS))}
    clips |= {f"{kind}{at}": Cell(float(one.num_clips)) for at, one in enumerate(sets) for kind in ("primary", "every")}
    lines.append(Line("clips", clips))
    total = sum(paper.T5.values())
    notes = (
        f"The paper's counts add up to {total:,}, more than its {paper.ANIMAX_CLIPS:,} clips: a clip counts there in "
        "several categories. Ours are printed both ways.",
    )
    return Table("table5", "Categories (AnimaX, Table 5)", tuple(columns), tuple(lines), notes, first="category")


MV_COLUMNS = (
    Column("ids", "model ids", digits=0),
    Column("animations", "animations", digits=0),
    Column("mean_per_id", "average per id", digits=2),
    Column("max_per_id", "maximum per id", digits=0),
    Column("videos", "multi-view videos", digits=0),
)


def mv_video(sets: Sequence[DataSet]) -> Table:
    """MV-Video's statistics, and ours as it counts: a video a view."""
    lines = [Line("MV-Video (Animate3D)", paper.MV_VIDEO_CELLS, paper.MV_VIDEO)]
    for one in sets:
        ids = len(one.per_asset)
        cells = {
            "ids": Cell(float(ids)),
            "animations": Cell(float(one.num_clips)),
            "mean_per_id": Cell(one.num_clips / ids) if ids else Cell(why="no clips"),
            "max_per_id": Cell(float(max(one.per_asset.values()))) if ids else Cell(why="no clips"),
            "videos": Cell(float(one.num_videos)),
        }
        lines.append(Line(one.name, cells))
    notes = (
        "Of MV-Video the model ids and the maximum are its card's own; the others are second-hand and rounded. "
        "A video is of one view: 16 of an animation there.",
    )
    return Table(
        "mv-video", "The data set (Animate3D, statistics of MV-Video)", MV_COLUMNS, tuple(lines), notes, "data"
    )
