"""The README's picture: eight clips of a demo's report, two side by side, from four sides and with their pose maps.

python docs/demo_picture.py data/demo/report CLIP CLIP ...   # beginnings of clip ids, as `show` takes them
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from rigmill.clips.pictures import jpeg

TARGET = Path(__file__).parent / "pictures" / "demo.jpg"
WIDTH_PX = 620  # of a clip's four views
SHOWN_ROWS = 2 / 3  # of a poster: the rest pose below is left out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path)
    parser.add_argument("clip", nargs="+", help="an even number of them")
    given = parser.parse_args()
    shown = []
    for clip in given.clip:
        (path,) = given.report.glob(f"{clip}*.jpg")
        poster = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        part = poster[: round(SHOWN_ROWS * len(poster))]
        size = (WIDTH_PX, round(WIDTH_PX * part.shape[0] / part.shape[1]))
        shown.append(cv2.resize(part, size, interpolation=cv2.INTER_AREA))
    rows = [np.concatenate(shown[place : place + 2], axis=1) for place in range(0, len(shown), 2)]
    TARGET.write_bytes(jpeg(np.concatenate(rows), quality=85))


if __name__ == "__main__":
    main()
