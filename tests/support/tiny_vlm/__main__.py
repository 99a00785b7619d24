"""python -m tests.support.tiny_vlm --port 8000: for trying captions by hand, without weights or network."""

from __future__ import annotations

import argparse

from tests.support.tiny_vlm import NAME
from tests.support.tiny_vlm.server import made

parser = argparse.ArgumentParser(description="a tiny random Qwen2.5-VL behind an OpenAI-compatible server")
parser.add_argument("--port", type=int, default=0, help="0: any free one")
server = made(parser.parse_args().port)
print(f"base_url: http://127.0.0.1:{server.server_port}/v1\nmodel: {NAME}\nCtrl-C ends it", flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    server.server_close()
