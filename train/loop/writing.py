"""Checkpoints are written by a thread, while the training goes on: whole or absent, one at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from torch import Tensor


class WrittenAside(TorchCheckpointIO):
    """Lightning's way to disk: takes a copy of what is to be kept, and hands it to a thread.

    `finish` is called by the thread when a file is whole and on the disk, to give it its name. What goes wrong there
    ends the run, at the next checkpoint or at the end. A process that ends waits for the thread, a killed one leaves a
    file that no resumed run reads.
    """

    def __init__(self, finish: Callable[[Path], None]) -> None:
        self.finish = finish
        self._thread: threading.Thread | None = None
        self._failed: BaseException | None = None

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Begin to write; waits for the one before it."""
        self.wait()
        copied = _copied(checkpoint)
        self._thread = threading.Thread(target=self._write, args=(copied, Path(path)), name="checkpoint")
        self._thread.start()

    def wait(self) -> None:
        """Until what was begun is whole, or has failed: then that is raised."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed

    def teardown(self) -> None:
        """Lightning's end."""
        self.wait()

    def _write(self, checkpoint: dict[str, Any], path: Path) -> None:
        try:
            super().save_checkpoint(checkpoint, path)
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
            self.finish(path)
        except BaseException as error:  # noqa: B036  # raised by `wait`, in the training's own thread
            self._failed = error


def _copied(value: Any) -> Any:
    """The same with tensors on the CPU, and of nobody else: the training changes its own meanwhile."""
    if isinstance(value, Tensor):
        own = value.detach()
        return own.to("cpu") if own.device.type != "cpu" else own.clone()
    if isinstance(value, dict):
        return {key: _copied(one) for key, one in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_copied(one) for one in value)
    return value
