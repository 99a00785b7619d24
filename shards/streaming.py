"""A published data set read from wherever it is, from the first byte of a tar to its last, by stock webdataset.

For buckets far away. What is drawn is what webdataset draws: a mixture holds on average, and a run that is resumed does
not go on where it was. The loader beside this, which reads files at hand, promises both.
"""

from __future__ import annotations

import io
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow.parquet as pq
from webdataset.filters import detshuffle
from webdataset.mix import RandomMix
from webdataset.pipeline import DataPipeline
from webdataset.shardlists import ResampledShards, SimpleShardList, split_by_node, split_by_worker
from webdataset.tariterators import group_by_keys, tar_file_expander

from rigmill.errors import Damaged, UserError
from rigmill.kinds import Split
from shards.index import INDEX
from shards.loader.mixing import present_weights
from shards.places import file_system

Streamed = dict[str, Any]  # `__key__` the clip id, `__url__`, and the bytes of every member by its extension


def streamed(
    place: str,
    *,
    mixture: Mapping[str, float] | None = None,
    split: Split = Split.TRAIN,
    seed: int = 0,
    shuffle: int = 0,
) -> DataPipeline | RandomMix:
    """The samples of the data set at `place`, a folder or a URL (https, s3, gs, ...), for a DataLoader or a loop.

    Without a mixture: every sample once, whole tars split across nodes (RANK and WORLD_SIZE, or torch.distributed) and
    workers. With one, weight by source: samples without end. Sources are drawn by chance (Python's `random`), and of a
    source the tars with replacement, each reader for itself, so that none goes without where tars are few.

    `seed` orders the tars; `shuffle`: out of so many samples, held in memory, the next is chosen (0: as they lie).
    A tar that ends early is `Damaged`, and not fewer samples.
    """
    counts = _samples_by_source(place, split)
    root = place.rstrip("/")
    sources = {source: {f"{root}/{name}.tar": num for name, num in own.items()} for source, own in counts.items()}
    if mixture is None:
        every = {url: num for own in sources.values() for url, num in own.items()}
        return DataPipeline(
            SimpleShardList(sorted(every), seed=seed), split_by_node, split_by_worker, *_reading(every, seed, shuffle)
        )
    weights = present_weights(mixture, sources)
    return RandomMix(
        [
            DataPipeline(
                ResampledShards(sorted(sources[name]), seed=seed, deterministic=True),
                *_reading(sources[name], seed, shuffle),
            )
            for name in weights
        ],
        list(weights.values()),
    )


def _reading(counts: Mapping[str, int], seed: int, shuffle: int) -> list[Any]:
    """The stages from the URLs of tars to samples."""
    return [_Samples(counts), detshuffle(shuffle, seed=seed)] if shuffle else [_Samples(counts)]


def _samples_by_source(place: str, split: Split) -> dict[str, Counter[str]]:
    """By source the shards of a split, and how many samples each of them holds."""
    files, root = file_system(place)
    try:
        data = files.cat_file(f"{root}/{INDEX}")
    except FileNotFoundError:
        raise UserError(
            f"no data set: {place}", why=f"it has no {INDEX}", fix="name the folder that holds it", code="E501"
        ) from None
    rows = pq.read_table(io.BytesIO(data), columns=["shard", "source", "split"])
    found: dict[str, Counter[str]] = {}
    holder: dict[str, str] = {}
    for shard, source, side in zip(*(rows[name].to_pylist() for name in ("shard", "source", "split"))):
        if side != split:
            continue
        if holder.setdefault(shard, source) != source:
            raise UserError(
                f"{shard}.tar holds clips of {holder[shard]} and of {source}",
                why="such tars cannot be weighed by source; shards were made so once",
                fix="make them again with this version, or copy the folder here and use the loader",
                code="E501",
            )
        found.setdefault(source, Counter())[shard] += 1
    if not found:
        raise UserError(f"{place} has no clip of the split '{split}'", fix="name another split", code="E501")
    return found


class _Samples:
    """The samples of tars, as webdataset takes them apart; Damaged where a tar ends before it gave all of its own."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.counts = dict(counts)  # by URL

    def __call__(self, tars: Iterable[Mapping[str, str]]) -> Iterator[Streamed]:
        for tar in tars:
            url, seen = tar["url"], 0
            files, path = file_system(url)  # here: a worker must not share what its parent has open
            with files.open(path, "rb") as stream:
                try:
                    for sample in group_by_keys(tar_file_expander([{"url": url, "stream": stream}])):
                        seen += 1
                        yield sample
                except tarfile.ReadError:
                    pass  # counted below
            if seen != self.counts[url]:
                raise Damaged(f"{url} ends after {seen} of {self.counts[url]} samples")
