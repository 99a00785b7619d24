"""Checks of this machine, each with what to do when it fails. Starts a real Blender child and a real render."""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from rigmill.blender.client import BlenderClient, Limits
from rigmill.blender.requests import RENDER_ONE, RenderOneAnswer, RenderOneItem
from rigmill.commands import exit_status
from rigmill.commands.packages import DISTRIBUTION, needed
from rigmill.errors import UserError
from rigmill.outcomes import Sandbox
from rigmill.pipeline.runlog import UNCONFINED
from rigmill.printable import wrapped

# The shared libraries that the bpy wheel expects from the system, and Debian's and Ubuntu's packages for them.
SYSTEM_PACKAGES = {
    "libX11.so.6": "libx11-6",
    "libXrender.so.1": "libxrender1",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libXext.so.6": "libxext6",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libXxf86vm.so.1": "libxxf86vm1",
    "libXinerama.so.1": "libxinerama1",
    "libgomp.so.1": "libgomp1",
    "libstdc++.so.6": "libstdc++6",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: whether it is well, and what to do if not. `required` ones decide the exit status."""

    name: str
    ok: bool
    detail: str
    fix: str = ""
    required: bool = True

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def command(parsed: argparse.Namespace) -> int:
    """Run `rigmill doctor`: print all findings; fails where something required is not fine."""
    findings = examine()
    print(json.dumps([finding.to_json() for finding in findings]) if parsed.json else findings_text(findings))
    return exit_status.OK if all(finding.ok or not finding.required for finding in findings) else exit_status.FAILED


def examine() -> list[Finding]:
    """All findings, cheap ones first."""
    findings = [_python(), *_packages(), *_libraries(), _room()]
    libraries_fine = all(finding.ok for finding in findings if finding.name.startswith("library"))
    if libraries_fine and importlib.util.find_spec("bpy"):
        findings += _blender()
    if importlib.util.find_spec("ray"):
        findings.append(_ray())
    return findings


def findings_text(findings: list[Finding]) -> str:
    """One line per finding, and one with the fix under each that is not fine."""
    lines = []
    for finding in findings:
        mark = "ok  " if finding.ok else ("FAIL" if finding.required else "note")
        lines += wrapped(f"{mark:<4} {finding.name}: {finding.detail}", rest=" " * 7)
        if not finding.ok and finding.fix:
            lines += wrapped(f"fix: {finding.fix}", first=" " * 5, rest=" " * 10)
    return "\n".join(lines)


def _python() -> Finding:
    version = platform.python_version()
    return Finding(
        "python",
        sys.version_info[:2] == (3, 11),
        version,
        "Blender's wheel needs Python 3.11; the trainer alone also runs on 3.12",
        required=False,
    )


def _packages() -> list[Finding]:
    try:
        wanted = needed()
    except metadata.PackageNotFoundError:
        return [Finding(f"package {DISTRIBUTION}", False, "not installed", "make setup")]
    findings = []
    for package in wanted:
        name, fix = f"package {package.name}", f"make setup, or {package.install}"
        if wrong := package.missing():
            findings.append(Finding(name, False, wrong, fix, required=not package.extras))
        else:
            findings.append(Finding(name, True, metadata.version(package.name)))
    return findings


def _libraries() -> list[Finding]:
    """Shared libraries that Blender's wheel links to and this system lacks."""
    spec = importlib.util.find_spec("bpy")
    ldd = shutil.which("ldd")
    if spec is None or spec.origin is None or ldd is None:
        return []
    listing = subprocess.run([ldd, spec.origin], capture_output=True, text=True, check=False).stdout  # noqa: S603
    missing = [line.split()[0] for line in listing.splitlines() if "not found" in line]
    if not missing:
        return [Finding("library", True, "everything that Blender links to is here")]
    return [
        Finding(
            f"library {name}",
            False,
            "missing, Blender cannot start without it",
            f"apt-get install {SYSTEM_PACKAGES[name]}"
            if name in SYSTEM_PACKAGES
            else f"install the system package that has {name}",
        )
        for name in missing
    ]


def _room() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    return Finding(
        "disk", free > 5, f"{free:.0f} GiB free here", "the demo needs about 1 GiB, the install about 4", required=False
    )


def _blender() -> list[Finding]:
    limits = Limits(wall_s=60, cpu_s=60, memory_bytes=4 * 2**30, file_bytes=2**28, network="best_effort")
    client = BlenderClient(limits)
    findings = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            for engine in ("cycles", "workbench"):
                item = RenderOneItem(engine=engine).to_item()
                reply = next(client.run(RENDER_ONE, [item], scratch=Path(folder)))
                ok, detail = reply.value is not None, _reason(reply.outcome)
                if reply.value is not None:
                    detail = f"{RenderOneAnswer.from_item(reply.value).bpy}, one 64 px picture"
                fix = (
                    "Workbench needs OpenGL: apt-get install libegl1 libgl1-mesa-dri"
                    if engine == "workbench"
                    else "see docs/how-to/troubleshoot.md"
                )
                findings.append(Finding(f"blender {engine}", ok, detail, fix, required=engine == "cycles"))
                if engine == "cycles" and reply.measured.sandbox is not None:
                    findings += _sandbox(reply.measured.sandbox)
    except UserError as error:
        findings.append(Finding("blender", False, error.why or error.what, "install the libraries named above"))
    finally:
        client.close()
    return findings


# A layer of the sandbox: what it means where it holds, and what it needs.
LAYERS = {
    "files": (
        "children can open their own files alone",
        "Linux 5.13 or later with Landlock; a container must allow its system calls",
    ),
    "network": ("children have no network", "user namespaces are off; profiles with limits.network: deny will not run"),
    "privileges": ("children have none of root's", "run as another user than root"),
    "system_calls": (
        "children start nothing and open no socket",
        "Linux with seccomp, on x86-64 or 64-bit Arm; a container must allow it",
    ),
}


def _sandbox(sandbox: Sandbox) -> list[Finding]:
    """What a Blender child was kept from, and what not."""
    return [
        Finding(
            f"sandbox {name.replace('_', ' ')}",
            getattr(sandbox, name),
            holds if getattr(sandbox, name) else UNCONFINED[name],
            needs,
            required=False,
        )
        for name, (holds, needs) in LAYERS.items()
    ]


def _reason(outcome: Any) -> str:
    return getattr(outcome, "message", "no answer")


def _ray() -> Finding:
    from rigmill.pipeline.executors.local_ray import start_local_ray

    ray = None
    try:
        ray = start_local_ray(num_cpus=1, object_store_bytes=80 * 2**20)
        answer = ray.get(ray.remote(lambda: 42).remote(), timeout=60)
        return Finding("ray", answer == 42, f"{ray.__version__}, a local worker answered")
    except Exception as error:
        return Finding(
            "ray",
            False,
            " ".join(str(error).split())[:200],
            "is /dev/shm at least 128 MiB, and are loopback ports open?",
        )
    finally:
        if ray is not None:
            ray.shutdown()
