"""Chromium without a window, by its own protocol over two pipes: pages are used as people use them."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(PROGRAM is None, reason="no Chromium")
_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions", "--mute-audio")
_KEYS = {"Enter": ("Enter", 13), "ArrowRight": ("ArrowRight", 39), "ArrowLeft": ("ArrowLeft", 37), " ": ("Space", 32)}


class Tab:
    """One page. What it complains of (exceptions, what its policy forbids) is in `complaints`."""

    def __init__(self, to: int, answers: int, downloads: Path) -> None:
        self._to, self._from, self._rest, self._number = to, answers, b"", 0
        self.downloads, self.complaints = downloads, list[str]()
        target = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._session = self._call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")
        self._call("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)})

    def open(self, page: Path, *, width: int = 1280, height: int = 800, phone: bool = False, query: str = "") -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 2 if phone else 1, "mobile": phone}
        self._call("Emulation.setDeviceMetricsOverride", metrics)
        self._call("Page.navigate", {"url": page.resolve().as_uri() + query})
        self.wait("document.readyState === 'complete'")

    def js(self, expression: str) -> Any:
        """The value of an expression in the page."""
        answer = self._call("Runtime.evaluate", {"expression": expression, "returnByValue": True, "awaitPromise": True})
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, expression: str, *, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not self.js(expression):
            assert time.monotonic() < end, f"never: {expression}"
            time.sleep(0.05)

    def press(self, *keys: str) -> None:
        """Keys as from a keyboard, to whatever has the focus."""
        for key in keys:
            code, number = _KEYS.get(key, (f"Key{key.upper()}", ord(key.upper()[0])))
            known = {"key": key, "code": code, "windowsVirtualKeyCode": number}
            text = {} if len(key) > 1 else {"text": key}
            self._call("Input.dispatchKeyEvent", {"type": "keyDown", **known, **text})
            self._call("Input.dispatchKeyEvent", {"type": "keyUp", **known})

    def type(self, selector: str, text: str) -> None:
        self.js(f"document.querySelector({json.dumps(selector)}).focus()")
        self._call("Input.insertText", {"text": text})

    def click(self, selector: str) -> None:
        """A click of the mouse in the middle of an element, which must be what is there."""
        place = self.js(
            f"(() => {{const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
            "const b = e.getBoundingClientRect(), x = b.x + b.width / 2, y = b.y + b.height / 2,"
            "there = document.elementFromPoint(x, y); return [x, y, e === there || e.contains(there)]})()"
        )
        assert place[2], f"something lies over {selector}"
        for kind in ("mousePressed", "mouseReleased"):
            event = {"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1}
            self._call("Input.dispatchMouseEvent", event)

    def screenshot(self, path: Path, *, whole: bool = False) -> Path:
        data = self._call("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole})["data"]
        path.write_bytes(base64.b64decode(data))
        return path

    def downloaded(self, name: str) -> bytes:
        end = time.monotonic() + 20
        while not (self.downloads / name).exists():
            assert time.monotonic() < end, f"{name} never came, there are {sorted(self.downloads.iterdir())}"
            time.sleep(0.05)
        return (self.downloads / name).read_bytes()

    def _call(self, method: str, parameters: dict[str, Any] | None = None) -> Any:
        self._number += 1
        request: dict[str, Any] = {"id": self._number, "method": method, "params": parameters or {}}
        if not method.startswith(("Target.", "Browser.")):
            request["sessionId"] = self._session
        os.write(self._to, json.dumps(request).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") == self._number:
                assert "error" not in message, message["error"]
                return message["result"]
            if message.get("method") == "Runtime.exceptionThrown":
                self.complaints.append(str(message["params"]["exceptionDetails"]))
            if message.get("method") == "Log.entryAdded":
                self.complaints.append(str(message["params"]["entry"]["text"]))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = os.read(self._from, 2**20)
            assert more, "the browser ended"
            self._rest += more
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


@contextmanager
def browser(folder: Path) -> Iterator[Tab]:
    """A tab of a browser of its own, whose files are below `folder`; it ends with the block."""
    downloads = folder / "downloads"
    downloads.mkdir(parents=True)
    theirs, to = os.pipe()
    answers, back = os.pipe()
    assert PROGRAM is not None
    # The browser reads from its descriptor 3 and writes to 4: whichever numbers the pipes have here.
    wrapped = f'exec 3<&{theirs} 4>&{back}; exec "$@"'
    process = subprocess.Popen(
        [
            "bash",
            "-c",
            wrapped,
            "bash",
            PROGRAM,
            *_FLAGS,
            "--remote-debugging-pipe",
            f"--user-data-dir={folder / 'profile'}",
        ],
        pass_fds=(theirs, back),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    os.close(back)
    try:
        yield Tab(to, answers, downloads)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        os.close(to)
        os.close(answers)
