"""Run inside a Blender child: everything that code of a stranger might try against what is outside, one after another.

Each attempt is a function that raises when it is refused, or returns what it got. Attempts use the kernel directly
where Python would stand in the way.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import fcntl
import os
import platform
import resource
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_LIBC = ctypes.CDLL(None, use_errno=True)
_NUMBERS = {  # x86_64, aarch64
    "pidfd_open": (434, 434),
    "io_uring_setup": (425, 425),
    "bpf": (321, 280),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "clone3": (435, 435),
    "process_vm_readv": (310, 270),
    "fchmodat2": (452, 452),
    "open_by_handle_at": (304, 265),
    "memfd_create": (319, 279),
    "execveat": (322, 281),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
}


def _call(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _raw(name: str, *arguments: Any) -> int:
    number = _NUMBERS[name][platform.machine() == "aarch64"]
    return _call(_LIBC.syscall(number, *arguments))


def _unix(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect(path)


def _tcp(port: int) -> None:
    with socket.socket(socket.AF_INET) as stream:
        stream.connect(("127.0.0.1", port))


def _double_fork(marker: str) -> None:
    """A grandchild in a session of its own, which would write its number where the test looks."""
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            Path(marker).write_text(str(os.getpid()))
            time.sleep(600)
        os._exit(0)
    os.waitpid(child, 0)


def _clone3_process() -> int:
    arguments = (ctypes.c_uint64 * 11)()
    arguments[4] = signal.SIGCHLD
    child = _raw("clone3", arguments, ctypes.sizeof(arguments))
    if child == 0:
        os._exit(0)
    return child


def _memfd_program() -> None:
    handle = _raw("memfd_create", b"x", 0)
    os.write(handle, Path("/bin/true").read_bytes())
    _raw("execveat", handle, b"", (ctypes.c_char_p * 2)(b"true", None), None, 0x1000)


def _other_architecture() -> None:
    """System call 64 of the old convention (getppid) by its x32 number: another table than the filter's."""
    _call(_LIBC.syscall(0x40000000 | 41, socket.AF_UNIX, socket.SOCK_STREAM, 0))


def _read_memory_of(pid: int) -> None:
    with open(f"/proc/{pid}/mem", "rb") as memory:
        memory.seek(0x400000)
        memory.read(1)


def _outlive(own: str) -> None:
    _call(_LIBC.prctl(1, 0, 0, 0, 0))


def _type_into_terminal() -> None:
    fcntl.ioctl(0, 0x5412, b"x")


def _clock() -> None:
    time.clock_settime(time.CLOCK_REALTIME, time.time())


def _limits_of(pid: int) -> None:
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (1, 1))


def _in_thread() -> None:
    """The same from a thread that was started afterwards."""
    found: list[BaseException] = []

    def run() -> None:
        try:
            socket.socket(socket.AF_UNIX)
        except OSError as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if found:
        raise found[0]


def attempts(item: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    """Every attempt by name. `item` names what is outside: a file, a folder, a socket, a port, a process, a pipe."""
    file, folder, pid = item["outside_file"], item["outside_folder"], int(item["outside_pid"])
    shared = _LIBC.shmget
    return {
        "read a file outside": lambda: Path(file).read_bytes(),
        "list a folder outside": lambda: os.listdir(folder),
        "write a file outside": lambda: Path(file).write_bytes(b"x"),
        "append to a file outside": lambda: os.open(file, os.O_WRONLY | os.O_APPEND),
        "truncate a file outside": lambda: os.truncate(file, 0),
        "create a file outside": lambda: Path(folder, "new").touch(),
        "remove a file outside": lambda: os.unlink(file),
        "rename a file outside": lambda: os.rename(file, file + ".moved"),
        "move a file in": lambda: os.rename(file, "taken"),
        "link a file in": lambda: os.link(file, "linked"),
        "read through a link of one's own": lambda: (os.symlink(file, "way"), Path("way").read_bytes()),
        "make a folder outside": lambda: os.mkdir(folder + "/sub"),
        "make a pipe outside": lambda: os.mkfifo(folder + "/pipe"),
        "make a device": lambda: os.mknod("device", 0o600 | 0o020000, os.makedev(1, 5)),
        "change a mode": lambda: os.chmod(file, 0o777),
        "change a mode by fchmodat2": lambda: _raw("fchmodat2", -100, file.encode(), 0o777, 0),
        "change an owner": lambda: os.chown(file, 12345, 12345),
        "change times": lambda: os.utime(file, (1, 1)),
        "set an attribute": lambda: os.setxattr(file, "user.x", b"1"),
        "read an attribute": lambda: os.getxattr(file, "user.rigmill"),
        "read the parent's environment": lambda: Path(f"/proc/{pid}/environ").read_bytes(),
        "read the parent's memory": lambda: _read_memory_of(pid),
        "read memory by process_vm_readv": lambda: _raw("process_vm_readv", pid, None, 0, None, 0, 0),
        "signal the parent": lambda: os.kill(pid, 0),
        "signal everyone": lambda: os.kill(-1, 0),
        "signal by pidfd": lambda: _raw("pidfd_open", pid, 0),
        "trace the parent": lambda: _call(_LIBC.ptrace(16, pid, None, None)),
        "limit the parent": lambda: _limits_of(pid),
        "connect to a path-named socket": lambda: _unix(item["socket_path"]),
        "connect to an abstract socket": lambda: _unix("\0" + item["abstract_name"]),
        "connect by TCP": lambda: _tcp(item["port"]),
        "send by UDP": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "open a netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0),
        "open a raw socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1),
        "open a socket in a thread": _in_thread,
        "run a shell": lambda: subprocess.run(["/bin/sh", "-c", "true"], check=True),
        "become a shell": lambda: os.execv("/bin/sh", ["sh", "-c", f"echo > {folder}/shell"]),
        "become a program in memory": _memfd_program,
        "fork": lambda: os.fork() or os._exit(0),
        "fork by clone3": _clone3_process,
        "fork twice into another session": lambda: _double_fork(item["marker"]),
        "outlive the server": lambda: _outlive(file),
        "leave the session": os.setsid,
        "share memory by number": lambda: _call(shared(0x52494721, 4096, 0o1666)),
        "share a semaphore": lambda: _call(_LIBC.semget(0x52494722, 1, 0o1666)),
        "open a message queue": lambda: _call(_LIBC.msgget(0x52494723, 0o1666)),
        "set the clock": _clock,
        "set the host's name": lambda: socket.sethostname("x"),
        "mount": lambda: _call(_LIBC.mount(b"none", b".", b"tmpfs", 0, None)),
        "change the root": lambda: os.chroot("."),
        "a namespace of one's own": lambda: _call(_LIBC.unshare(0x10000000)),
        "load a BPF program": lambda: _raw("bpf", 0, None, 0),
        "add a key": lambda: _raw("add_key", b"user", b"x", b"1", 1, -3),
        "read keys": lambda: _raw("keyctl", 0, -3, 1),
        "count events of others": lambda: _raw("perf_event_open", None, -1, 0, -1, 0),
        "handle page faults": lambda: _raw("userfaultfd", 0),
        "let the kernel do it by io_uring": lambda: _raw("io_uring_setup", 1, None),
        "open a file by its handle": lambda: _raw("open_by_handle_at", -100, None, 0),
        "restart the machine": lambda: _raw("reboot", 0, 0, 0, None),
        "load a kernel": lambda: _raw("kexec_load", 0, 0, None, 0),
        "another table of calls": _other_architecture,
        "type into a terminal": _type_into_terminal,
        "watch a folder outside": lambda: _call(_LIBC.inotify_init()),
        "raise one's own limits": lambda: resource.setrlimit(
            resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        ),
        "become somebody else": lambda: os.setuid(12345),
    }


def try_all(item: dict[str, Any], state: dict[str, Any], scratch: Path) -> dict[str, str]:
    """What became of each attempt: the error's name, or `done`."""
    found = {}
    for name, attempt in attempts(item).items():
        try:
            attempt()
            found[name] = "done"
        except (OSError, ValueError) as error:
            found[name] = type(error).__name__
        except SystemExit:
            found[name] = "done"
    # What a renderer does need still works.
    with (scratch / "own").open("wb") as file:
        file.write(b"x")
    threads = [threading.Thread(target=time.sleep, args=(0.01,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
