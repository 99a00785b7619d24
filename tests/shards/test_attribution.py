"""Who may be in a dataset, and what it says about those who are."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq

from rigmill.licences.policy import clip_refusal
from rigmill.licences.rights import Rights
from rigmill.outcomes import Kept, Outcome
from rigmill.storage.files import Store
from rigmill.storage.layout import Layout
from rigmill.types import Row
from shards.stage import ShardsStage
from shards.verify import verify
from tests.support.shard_sets import Tables, Work, clips, profile


def provenance_of(tables: Tables, *, motion_of: dict[str, str] | None = None, **changes: Row) -> Tables:
    """The same tables with a probe row per asset; `motion_of` says which asset another's motion is from."""
    rows: dict[str, Row] = {}
    for clip in tables.rows["render"]:
        owner = (motion_of or {}).get(clip["motion_id"], clip["asset_id"])
        for asset_id in (clip["asset_id"], owner):
            rows.setdefault(
                asset_id,
                {
                    "asset_id": asset_id,
                    "source": "procedural",
                    "source_uid": f"uid {asset_id}",
                    "origin": f"https://example.org/{asset_id}",
                    "title": f"Title of {asset_id}",
                    "author": "Ada",
                    "licence": "CC-BY-4.0",
                    "licence_url": "https://creativecommons.org/licenses/by/4.0/",
                    "licence_seen_in": "file",
                    "attribution": "",
                    "motions": [],
                    **changes.get(asset_id, {}),
                },
            )
        rows[owner]["motions"].append({"motion_id": clip["motion_id"]})
    return Tables({**tables.rows, "probe": list(rows.values())})


def lines(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "attribution.csv").open(newline="") as stream:
        return {row["asset_id"]: row for row in csv.DictReader(stream)}


def outcomes(tables: Tables, store: Store, **changes: object) -> list[Outcome]:
    stage = ShardsStage()
    jobs = stage.plan(tables, profile().model_copy(update=changes))
    return [answer.outcome for answer in stage.run(jobs, Work(store))]  # type: ignore[arg-type]


def samples(found: list[Outcome]) -> list[Row]:
    return [row for outcome in found if isinstance(outcome, Kept) for row in outcome.rows]


def finished(tables: Tables, folder: Path, **changes: object) -> Path:
    """The published dataset."""
    layout = Layout(folder)
    rows = samples(outcomes(tables, layout.store, **changes))
    ShardsStage().finish(Tables({**tables.rows, "shards": rows}), folder, profile().model_copy(update=changes))
    return layout.dataset


def test_the_attribution_file_names_every_model_and_every_motion_with_what_was_done(tmp_path: Path) -> None:
    tables = clips(Store(tmp_path / "store"), num_assets=2)
    borrowed = tables.rows["render"][0]
    borrowed["kind"] = "retargeted"
    tables = provenance_of(tables, motion_of={borrowed["motion_id"]: "dancer"})
    folder = finished(tables, tmp_path)
    found = lines(folder)
    assert {name: (row["used_as"], row["clips"]) for name, row in found.items()} == {
        "asset-0": ("model and motion", "2"),
        "asset-1": ("model and motion", "2"),
        "dancer": ("motion", "1"),
    }
    assert found["dancer"]["changes"].endswith("motion put on other characters")
    assert "moved by another file's motion" in found["asset-0"]["changes"]
    assert "moved by another" not in found["asset-1"]["changes"]
    row = found["asset-1"]
    assert (row["title"], row["author"], row["origin"], row["licence"], row["licence_url"]) == (
        "Title of asset-1",
        "Ada",
        "https://example.org/asset-1",
        "CC-BY-4.0",
        "https://creativecommons.org/licenses/by/4.0/",
    )
    assert verify(folder) == []
    text = (folder / "attribution.csv").read_text()
    (folder / "attribution.csv").write_text("".join(text.splitlines(keepends=True)[:-2]))
    problems = verify(folder)
    assert any(problem.startswith("attribution.csv: does not have the digest") for problem in problems)
    assert any("has no line" in problem for problem in problems)


def test_a_strangers_title_is_no_formula_in_a_spreadsheet(tmp_path: Path) -> None:
    tables = provenance_of(
        clips(Store(tmp_path / "store"), num_assets=1),
        **{"asset-0": {"title": '=HYPERLINK("http://x","y")', "author": '@who\n\n,"', "origin": "-1+2"}},
    )
    row = lines(finished(tables, tmp_path))["asset-0"]
    assert row["title"] == '\'=HYPERLINK("http://x","y")'
    assert row["author"] == "'@who ,\"" and row["origin"] == "'-1+2"


def test_a_clip_that_the_policy_refuses_is_a_row_and_never_a_sample(tmp_path: Path) -> None:
    tables = clips(Store(tmp_path / "store"), num_assets=4, clips_per_asset=1)
    free = Rights(may_train=True, may_share_renders=True, may_share_motion=True).to_row()
    rights = (free, free | {"non_commercial": False}, free | {"may_share_motion": False}, Rights().to_row())
    for row, its in zip(tables.rows["render"], rights):
        row["rights"] = its
    for policy, expected in (("internal", 4), ("publish", 2), ("commercial", 1)):
        found = outcomes(provenance_of(tables), Store(tmp_path / "store"), licence_policy=policy)
        refused = [outcome for outcome in found if not isinstance(outcome, Kept)]
        assert [getattr(outcome, "code", None) for outcome in refused] == ["licence"] * (4 - expected)
        kept = samples(found)
        assert len(kept) == expected
        for row in kept:
            holds = Rights.from_row(row["rights"])
            assert clip_refusal(holds, policy, licence=row["licence"], kind=row["kind"]) is None


def test_the_card_says_under_which_policy_a_dataset_was_built(tmp_path: Path) -> None:
    tables = clips(Store(tmp_path / "store"), num_assets=2)
    for row in tables.rows["render"]:
        row["rights"] = Rights(
            may_train=True,
            may_share_renders=True,
            may_share_motion=True,
            needs_credit=True,
            non_commercial=False,
            share_alike=True,
        ).to_row()
    internal = (finished(tables, tmp_path) / "README.md").read_text()
    assert "Not for redistribution" in internal and "`internal`" in internal
    tars = {path.name: path.read_bytes() for path in (tmp_path / "shards").glob("*.tar")}
    published = (finished(tables, tmp_path, licence_policy="publish") / "README.md").read_text()
    assert "Not for redistribution" not in published and "`publish`" in published
    assert "4 of 4 clips need credit" in published and "attribution.csv" in published
    assert tars == {path.name: path.read_bytes() for path in (tmp_path / "shards").glob("*.tar")}


def test_the_card_and_the_credits_say_whose_word_a_licence_is(tmp_path: Path) -> None:
    tables = provenance_of(
        clips(Store(tmp_path / "store"), num_assets=2),
        **{
            clip["asset_id"]: {"licence_seen_in": "author"}
            for clip in clips(Store(tmp_path / "s"), num_assets=1).rows["render"]
        },
    )
    folder = finished(tables, tmp_path)
    own = [line for line in lines(folder).values() if line["licence_seen_in"] == "author"]
    assert len(own) == 1
    assert (
        f"{own[0]['clips']} of 4 clips show files of which whoever made this set says"
        in (folder / "README.md").read_text()
    )


def test_what_is_denied_leaves_a_dataset_that_is_there_already(tmp_path: Path) -> None:
    tables = provenance_of(
        clips(Store(tmp_path / "store"), num_assets=4, clips_per_asset=1), motion_of={"motion-1-0": "dancer"}
    )
    folder = finished(tables, tmp_path)
    assert "asset-2" in lines(folder) and "dancer" in lines(folder)
    denied = tmp_path / "denied.csv"
    denied.write_text("uid,sha256,reason\nuid asset-2,,removal\n,dancer,removal\n")
    licence = profile().licence.model_copy(update={"deny_list": str(denied)})
    folder = finished(tables, tmp_path, licence=licence)
    index = pq.read_table(folder / "index.parquet").to_pylist()
    assert {row["asset_id"] for row in index} == {"asset-0", "asset-3"} == set(lines(folder))
    assert verify(folder) == []
    denied.write_text("uid,source,reason\n" + "".join(f"uid asset-{n},procedural,removal\n" for n in range(4)))
    folder = finished(tables, tmp_path, licence=licence)  # nothing is left
    assert pq.read_table(folder / "index.parquet").num_rows == 0 and lines(folder) == {}
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "SHA256SUMS",
        "attribution.csv",
        "index.parquet",
        "sizes.json",
    ]
    assert verify(folder) == []
