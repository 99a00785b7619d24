"""A dataset of small clips of two sources and three lengths, and what a loader is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from rigmill.storage.files import Store
from shards.loader.catalogue import Catalogue
from shards.loader.loader import ShardLoader
from shards.loader.plan import Drawing, Plan
from shards.loader.reading import Look, Reader
from tests.support.wheels import build_shard

MakeLoader = Callable[..., ShardLoader]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="session")
def rows(store: Store) -> list[dict[str, Any]]:
    return build_shard(store, num_clips=9, num_frames=[9, 14, 18], num_views=3)


@pytest.fixture
def make_loader(rows: list[dict[str, Any]], store: Store) -> MakeLoader:
    """A loader of the small dataset; its parts take what is said of them."""

    def make(
        *,
        drawing: dict[str, Any] | None = None,
        look: dict[str, Any] | None = None,
        rows: list[dict[str, Any]] = rows,
        on_unreadable: str = "stop",
        **reader: Any,
    ) -> ShardLoader:
        usual = {"seed": 3, "draws_per_step": 4, "num_views": 2, "frame_counts": (5, 9, 13)}
        plan = Plan(Catalogue.of_rows(pa.Table.from_pylist(rows), store), Drawing(**(usual | (drawing or {}))))
        return ShardLoader(
            plan,
            Reader(Look(**({"size_px": 32, "multiple": 16} | (look or {}))), **reader),
            on_unreadable=on_unreadable,  # type: ignore[arg-type]
        )

    return make
