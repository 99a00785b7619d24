"""What papers report, as their tables have it. None of these numbers is ours, and every line says whose it is."""

from __future__ import annotations

from collections.abc import Sequence

from eval.compare.tables.table import Cell, Column, Line
from eval.metrics.metric import Better

ANIMAX = "AnimaX, arXiv 2506.19851"
ANIMAMIMIC = "AnimaMimic"
MV_VIDEO = "MV-Video's data set card"

YES, NO = "yes", "no"

# Table 1. Not all related methods are listed there either. Of Diffusion4D and AnimaX our copy of the paper has pictures
# in place of some marks; AnimaX's follow from its text.
T1_COLUMNS = (
    Column("categories", "multi-category"),
    Column("skeleton", "skeleton-based"),
    Column("prior", "generative prior"),
    Column("output", "output"),
    Column("time", "cost time"),
)
_T1 = (
    ("MotionDiffuse", NO, YES, "motion diffusion", "pose sequence", "20 s"),
    ("MDM", NO, YES, "motion diffusion", "pose sequence", "25 s"),
    ("ATU", NO, YES, "video diffusion", "pose and mesh sequence", "1.5 hours"),
    ("Diffusion4D", "", NO, "multi-view video diffusion", "NeRF", "8 min"),
    ("Animate3D", YES, NO, "multi-view video diffusion", "Gaussian splats", "45 min"),
    ("MotionDreamer", YES, NO, "video diffusion", "mesh sequence", "20 min"),
    ("AKD", YES, YES, "score distillation", "Gaussian splats", "25 hours"),
    ("AnimaX", YES, YES, "multi-view video-pose diffusion", "pose and mesh sequence", "6 min"),
)

# Tables 2 and 4 have the same columns, by VBench.
VBENCH_I2V = ("i2v_subject", "motion_smoothness", "dynamic_degree", "aesthetic_quality")
_VBENCH_LABELS = {
    "i2v_subject": "I2V Subject",
    "motion_smoothness": "Smooth.",
    "dynamic_degree": "Dynamic Deg.",
    "aesthetic_quality": "Quality",
    "overall_consistency": "VBOC",
    "imaging_quality": "VBIQ",
}
_T2 = (
    ("Animate3D", 0.943, 0.986, 0.446, 0.481),
    ("MotionDreamer", 0.817, 0.977, 0.827, 0.439),
    ("AnimaX", 0.962, 0.990, 0.661, 0.517),
)
_T4 = (
    ("(a) pose only", 0.960, 0.982, 0.402, 0.448),
    ("(b) without shared positional encoding", 0.954, 0.988, 0.660, 0.429),
    ("(c) full setting", 0.962, 0.990, 0.661, 0.517),
)
T4_ROLES = tuple(name for name, *_ in _T4)

# AnimaMimic's main table: input view, and views 45 degrees to its sides.
MIMIC_KEYS = ("ssim", "lpips.alex", "aesthetic_quality", "overall_consistency", "imaging_quality")
_MIMIC = (
    ("SC4D", 0.9403, 0.0924, 0.541, 0.174, 0.392),
    ("DreamMesh4D", 0.8662, 0.1482, 0.543, 0.175, 0.550),
    ("Puppeteer", 0.9023, 0.1097, 0.572, 0.176, 0.632),
    ("AnimaMimic", 0.9318, 0.0849, 0.581, 0.176, 0.606),
)

# Table 5: animations of each category. They add up to more than the 161,023 clips: categories overlap there.
T5 = {
    "character": 140_000,
    "anthropomorphic": 22_881,
    "toy": 12_725,
    "animal": 8_603,
    "mythical creature": 5_428,
    "weapon": 3_221,
    "tool": 1_297,
    "sculpture": 1_132,
    "vehicle": 1_085,
    "anatomy": 1_070,
    "household item": 679,
    "plant": 606,
    "accessory": 570,
    "furniture": 487,
    "scanned data": 425,
    "electronic device": 410,
    "architecture": 378,
    "clothing": 304,
    "food": 270,
    "miscellaneous": 196,
    "planet": 191,
    "sporting goods": 140,
    "paper": 77,
    "jewelry": 62,
    "musical instrument": 31,
}
ANIMAX_CLIPS = 161_023

# As its card rounds them; the number of animations and of videos is second-hand, their ratio is 16 views.
MV_VIDEO_CELLS = {
    "ids": Cell(words="53 K"),
    "animations": Cell(words="about 84 K"),
    "mean_per_id": Cell(words="about 1.6"),
    "max_per_id": Cell(words="6"),
    "videos": Cell(words="about 1.3 M"),
}


def vbench_columns(keys: Sequence[str]) -> tuple[Column, ...]:
    """Columns of numbers that the package VBench gave, under the papers' headings."""
    return tuple(
        Column(
            f"vbench.{key}",
            f"{_VBENCH_LABELS[key]} (VBench)",
            better=Better.NEITHER if key == "dynamic_degree" else Better.HIGHER,
            says="by the package VBench and its weights",
        )
        for key in keys
    )


def table1() -> tuple[Line, ...]:
    """AnimaX, Table 1."""
    keys = [column.key for column in T1_COLUMNS]
    return tuple(
        Line(name, {key: Cell(words=said or "not legible here") for key, said in zip(keys, row)}, ANIMAX)
        for name, *row in _T1
    )


def table2() -> tuple[Line, ...]:
    """AnimaX, Table 2."""
    return _vbench_lines(_T2)


def table4() -> tuple[Line, ...]:
    """AnimaX, Table 4."""
    return _vbench_lines(_T4)


def table_mimic() -> tuple[Line, ...]:
    """AnimaMimic's main table."""
    keys = [key if key in MIMIC_KEYS[:2] else f"vbench.{key}" for key in MIMIC_KEYS]
    return tuple(Line(name, {key: Cell(value) for key, value in zip(keys, row)}, ANIMAMIMIC) for name, *row in _MIMIC)


def _vbench_lines(rows: Sequence[tuple[str, float, float, float, float]]) -> tuple[Line, ...]:
    return tuple(
        Line(name, {f"vbench.{key}": Cell(value) for key, value in zip(VBENCH_I2V, row)}, ANIMAX) for name, *row in rows
    )
