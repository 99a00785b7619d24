"""Several ranks train what one would have trained; a killed rank costs no bit, and no other rank hangs."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rigmill.errors import UserError
from rigmill.storage.files import Store
from shards.loader.plan import Part
from tests.support.ranks import HUNG, Scene, run_scenes
from train.data import loader_of
from train.inputs import Sharing, TrainingClip, TrainSettings
from train.loop.checkpoints import checkpoints, last_checkpoint

TRAIN = "tests.support.rank_training:train_as_rank"
KILLED = {"step": 25, "rank": 1, "by": "SIGKILL"}
ASKED = {"step": 4, "rank": 1, "by": "SIGTERM"}


@dataclass(frozen=True)
class Run:
    """A small training by several ranks in a folder of its own, or how it went on in a copy of another's."""

    folder: Path

    @property
    def losses(self) -> list[dict[str, float]]:
        return json.loads((self.folder / "losses.json").read_text())

    @property
    def numbers(self) -> np.ndarray:
        return np.array([[loss[name] for name in ("loss", "rgb", "pose", "grad_norm")] for loss in self.losses])

    @property
    def model(self) -> bytes:
        return (self.folder / "model.safetensors").read_bytes()

    def draws(self, attempt: int = 0) -> dict[int, list[list[Any]]]:
        """Position, clip and views of every draw, by step, of all ranks together."""
        found: dict[int, list[list[Any]]] = {}
        for path in self.folder.glob(f"drawn-{attempt}-*.jsonl"):
            for line in path.read_text().splitlines():
                step = json.loads(line)
                found.setdefault(step["step"], []).extend(step["draws"])
        return {step: sorted(draws) for step, draws in sorted(found.items())}


def test_ranks_that_cannot_share_a_step_evenly_are_told_so(settings: TrainSettings) -> None:
    settings = replace(settings, batch_size=4, num_views=4)
    for sharing, world, named in (
        (Sharing(), 3, "train.batch_size: 4 clips"),
        (Sharing(accumulate=4), 2, "train.batch_size: 4 clips"),
        (Sharing(view_ranks=3), 4, "train.view_ranks: 3 do not divide 4 ranks"),
        (Sharing(view_ranks=3), 3, "train.view_ranks: 3 ranks cannot share 4 views"),
    ):
        with pytest.raises(UserError, match=named) as caught:
            sharing.of_stage(settings, world=world)
        assert caught.value.code == "E529"
    assert Sharing(view_ranks=4).of_stage(settings, world=8).view_ranks == 4
    assert Sharing(view_ranks=4).of_stage(replace(settings, num_views=1), world=4).view_ranks == 1


def test_a_clip_whose_views_cannot_be_shared_is_named(
    clips: list[TrainingClip], store: Store, settings: TrainSettings
) -> None:
    settings, part = replace(settings, num_views=3), Part(0, 2)
    with pytest.raises(UserError, match="2 ranks cannot share the views of clip clip0"):
        loader_of(clips, config=settings.config(), settings=settings, store_root=store.root, part=part)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ranks")


@pytest.fixture(scope="module")
def played(
    base: Path, rows: list[dict[str, Any]], store: Store, settings: TrainSettings
) -> tuple[dict[str, list[int]], str]:
    """All trainings of the tests below, one after the other: their ranks' exit statuses, and what they said."""
    short = replace(settings, batch_size=4, num_steps=8, ema=0.9)
    long = replace(short, num_steps=60)
    sharded = {"strategy": "fsdp2", "accumulate": 2}

    def scene(
        name: str,
        world: int,
        told: TrainSettings,
        sharing: dict[str, Any],
        end: dict[str, Any] | None = None,
        after: str = "",
    ) -> Scene:
        out = base / name
        if not after:
            out.mkdir()
        order = {
            "out": str(out),
            "settings": told.to_row(),
            "rows": rows,
            "store": str(store.root),
            "sharing": sharing,
            "attempt": 1 if after else 0,
            "end": end,
        }
        return Scene(world, TRAIN, order, copied=(str(base / after), str(out)) if after else None)

    scenes = [
        scene("one", 1, short, {}),
        scene("ddp", 2, short, {"accumulate": 2}),
        scene("views", 2, short, {"view_ranks": 2}),
        scene("fsdp2", 2, short, sharded),
        scene("fsdp2-asked", 2, short, sharded, ASKED),
        scene("fsdp2-again", 2, short, sharded, after="fsdp2-asked"),
        scene("ddp-from-fsdp2", 2, short, {}, after="fsdp2-asked"),
        scene("undisturbed", 2, long, {}),
        scene("killed", 2, long, {}, KILLED),
        scene("again", 2, long, {}, after="killed"),
        scene("again-alone", 1, long, {}, after="killed"),
    ]
    statuses, said = run_scenes(scenes)
    return {Path(scene.order["out"]).name: found for scene, found in zip(scenes, statuses, strict=True)}, said


@pytest.mark.slow  # the fixture: over a minute
@pytest.mark.parametrize("name", ["ddp", "views", "fsdp2"])
def test_two_ranks_learn_what_one_learns_however_they_share_a_step(
    name: str, base: Path, played: tuple[dict[str, list[int]], str]
) -> None:
    statuses, said = played
    one, shared = Run(base / "one"), Run(base / name)
    assert statuses["one"] == [0] and statuses[name] == [0, 0], said[-4000:]
    assert one.numbers.shape == (8, 4) and [loss["step"] for loss in shared.losses] == list(range(8))
    np.testing.assert_allclose(shared.numbers, one.numbers, rtol=2e-5)
    if name != "views":
        assert shared.draws() == one.draws()
        return
    for step, draws in one.draws().items():  # both ranks have all draws, each one of the two views
        assert shared.draws()[step] == sorted([*draw[:2], view] for draw in draws for view in draw[2:])


@pytest.mark.slow
def test_a_killed_rank_leaves_no_other_hanging_and_costs_no_bit(
    base: Path, played: tuple[dict[str, list[int]], str]
) -> None:
    statuses, said = played
    undisturbed, again = Run(base / "undisturbed"), Run(base / "again")
    first, second = statuses["killed"]
    assert second == -signal.SIGKILL and first not in (0, HUNG), statuses
    assert last_checkpoint(base / "killed" / "work")[1] == 20
    assert statuses["undisturbed"] == statuses["again"] == [0, 0], said[-4000:]
    assert again.losses == undisturbed.losses and len(again.losses) == 60
    assert again.model == undisturbed.model
    assert again.draws(1) == {step: draws for step, draws in undisturbed.draws().items() if step >= 20}


@pytest.mark.slow
def test_another_number_of_ranks_goes_on_with_the_same_draws(
    base: Path, played: tuple[dict[str, list[int]], str]
) -> None:
    statuses, said = played
    undisturbed, alone = Run(base / "undisturbed"), Run(base / "again-alone")
    assert statuses["again-alone"] == [0], said[-4000:]
    assert alone.draws(1) == {step: draws for step, draws in undisturbed.draws().items() if step >= 20}
    np.testing.assert_allclose(alone.numbers, undisturbed.numbers, rtol=1e-3)
    assert alone.losses[:20] == undisturbed.losses[:20]


@pytest.mark.slow
def test_one_rank_that_is_asked_to_end_ends_all_with_one_checkpoint_of_shared_weights(
    base: Path, played: tuple[dict[str, list[int]], str]
) -> None:
    statuses, said = played
    assert statuses["fsdp2-asked"] == [0, 0], said[-4000:]
    assert [path.name[:13] for path in checkpoints(base / "fsdp2-asked" / "work")] == ["step-00000005"]
    assert not (base / "fsdp2-asked" / "losses.json").exists()
    whole, again, other = (Run(base / name) for name in ("fsdp2", "fsdp2-again", "ddp-from-fsdp2"))
    assert statuses["fsdp2-again"] == statuses["ddp-from-fsdp2"] == [0, 0], said[-4000:]
    assert again.losses == whole.losses and again.model == whole.model, "to the bit"
    np.testing.assert_allclose(other.numbers, whole.numbers, rtol=2e-5)
    assert sorted(again.draws(1)) == sorted(other.draws(1)) == [5, 6, 7]
