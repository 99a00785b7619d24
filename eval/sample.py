"""What one clip's job reads: its sample, cut out of a shard, and a checkpoint's files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from rigmill.files import Store
from rigmill.types import Bytes, StoredFile
from shards.sample import read_sample


def sample_members(row: Mapping[str, Any], store: Store) -> dict[str, bytes]:
    """The members of the sample that an index row points to; the rest of the shard is not read."""
    with store.path(StoredFile.from_row(row["shard_file"])).open("rb") as stream:
        records = os.pread(stream.fileno(), row["num_bytes"], row["offset"])
    key, members = read_sample(records)
    if key != row["clip_id"]:
        raise ValueError(f"the index says clip {row['clip_id']}, the shard holds {key!r} there")
    return members


def picture(data: bytes) -> Bytes:
    """A PNG as RGB (H, W, 3)."""
    return np.asarray(cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))
