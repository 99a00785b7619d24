"""The second barrier around a child: the kernel refuses every file but its own (Landlock; Linux 5.13 and later).

The first is the canonical file, which names no other. What stays open: programs and libraries to read, the files that
the request names under `path` and `*_path`, what lies in its `folder_path`, the scratch folder to read and write. Not
open: other people's files, the store, keys in the environment of other processes (/proc/<pid>/environ), sockets by TCP,
signals to other processes.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_PATH_BENEATH, _VERSION_FLAG, _NO_NEW_PRIVILEGES = 1, 1, 38
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1, 2, 4, 8
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14
_READ = _EXECUTE | _READ_FILE | _READ_FOLDER
_ROOMS = Path(__file__).resolve().parents[3]
_SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/opt",
    "/nix/store",
    "/etc/ld.so.cache",
    "/etc/fonts",
    "/etc/localtime",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/sys/devices/system",
    "/dev/urandom",
    "/dev/random",
)
# Only for engines that draw by OpenGL: what a driver opens of a graphics card.
_GRAPHICS = (
    "/dev/dri",
    "/dev/nvidiactl",
    "/dev/nvidia-modeset",
    "/dev/nvidia-uvm",
    "/dev/nvidia-uvm-tools",
    *(f"/dev/nvidia{number}" for number in range(16)),
    "/proc/driver/nvidia",
    "/proc/modules",
    "/sys/dev/char",
    "/sys/bus/pci",
    "/sys/class/drm",
    "/etc/glvnd",
    "/etc/vulkan",
    "/etc/egl",
)


def confine(request: dict[str, Any], scratch: Path) -> bool:
    """Close every other file to this process for good; False where the kernel cannot. Before a stranger's byte is read.

    It holds for this thread and what it starts from now on, so the process must still have one thread.
    """
    if sys.platform != "linux":
        return False
    kernel = ctypes.CDLL(None, use_errno=True)
    version = kernel.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
    if version < 1:
        return False
    rights = (1 << (13, 13, 14, 15, 15, 16)[min(version, 5)]) - 1  # of files and folders, as many as this kernel knows
    sizes = 8 if version < 4 else 16 if version < 6 else 24
    rules = struct.pack("<QQQ", rights, 3, 3)[:sizes]  # no TCP; no signals or abstract sockets to the outside
    ruleset = kernel.syscall(_CREATE_RULESET, rules, ctypes.c_size_t(sizes), 0)
    if ruleset < 0:
        return False
    for path in {*_SYSTEM, *_python(), *_named(request["items"])}:
        _allow(kernel, ruleset, path, _READ & rights)
    _allow(kernel, ruleset, str(scratch), rights)
    _allow(kernel, ruleset, os.devnull, (_READ_FILE | _WRITE_FILE) & rights)
    if _wants_graphics(request["items"]):
        for path in _GRAPHICS:
            _allow(kernel, ruleset, path, (_READ | _WRITE_FILE) & rights)
    kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    closed = kernel.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return closed


def _wants_graphics(items: list[Any]) -> bool:
    """Whether an item asks for an engine that draws by OpenGL."""
    settings = (item.get("render") for item in items if isinstance(item, dict))
    return any(isinstance(render, dict) and render.get("engine") in ("eevee", "workbench") for render in settings)


def _allow(kernel: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # not on this machine
    if not os.path.isdir(path):  # noqa: PTH112
        rights &= _OF_FILES
    kernel.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("<Qi", rights, handle), 0)
    os.close(handle)


def _python() -> Iterator[str]:
    """Where the interpreter, its packages and our own rooms lie; not the folder that holds them, nor its data."""
    yield from (sys.prefix, sys.base_prefix, sys.exec_prefix)
    yield from (path for path in sys.path if path.endswith(("site-packages", "dist-packages")))
    yield from (str(_ROOMS / room) for room in ("render", "rigmill", "curate"))


def _named(value: Any, key: str = "") -> Iterator[str]:
    """Files that the request names, and folders to read. Only under these keys: other texts may be a stranger's."""
    if isinstance(value, dict):
        for inner, found in value.items():
            yield from _named(found, inner)
    elif isinstance(value, list):
        for found in value:
            yield from _named(found, key)
    elif isinstance(value, str):
        is_file = (key == "path" or key.endswith("_path")) and os.path.isfile(value)  # noqa: PTH113
        if is_file or (key == "folder_path" and os.path.isdir(value)):  # noqa: PTH112
            yield value
