"""What tests of captions share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def tiny_vlm() -> Iterator[str]:
    """Base URL of a server with a tiny random Qwen2.5-VL (`tests.support.tiny_vlm.NAME`); some 10 s to start."""
    from tests.support.tiny_vlm.server import serving  # here, because torch takes long to import

    with serving() as base_url:
        yield base_url
