"""The latents stage: clips of the train split, and those that a training validates on, encoded once.

Optional; heavy imports wait for `run`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from rigmill.kinds import Split
from rigmill.outcomes import Cost, Kept, Outcome, Refusal, Reject, Rejected
from rigmill.pipeline.stage import Answer, Input, Job, Rows, Stage, Work
from rigmill.storage.columns import PRODUCTS, SAMPLE
from rigmill.storage.files import canonical_json
from rigmill.storage.rows import only_keys
from rigmill.types import Row
from shards.loader.latents.encoding import VERSION, Encoding, sample_key
from shards.sample import SamplePlace
from train.components.places import Places, fetch, find
from train.inputs import held_out_rows, usable_rows
from train.latents.wanted import PARTS, EncoderSettings, encoders_of, encoding_of

if TYPE_CHECKING:
    from rigmill.config.schema import Profile
    from train.latents.encoding import Encoders

_PLACE = tuple(name for name in SAMPLE if name != "sample_sha256")


class LatentsStage(Stage):
    """One `shards` row of the train split -> one file of latents, and its row.

    A job is about the sample's content, not about where it lies: shards that are packed anew encode nothing again.
    """

    name = "latents"
    version = VERSION
    upstream = ("shards",)
    writes = PRODUCTS["latents"]
    batch = 16  # of one shard, so that encoders are loaded once for many
    usual_seconds, jobs_per = 1.0, {"render": 1.0}

    def settings(self, profile: Profile) -> Row:
        """Nothing of encoders where there is no pass: then no plan follows from them."""
        if not profile.latents.enabled:
            return {"enabled": False}
        return {
            "enabled": True,
            "validation_clips": profile.train.validation_clips if profile.train.validation_interval else 0,
            "encoding": encoding_of(profile).to_row(),
            "device": profile.train.device,
            "encoders": encoders_of(profile).to_row(),
            "weights": profile.train.weights.model_dump(mode="json"),
        }

    def job_settings(self, settings: Row) -> Row:
        """How encoders are found is a hint: which they are, the encoding says. What computes changes the last bits."""
        return only_keys(settings, "encoding", "device") if settings["enabled"] else {}

    def prepare(self, settings: Row, say: Callable[[str], None]) -> None:
        """Whether the encoders' weights are there, before anything is spent."""
        if settings["enabled"]:
            config, places = EncoderSettings(**settings["encoders"]).config, Places.of(settings["weights"])
            fetch(config, places, only=PARTS)
            find(config, places, only=PARTS)

    def inputs(self, tables: Rows, settings: Row) -> Iterable[Input]:
        if not settings["enabled"]:
            return
        shared = only_keys(settings, "encoders", "weights")
        least = Encoding.from_row(settings["encoding"]).least_frames
        rows, num = tables.products("shards"), settings["validation_clips"]
        held_out = held_out_rows(rows, num_frames=least, num_clips=num) if num else []
        for row in (*usable_rows(rows, num_frames=least), *held_out):
            yield Input(
                input_id=row["clip_id"],
                payload={name: value for name, value in row.items() if name not in _PLACE},
                group=row["shard_file"]["sha256"],
                hints={"place": only_keys(row, *_PLACE), **shared},
            )

    def guess_jobs(self, num_jobs: Mapping[str, int], profile: Profile) -> int:
        return super().guess_jobs(num_jobs, profile) if profile.latents.enabled else 0

    def why_empty(self, tables: Rows, profile: Profile) -> str:
        if not profile.latents.enabled:
            return "latents.enabled is false, so training encodes what it draws"
        lengths = [row["num_frames"] for row in tables.products("shards") if row["split"] == Split.TRAIN]
        if not lengths:
            return super().why_empty(tables, profile)
        least = encoding_of(profile).least_frames
        return f"none of the {len(lengths)} clips of the train split has {least} frames; the longest has {max(lengths)}"

    def run(self, jobs: Sequence[Job], work: Work) -> Iterator[Answer]:
        for done, job in enumerate(jobs, start=1):
            started = time.monotonic()
            outcome = _encode(job, work)
            work.report("clips", done, len(jobs))
            yield Answer(job.key, outcome, Cost(wall_s=time.monotonic() - started))


def _encode(job: Job, work: Work) -> Outcome:
    """Kept with one row, or Rejected where the clip cannot be decoded. Damaged, where its shard is, ends the job."""
    from shards.loader.latents.file import latents_tar
    from shards.loader.reading import Unreadable
    from shards.loader.sample import Sample
    from train.latents.encoding import encode_sample

    clip, encoding = job.payload, Encoding.from_row(job.settings["encoding"])
    place = SamplePlace.from_row({**clip, **job.hints["place"]})
    path = work.store.path(place.shard_file)
    sample = Sample(place.clip_id, path, place.offset, place.num_bytes, place.sha256)
    sample.open(check=True).close()
    windows = encoding.windows_of(clip["num_frames"])
    captions = tuple(clip["captions"] or (clip["caption"] or "",))
    by = _encoders(canonical_json(job.hints["encoders"]), canonical_json(job.hints["weights"]))
    try:
        made = encode_sample(sample, clip["num_views"], captions, windows=windows, encoding=encoding, by=by)
    except Unreadable as error:
        return Rejected(Reject.UNDECODABLE, error.what)
    except Refusal as refusal:
        return refusal.to_rejected()
    data = latents_tar(place.clip_id, place.sha256, encoding=encoding, windows=windows, made=made)
    row = {
        **only_keys(clip, "clip_id", "source", "sample_sha256", "num_views"),
        "key": sample_key(encoding.digest, place.sha256),
        "encoding": encoding.digest,
        **{name: getattr(encoding, name) for name in ("codec", "text", "size_px")},
        "num_frames": windows.num_frames,
        "num_windows": len(windows.starts),
        "num_conditions": len(windows.condition_frames),
        "num_captions": len(captions),
        "file": work.store.put_bytes(f"{place.clip_id}.tar", data).to_row(),
    }
    return Kept([row])


@lru_cache(maxsize=1)
def _encoders(settings: str, weights: str) -> Encoders:
    """Read once a process, for all jobs that it does."""
    from train.latents.encoding import Encoders

    asked = EncoderSettings(**json.loads(settings))
    folders = find(asked.config, Places.of(json.loads(weights)), wanted=asked.weights or None, only=PARTS)
    return Encoders.of(asked, folders)
