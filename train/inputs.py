"""What a training run is given: its settings, and the clips that it may draw. No torch: planning a run needs none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from rigmill.errors import UserError
from rigmill.kinds import Split
from rigmill.posemaps.definition import PoseMapDefinition
from rigmill.storage.files import canonical_json
from rigmill.types import Row
from shards.sample import SamplePlace
from train.recipes import RECIPES, AttentionChoice, Checkpointing, DeviceName, ModelConfig, Precision, Trains, for_stage

if TYPE_CHECKING:
    from rigmill.config.schema import Profile
    from rigmill.config.train import Train

# Read by eval, or only to look: changing them must not train again.
_OWN_ROW = {"validation_interval", "validation_clips"}  # of `settings_of`
_ONLY_SAMPLING = {"sample_interval", "sampling_steps", "guidance", "text_guidance", "solver", "batch_branches"}
_ONLY_PLANNING = {"machine", "price_per_gpu_hour", "mfu"}
_SHARING = ("ranks", "strategy", "view_ranks", "accumulate", "launch")
_KEEPING = ("validation", "keep_last", "force_resume", "wandb")
# A job is told them, and they change nothing about what it trains.
_HINTS = ("weights", "strips", "workers", "checkpointing", "attention", *_SHARING, *_KEEPING)
COLUMNS = (
    "clip_id",
    "source",
    "caption",
    "captions",
    "num_frames",
    "num_views",
    "offset",
    "num_bytes",
    "sample_sha256",
    "shard_file",
)


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """All that one stage of a training reads of a profile. As JSON it is part of a job's key."""

    recipe: str
    num_steps: int
    batch_size: int
    learning_rate: float
    num_frames: int
    size_px: int
    mixture: Mapping[str, float]  # weight per source; empty: all sources alike
    condition_dropout: float
    checkpoint_interval: int
    seed: int
    stage: str = "joint"
    trains: Trains = "all"
    num_views: int | None = None  # of a draw; None: as the recipe says
    device: DeviceName = "cpu"
    precision: Precision = "float32"  # of products on a CPU; on a GPU it is bfloat16
    compile: bool = False  # the blocks, by torch's compiler: other bits, and faster
    drawn_frames: int = 0  # of a window a step sees so many, wherever they lie in it; 0: all
    caption_dropout: float = 0.0  # probability that the caption is left out
    ema: float = 0.0  # what a step leaves of the weights' running mean; 0: there is none
    may_lack: Sequence[str] = ()  # sources of the mixture that may have no clip
    pose_map: Mapping[str, Any] | None = None  # a PoseMapDefinition; None: of pictures that nobody has defined
    threads: int = 1  # of a CPU: other bits
    rest_share: float = 0.5  # how often the image condition is the rest pose
    frame_counts: Sequence[int] = ()  # a step's windows have the largest that its clips all have; none: num_frames

    def to_row(self) -> Row:
        """As JSON. What came later is left out where it is not asked for: so keys are those of before."""
        row = asdict(self)
        asked = {
            "frame_counts": bool(self.frame_counts),
            "rest_share": self.rest_share != 0.5,
            "threads": self.threads > 1,
        }
        return {name: value for name, value in row.items() if asked.get(name, True)}

    @property
    def counts(self) -> tuple[int, ...]:
        """Frames that a window may have, the fewest first."""
        return tuple(sorted(set(self.frame_counts))) or (self.num_frames,)

    def config(self, parent: ModelConfig | None = None) -> ModelConfig:
        """The model that the stage ends with."""
        recipe = RECIPES[self.recipe](self.size_px)
        return for_stage(recipe, parent, trains=self.trains, num_views=self.num_views)

    def root_config(self) -> ModelConfig:
        """The model that the stage begins with where it starts from no other: without what training adds."""
        config = self.config()
        origin = RECIPES[self.recipe](self.size_px).denoiser.origin
        return replace(config, denoiser=replace(config.denoiser, adapter_rank=0, origin=origin))


@dataclass(frozen=True, slots=True)
class Sharing:
    """How processes share the work of a step. It changes no draw, and what is learned by roundings alone."""

    ranks: int = 1  # processes that are started; those of torchrun are as many as it says
    strategy: Literal["ddp", "fsdp2"] = "ddp"
    view_ranks: int = 1  # neighbouring ranks that have the views of the same clips between them
    accumulate: int = 1  # parts in which a rank's draws of a step pass through the model
    launch: Literal["auto", "here", "ray"] = "auto"

    @classmethod
    def of(cls, hints: Mapping[str, Any]) -> Sharing:
        """Of a job's hints."""
        return cls(**{name: hints[name] for name in _SHARING if name in hints})

    def of_stage(self, settings: TrainSettings, *, world: int) -> Sharing:
        """For a stage on so many ranks: views of draws that have a single one are not shared.

        A UserError where the ranks cannot share the stage's draws evenly.
        """
        num_views = settings.config().views_per_clip
        view_ranks = self.view_ranks if num_views > 1 else 1
        if world % view_ranks:
            raise _uneven(
                f"train.view_ranks: {view_ranks} do not divide {world} ranks", "as many ranks share the views of a clip"
            )
        if num_views % view_ranks:
            raise _uneven(
                f"train.view_ranks: {view_ranks} ranks cannot share {num_views} views",
                f"that is what a draw of stage '{settings.stage}' has",
            )
        parts = world // view_ranks * self.accumulate
        if settings.batch_size % parts:
            raise _uneven(
                f"train.batch_size: {settings.batch_size} clips cannot be shared evenly",
                f"{world // view_ranks} groups of ranks take them in train.accumulate = {self.accumulate} parts each",
            )
        return replace(self, ranks=world, view_ranks=view_ranks)


def _uneven(what: str, why: str) -> UserError:
    fix = "a train.batch_size that is a multiple of ranks / view_ranks * accumulate, and view_ranks that divides both"
    return UserError(what, why=why, fix=f"{fix} ranks and views", code="E529")


@dataclass(frozen=True, slots=True)
class Compute:
    """How a step is computed. On a CPU it changes no bit of what comes out, and a GPU repeats none anyway."""

    checkpointing: Checkpointing | Literal["auto"] = "auto"
    attention: AttentionChoice = "auto"  # of a GPU; a CPU has one of its own

    @classmethod
    def of_hints(cls, hints: Mapping[str, Any]) -> Compute:
        return cls(**{name: hints[name] for name in ("checkpointing", "attention") if name in hints})

    def kept(self, device: DeviceName) -> Checkpointing:
        """What blocks keep for the backward pass. By itself a GPU, whose memory is the limit, keeps their inputs."""
        if self.checkpointing == "auto":
            return "full" if device == "gpu" else "none"
        return self.checkpointing


def settings_of(profile: Profile) -> Row:
    """A profile's train section without what only sampling reads, its seed, what its pose maps mean, and `strips`: how
    often and by which sampling a training shows what its model generates; empty: never.
    """
    render = profile.render
    own = RECIPES[profile.train.recipe](profile.train.size_px).pose_map
    pose_map = own or PoseMapDefinition.of_render(
        height_px=render.height_px,
        joint_radius_px=render.joint_radius_px,
        max_joints=render.max_drawn_joints,
        markers=render.turn_markers,
    )
    section = profile.train.model_dump(mode="json", exclude=_ONLY_SAMPLING | _ONLY_PLANNING | _OWN_ROW)
    return {
        **section,
        "seed": profile.seed,
        "pose_map": json.loads(canonical_json(pose_map.to_row())),
        "strips": _strips(profile.train),
        "validation": _validation(profile.train),
    }


def _strips(train: Train) -> Row:
    """Nothing where there are none: then a plan does not follow from how a model is sampled."""
    if not train.sample_interval:
        return {}
    return {
        "interval": train.sample_interval,
        "steps": train.sampling_steps,
        "guidance": train.guidance,
        "text_guidance": train.text_guidance,
        "solver": train.solver,
        "batched": train.batch_branches,
    }


def _validation(train: Train) -> Row:
    """Likewise."""
    if not train.validation_interval:
        return {}
    return {"interval": train.validation_interval, "clips": train.validation_clips}


def stage_settings(settings: Row) -> list[tuple[TrainSettings, str]]:
    """Of `settings_of`: every stage's own, and what it starts from, in the order in which they are trained."""
    shared = {key: value for key, value in settings.items() if key not in ("stages", "latents", *_HINTS)}
    found = []
    for stage in settings["stages"]:
        own = {key: stage[key] for key in ("num_steps", "learning_rate") if stage[key] is not None}
        told = {"stage": stage["name"]} | {name: stage[name] for name in ("trains", "num_views", "drawn_frames")}
        found.append((TrainSettings(**{**shared, **own, **told}), stage["starts_from"]))
    return found


@dataclass(frozen=True, slots=True)
class TrainingClip:
    """A clip that training may draw: where its sample lies, and what a draw has to know of it."""

    place: SamplePlace
    source: str
    caption: str
    num_frames: int
    num_views: int
    captions: tuple[str, ...] = ()  # all that say what it shows; none: `caption` alone

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> TrainingClip:
        return cls(
            place=SamplePlace.from_row(row),
            source=row["source"],
            caption=row["caption"],
            num_frames=row["num_frames"],
            num_views=row["num_views"],
            captions=tuple(row.get("captions") or ()),
        )


def hints_of(settings: Row) -> dict[str, Any]:
    """Of `settings_of`: what a job is told that is no part of its key."""
    return {name: settings[name] for name in _HINTS}


def held_out_rows(rows: Iterable[Mapping[str, Any]], *, num_frames: int, num_clips: int) -> list[Row]:
    """At most so many clips that nothing trains on, spread over their ids: of val, or of bench where val is empty.

    `num_frames` are a clip's own.
    """
    for split in (Split.VAL, Split.BENCH):
        found = usable_rows(rows, num_frames=num_frames, split=split)
        if found:
            num = min(num_clips, len(found))
            return [found[place * len(found) // num] for place in range(num)]
    return []


def usable_rows(rows: Iterable[Mapping[str, Any]], *, num_frames: int, split: Split = Split.TRAIN) -> list[Row]:
    """The rows that training may draw: of the train split (or another) and long enough for a window, by clip id.

    `num_frames` are a clip's own, see `ModelConfig.span`.
    """
    kept = [
        {column: row.get(column) for column in COLUMNS}
        for row in rows
        if row["split"] == split and row["num_frames"] >= num_frames
    ]
    return sorted(kept, key=lambda row: row["clip_id"])
