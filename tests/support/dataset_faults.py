"""What can happen to a published dataset: seeded faults of every kind, each in a folder that was whole."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pyarrow.parquet as pq


@dataclass(frozen=True)
class Fault:
    """What was done, and what a message about it must name: a file, and the samples whose bytes it hit."""

    what: str
    files: tuple[str, ...]
    samples: tuple[str, ...] = ()


class Faults:
    """A seeded row of faults in copies of one dataset.

    Tars are links into the store: other bytes come under a file's name alone, or `through_links` into the stored file.
    """

    KINDS = (
        *("flipped bit in a sample", "flipped bit", "cut short", "longer", "zeroed block", "emptied"),
        *("swapped files", "swapped samples", "samples swapped between shards", "missing", "extra", "renamed"),
        "a folder in its place",
    )

    def __init__(self, folder: Path, seed: int, *, through_links: bool = False) -> None:
        self._put = Path.write_bytes if through_links else _replace
        self._names = sorted(path.name for path in folder.iterdir())
        self._rows = pq.read_table(folder / "index.parquet").to_pylist()
        self._chance = random.Random(seed)

    def inject(self, folder: Path, number: int) -> Fault:
        """Fault `number` of the row: kinds take turns."""
        kind, chance = self.KINDS[number % len(self.KINDS)], self._chance
        name = chance.choice(self._names)
        path = folder / name
        data = bytearray(path.read_bytes())
        match kind:
            case "flipped bit in a sample":
                row = chance.choice(self._rows)
                path = folder / f"{row['shard']}.tar"
                data = bytearray(path.read_bytes())
                _flip(data, chance.randrange(8 * row["offset"], 8 * (row["offset"] + row["num_bytes"])))
                self._put(path, data)
                return Fault(kind, (path.name,), (row["clip_id"],))
            case "flipped bit":
                _flip(data, chance.randrange(8 * len(data)))
            case "cut short":
                del data[len(data) - chance.choice([1, 2, 511, 512, len(data) // 2 or 1]) :]
            case "longer":
                data += chance.choice([b"\0", b"\n", bytes(512), bytes(10240)])
            case "zeroed block":
                start = chance.randrange(len(data))
                while not any(data[start : start + 512]):
                    start = chance.randrange(len(data))
                data[start : start + 512] = bytes(len(data[start : start + 512]))
            case "emptied":
                data.clear()
            case "swapped files":
                other = folder / chance.choice([other for other in self._names if other != name])
                self._put(path, other.read_bytes())
                self._put(other, data)
                return Fault(kind, (name, other.name))
            case "swapped samples":
                return self._swap(folder, kind, same_shard=True)
            case "samples swapped between shards":
                return self._swap(folder, kind, same_shard=False)
            case "missing":
                path.unlink()
                return Fault(kind, (name,))
            case "extra":
                path = folder / f"{chance.choice(['train-000077.tar', '.hidden', 'notes', 'index.parquet.bak'])}"
            case "renamed":
                path.rename(folder / f"old-{name}")
                return Fault(kind, (name,))
            case "a folder in its place":
                path.unlink()
                path.mkdir()
                return Fault(kind, (name,))
        self._put(path, data)
        return Fault(kind, (path.name,))

    def _swap(self, folder: Path, kind: str, *, same_shard: bool) -> Fault:
        """Two samples in each other's place: by their order in one shard, or into each other's shard."""
        pairs = [
            (first, second)
            for first, second in combinations(self._rows, 2)
            if (first["shard"] == second["shard"]) is same_shard
        ]
        first, second = self._chance.choice(pairs)
        tars = {row["shard"]: bytearray((folder / f"{row['shard']}.tar").read_bytes()) for row in (first, second)}
        places = [(row, slice(row["offset"], row["offset"] + row["num_bytes"])) for row in (first, second)]
        (one, here), (two, there) = sorted(places, key=lambda place: -place[0]["offset"])  # the later one first
        before = bytes(tars[one["shard"]][here]), bytes(tars[two["shard"]][there])
        tars[one["shard"]][here], tars[two["shard"]][there] = before[1], before[0]
        for shard, data in tars.items():
            self._put(folder / f"{shard}.tar", data)
        return Fault(kind, tuple(f"{shard}.tar" for shard in tars), (first["clip_id"], second["clip_id"]))


def _flip(data: bytearray, bit: int) -> None:
    data[bit // 8] ^= 1 << bit % 8


def _replace(path: Path, data: bytes | bytearray) -> object:
    """Other bytes under this name; whatever else had the old ones keeps them."""
    path.unlink(missing_ok=True)
    return path.write_bytes(data)
