"""The third barrier around a child: the kernel refuses what a renderer has no use for (seccomp; Linux 3.17 and later).

Landlock closes files. It does not know of sockets that have a path, of modes, owners, times and attributes of files,
of other processes' memory, of System V memory, or of starting programs. A child needs none of that: it reads the files
that are open to it, starts threads, and writes into its scratch folder. What is refused fails with EPERM, so a library
that only tries goes on without.

The filter is a classic BPF program of our own, about a hundred instructions, so that no further library is needed where
Blender runs. Numbers of system calls are the kernel's, which never change.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

_SET_NO_NEW_PRIVS, _SET_PDEATHSIG = 38, 1
_CAPBSET_DROP, _CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL = 24, 47, 4
_CAPABILITY_VERSION_3, _MOST_CAPABILITIES = 0x20080522, 64
_LOAD, _JUMP_EQUAL, _JUMP_GREATER_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL_PROCESS, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NR, _ARCH = 0, 4  # offsets in struct seccomp_data; argument i is at 16 + 8 * i, its low half first
_THREAD = 0x00010000  # CLONE_THREAD
_X32 = 0x40000000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C

# name: (x86_64, arm64); None where the architecture has no such call.
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    # other programs and processes
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "vfork": (58, None),
    "setsid": (112, 157),
    "setpgid": (109, 154),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    # sockets; a pair that is connected to itself (socketpair) leads nowhere
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    # what of a file is not its content
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "utimensat": (280, 88),
    "futimesat": (261, None),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "getxattr": (191, 8),
    "lgetxattr": (192, 9),
    "fgetxattr": (193, 10),
    "getxattrat": (464, 464),
    "listxattr": (194, 11),
    "llistxattr": (195, 12),
    "flistxattr": (196, 13),
    "listxattrat": (465, 465),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "inotify_add_watch": (254, 27),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    # memory, queues and locks that other processes share by a name or a number
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semget": (64, 190),
    "semop": (65, 193),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # the machine
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "syslog": (103, 116),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "personality": (135, 92),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "vhangup": (153, 58),
    # one that does others' work: it would pass by this filter
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    # who one is
    "setuid": (105, 146),
    "setgid": (106, 144),
    "setreuid": (113, 145),
    "setregid": (114, 143),
    "setresuid": (117, 147),
    "setresgid": (119, 149),
    "setgroups": (116, 159),
    "setfsuid": (122, 151),
    "setfsgid": (123, 152),
}
_CLONE3 = 435  # its flags lie in memory, where a filter cannot look: libraries fall back to clone
_BY_MACHINE = {
    # AUDIT_ARCH, column of _REFUSED, clone, kill, tgkill, prctl, ioctl, prlimit64
    "x86_64": (0xC000003E, 0, 56, 62, 234, 157, 16, 302),
    "aarch64": (0xC00000B7, 1, 220, 129, 131, 167, 29, 261),
}


def refused_names() -> tuple[str, ...]:
    """The system calls that always fail, by name."""
    return tuple(_REFUSED)


def drop_privileges() -> bool:
    """Give up every privilege of root for good, for this thread and what it starts; False where some are left.

    In a user namespace of its own a process has all of them, over that namespace alone.
    """
    if sys.platform != "linux":
        return False
    kernel = ctypes.CDLL(None, use_errno=True)
    for number in range(_MOST_CAPABILITIES):
        kernel.prctl(_CAPBSET_DROP, number, 0, 0, 0)
    kernel.prctl(_CAP_AMBIENT, _CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = struct.pack("<Ii", _CAPABILITY_VERSION_3, 0)
    return bool(kernel.capset(header, bytes(24)) == 0)


def close_system_calls() -> bool:
    """Refuse them to this thread and what it starts, for good; False where this machine's kernel cannot.

    Not before the process has its own session and namespaces: changing those is refused too.
    """
    machine = _BY_MACHINE.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        return False
    kernel = ctypes.CDLL(None, use_errno=True)
    program = _program(machine, own_pid=os.getpid())
    code = ctypes.create_string_buffer(b"".join(program), 8 * len(program))
    # struct sock_fprog: a 16-bit length, padding, and the address of the instructions
    header = struct.pack("<HxxxxxxQ", len(program), ctypes.addressof(code))
    if kernel.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(kernel.prctl(22, 2, header, 0, 0) == 0)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


def _program(machine: tuple[int, ...], *, own_pid: int) -> list[bytes]:
    """The instructions: another architecture ends the process, a refused call fails, everything else is allowed."""
    arch, column, clone, kill, tgkill, prctl, ioctl, prlimit = machine
    refuse, absent = _ERRNO | errno.EPERM, _ERRNO | errno.ENOSYS
    lines = [_op(_LOAD, _ARCH), _op(_JUMP_EQUAL, arch, yes=1), _op(_RETURN, _KILL_PROCESS), _op(_LOAD, _NR)]
    if column == 0:  # the other calling convention of x86-64 has numbers of its own
        lines += [_op(_JUMP_GREATER_EQUAL, _X32, no=1), _op(_RETURN, refuse)]
    numbers = sorted(number for row in _REFUSED.values() if (number := row[column]) is not None)
    for number in numbers:
        lines += [_op(_JUMP_EQUAL, number, no=1), _op(_RETURN, refuse)]
    lines += [_op(_JUMP_EQUAL, _CLONE3, no=1), _op(_RETURN, absent)]
    # Calls that are refused by an argument. Each block loads what it compares and ends in a return.
    lines += _when(clone, [_op(_LOAD, _low(0)), _op(_JUMP_SET, _THREAD, no=1), _op(_RETURN, _ALLOW)], refuse)
    for number in (kill, tgkill):  # oneself alone; a program ends itself so
        same = [_op(_LOAD, _low(0)), _op(_JUMP_EQUAL, own_pid, no=1), _op(_RETURN, _ALLOW)]
        lines += _when(number, same, refuse)
    die = [_op(_LOAD, _low(0)), _op(_JUMP_EQUAL, _SET_PDEATHSIG, yes=1), _op(_RETURN, _ALLOW)]
    lines += _when(prctl, die, refuse)  # outlive the parent
    typing = [
        _op(_LOAD, _low(1)),
        _op(_JUMP_EQUAL, _TIOCSTI, yes=2),
        _op(_JUMP_EQUAL, _TIOCLINUX, yes=1),
        _op(_RETURN, _ALLOW),
    ]
    lines += _when(ioctl, typing, refuse)  # type into a terminal
    own = [_op(_LOAD, _low(0)), _op(_JUMP_EQUAL, 0, yes=1), _op(_JUMP_EQUAL, own_pid, no=1), _op(_RETURN, _ALLOW)]
    lines += _when(prlimit, own, refuse)
    return [*lines, _op(_RETURN, _ALLOW)]


def _when(number: int, block: list[bytes], otherwise: int) -> list[bytes]:
    """`block`, for one call, which falls through to `otherwise`; the number is loaded when it begins."""
    return [_op(_JUMP_EQUAL, number, no=len(block) + 1), *block, _op(_RETURN, otherwise)]


def _low(argument: int) -> int:
    """Where the low half of an argument is; both machines are little-endian."""
    return 16 + 8 * argument


def _op(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """One instruction. `yes` and `no` say how many instructions a comparison skips."""
    return struct.pack("<HBBI", code, yes, no, value)
