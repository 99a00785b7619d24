"""What the pipeline says about each file of the corpus, against the committed table of what it should say.

    python -m tests.support.expected_assets pipelines.yaml PROFILE [--write]

reads the tables that a run of this profile left and prints every difference; --write puts what was found into the
table and keeps its `why`. Columns of expected_assets.csv:

- outcome: kept (a probe row), rejected, or ignored (not an asset: no source takes files with this name)
- stage, code: where and why a file is rejected; what Blender's importers refuse has the code unreadable
- kind, rig_kind, num_joints, num_motions: the probe row's (num_motions: listed ones)
- num_still, num_broken, num_repeated: motions that the probe left out
- num_clips: clips of the file's own motions that select keeps
- why: in words, for people
"""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from rigmill.config.load import load
from rigmill.pipeline.view import View
from rigmill.storage.layout import Layout

TABLE = Path(__file__).with_name("expected_assets.csv")
COLUMNS = (
    "path",
    "outcome",
    "stage",
    "code",
    "kind",
    "rig_kind",
    "num_joints",
    "num_motions",
    "num_still",
    "num_broken",
    "num_repeated",
    "num_clips",
    "why",
)
NOTES = frozenset({".md"})


def expected(table: Path = TABLE) -> dict[str, dict[str, str]]:
    """The committed rows by path."""
    with table.open(newline="") as file:
        return {row["path"]: row for row in csv.DictReader(file)}


def found(config: Path, profile_name: str, corpus: Path) -> dict[str, dict[str, str]]:
    """What the tables say about every file below `corpus`, in the same columns but for `why`."""
    resolved = load(profile_name, file=config)
    view = View(Layout(config.parent / resolved.profile.output).tables, resolved.profile)
    rows = {path: _row(outcome="ignored") for path in files_below(corpus)}
    path_of = {row["asset_id"]: row["source_uid"] for row in view.products("collect")}
    for stage, uid in (("collect", "uid"), ("probe", "source_uid")):
        jobs = {job.key: job for job in view.stage(stage).plan(view, view.profile)}
        for outcome in view.outcomes(stage):
            if outcome["status"] != "kept":
                rows[jobs[outcome["job_key"]].payload[uid]] = _refused(stage, outcome)
    clips = Counter(path_of[row["asset_id"]] for row in view.products("select") if row["kind"] == "native")
    for row in view.products("probe"):
        path = path_of[row["asset_id"]]
        rows[path] = _row(
            outcome="kept",
            kind=row["kind"],
            rig_kind=row["rig_kind"],
            num_joints=row["num_joints"],
            num_motions=len(row["motions"]),
            num_still=row["num_still_motions"],
            num_broken=row["num_broken_motions"],
            num_repeated=row["num_repeated_motions"],
            num_clips=clips[path],
        )
    return rows


def files_below(corpus: Path) -> list[str]:
    """Every file of the corpus but its notes, relative, sorted."""
    return sorted(
        path.relative_to(corpus).as_posix() for path in corpus.rglob("*") if path.is_file() and path.suffix not in NOTES
    )


def _row(**values: Any) -> dict[str, str]:
    zero = {name: "0" for name in COLUMNS if name.startswith("num_")}
    return {name: "" for name in COLUMNS[1:-1]} | zero | {name: str(value) for name, value in values.items()}


def _refused(stage: str, outcome: dict[str, Any]) -> dict[str, str]:
    status = "rejected" if outcome["status"] == "rejected" else "failed"
    return _row(outcome=status, stage=stage, code=outcome["code"])


def differences(want: dict[str, dict[str, str]], have: dict[str, dict[str, str]]) -> list[str]:
    """One line per cell that differs."""
    lines = []
    for path in sorted(want.keys() | have.keys()):
        if path not in want or path not in have:
            lines.append(f"{path}: only in {'the run' if path in have else 'the table'}")
            continue
        lines += [
            f"{path}: {name} is {have[path][name] or '-'}, expected {want[path][name] or '-'}"
            for name in COLUMNS[1:-1]
            if have[path][name] != want[path][name]
        ]
    return lines


def write(have: dict[str, dict[str, str]], table: Path = TABLE) -> None:
    """Put what was found into the table, with the reasons that it has."""
    reasons = {path: row["why"] for path, row in expected(table).items()} if table.exists() else {}
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for path in sorted(have):
        writer.writerow(have[path] | {"path": path, "why": reasons.get(path, "")})
    table.write_text(text.getvalue())


def main() -> None:
    import os

    config, profile_name = Path(sys.argv[1]), sys.argv[2]
    have = found(config, profile_name, Path(os.environ["RIGMILL_CORPUS"]))
    if "--write" in sys.argv:
        write(have)
    lines = differences(expected(), have)
    print("\n".join(lines) or "the run agrees with the table")
    sys.exit(1 if lines else 0)


if __name__ == "__main__":
    main()
