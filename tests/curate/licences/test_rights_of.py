from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.licences.rights_of import KNOWN, atoms, both, canonical_expression, rights_of
from curate.licences.spelling import mentioned, spdx_of
from rigmill.licences.rights import UNKNOWN

WRITTEN = [
    # Sketchfab's slugs and labels, as in Objaverse 1.0
    ("by", "CC-BY-4.0"),
    ("by-sa", "CC-BY-SA-4.0"),
    ("by-nd", "CC-BY-ND-4.0"),
    ("by-nc", "CC-BY-NC-4.0"),
    ("by-nc-sa", "CC-BY-NC-SA-4.0"),
    ("by-nc-nd", "CC-BY-NC-ND-4.0"),
    ("cc0", "CC0-1.0"),
    ("st", "LicenseRef-Sketchfab-Standard"),
    ("ed", "LicenseRef-Sketchfab-Editorial"),
    ("free-st", "LicenseRef-Sketchfab-Free-Standard"),
    ("CC Attribution", "CC-BY-4.0"),
    ("CC Attribution-NonCommercial-ShareAlike", "CC-BY-NC-SA-4.0"),
    ("CC Attribution-NoDerivs", "CC-BY-ND-4.0"),
    ("CC0 Public Domain", "CC0-1.0"),
    # what Sketchfab writes into a GLB
    ("CC-BY-4.0 (http://creativecommons.org/licenses/by/4.0/)", "CC-BY-4.0"),
    ("CC-BY-NC-SA-4.0 (http://creativecommons.org/licenses/by-nc-sa/4.0/)", "CC-BY-NC-SA-4.0"),
    ("SKETCHFAB Standard (https://sketchfab.com/licenses)", "LicenseRef-Sketchfab-Standard"),
    # addresses
    ("http://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
    ("https://creativecommons.org/licenses/by-nc-nd/3.0", "CC-BY-NC-ND-3.0"),
    ("https://www.creativecommons.org/licenses/by-sa/2.5/deed.de", "CC-BY-SA-2.5"),
    ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
    ("https://creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
    ("https://opensource.org/licenses/MIT", "MIT"),
    ("https://www.gnu.org/licenses/gpl-3.0.html", "GPL-3.0-only"),
    ("https://www.apache.org/licenses/LICENSE-2.0", "Apache-2.0"),
    # Thingiverse
    ("Creative Commons - Attribution", "CC-BY-4.0"),
    ("Creative Commons - Attribution - Share Alike", "CC-BY-SA-4.0"),
    ("Creative Commons - Attribution - Non-Commercial - No Derivatives", "CC-BY-NC-ND-4.0"),
    ("Creative Commons - Public Domain Dedication", "CC0-1.0"),
    ("Public Domain", "LicenseRef-Public-Domain"),
    ("GNU - GPL", "GPL-1.0-or-later"),
    ("GNU - LGPL", "LGPL-2.0-or-later"),
    ("BSD License", "LicenseRef-BSD"),
    ("All Rights Reserved", "LicenseRef-All-Rights-Reserved"),
    ("No License", "LicenseRef-None"),
    # GitHub's names
    ("MIT License", "MIT"),
    ("Apache License 2.0", "Apache-2.0"),
    ("The Unlicense", "Unlicense"),
    ("GNU General Public License v3.0", "GPL-3.0-only"),
    ("GNU Lesser General Public License v2.1", "LGPL-2.1-only"),
    ("GNU Affero General Public License v3.0", "AGPL-3.0-only"),
    ("Mozilla Public License 2.0", "MPL-2.0"),
    ('BSD 3-Clause "New" or "Revised" License', "BSD-3-Clause"),
    ('BSD 2-Clause "Simplified" License', "BSD-2-Clause"),
    ("Creative Commons Zero v1.0 Universal", "CC0-1.0"),
    ("Creative Commons Attribution 4.0 International", "CC-BY-4.0"),
    ("Creative Commons Attribution Share Alike 4.0 International", "CC-BY-SA-4.0"),
    ("Do What The F*ck You Want To Public License", "WTFPL"),
    ("zLib License", "Zlib"),
    ("Boost Software License 1.0", "BSL-1.0"),
    ("University of Illinois/NCSA Open Source License", "NCSA"),
    # Smithsonian, OpenGameArt, open data
    ("CC0", "CC0-1.0"),
    ("cc-by 3.0", "CC-BY-3.0"),
    ("CC BY 4.0", "CC-BY-4.0"),
    ("OGA-BY 3.0", "OGA-BY-3.0"),
    ("ODC-By", "ODC-By-1.0"),
    # ids and expressions
    ("mit", "MIT"),
    ("GPL-3.0", "GPL-3.0-only"),
    ("GPL-2.0+", "GPL-2.0-or-later"),
    ("cc-by-nc-4.0", "CC-BY-NC-4.0"),
    ("MIT OR Unlicense", "MIT OR Unlicense"),
    ("CC0-1.0 AND CC-BY-4.0", "CC0-1.0 AND CC-BY-4.0"),
    ("GPL-3.0-only WITH Font-exception-2.0", "GPL-3.0-only WITH Font-exception-2.0"),
    ("LicenseRef-Acme-2026", "LicenseRef-Acme-2026"),
    # what nobody can be sure of
    (None, "unknown"),
    ("", "unknown"),
    ("Other", "unknown"),
    ("nc", "unknown"),
    ("by-sa-nd", "unknown"),
    ("free for personal use", "unknown"),
    ("CC-BY-4.0, but not for AI", "unknown"),
    ("by 5.0", "unknown"),
    ("MIT (http://creativecommons.org/licenses/by/4.0/)", "unknown"),
    ("MIT OR my own", "unknown"),
    ("see http://creativecommons.org/licenses/by/4.0/ for most files", "unknown"),
    ("(((((", "unknown"),
    ("OR OR", "unknown"),
    ("standard issue", "unknown"),
    ("NOASSERTION", "unknown"),
]


@pytest.mark.parametrize(("raw", "licence"), WRITTEN)
def test_what_sources_write_becomes_an_id(raw: str | None, licence: str) -> None:
    assert spdx_of(raw) == licence


def test_every_id_is_read_back_as_itself_in_any_case() -> None:
    for name in KNOWN:
        assert spdx_of(name) == spdx_of(name.upper()) == spdx_of(name.lower()) == name


@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            "( ) AND OR WITH by nc cc0 MIT creative commons - http://creativecommons.org/licenses/ 4.0".split()
        ),
        max_size=12,
    ).map(" ".join)
)
def test_no_text_is_more_than_an_id_or_unknown(text: str) -> None:
    found = spdx_of(text)
    assert found == "unknown" or canonical_expression(found) == found
    assert mentioned(text) == "" or canonical_expression(mentioned(text)) is not None


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("CC-BY 4.0 Model by PixelMannen https://opengameart.org/content/fox-and-shiba and @tomkranis", "CC-BY-4.0"),
        ("2017 Cesium", ""),
        ("(c) 2021 Somebody. All rights reserved.", "LicenseRef-All-Rights-Reserved"),
        ("Textures CC0, mesh CC-BY-NC 4.0", ""),
        ("CC0, by Someone", "CC0-1.0"),
        ("", ""),
        ("Released under https://creativecommons.org/licenses/by-nc/4.0/.", "CC-BY-NC-4.0"),
        ("accbyte studios", ""),
    ],
)
def test_a_copyright_line_counts_only_when_it_mentions_one_licence(text: str, licence: str) -> None:
    assert mentioned(text) == licence


def flags(licence: str) -> str:
    """Permissions and duties in the order of the fields: y, n or ?."""
    return "".join({True: "y", False: "n", None: "?"}[value] for value in rights_of(licence).to_row().values())


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        # train, modify, share asset, share motion, share renders, credit, share-alike, non-commercial, NoAI
        ("CC0-1.0", "yyyyynnn?"),
        ("Unlicense", "yyyyynnn?"),
        ("LicenseRef-Public-Domain", "yyyyynnn?"),
        ("CC-BY-4.0", "yyyyyynn?"),
        ("CC-BY-2.0", "yyyyyynn?"),
        ("MIT", "yyyyyynn?"),
        ("Apache-2.0", "yyyyyynn?"),
        ("BSD-3-Clause", "yyyyyynn?"),
        ("ODC-By-1.0", "yyyyyynn?"),
        ("OGA-BY-3.0", "yyyyyynn?"),
        ("CC-BY-SA-4.0", "yyyyyyyn?"),
        ("GPL-3.0-only", "yyyyyyyn?"),
        ("AGPL-3.0-only", "yyyyyyyn?"),
        ("CC-BY-NC-4.0", "yyyyyyny?"),
        ("CC-BY-NC-SA-3.0", "yyyyyyyy?"),
        ("CC-BY-ND-4.0", "?nynnynn?"),
        ("CC-BY-NC-ND-4.0", "?nynnyny?"),
        ("LicenseRef-Mixamo", "?ynn???n?"),
        ("LicenseRef-Sketchfab-Standard", "??nn??nn?"),
        ("LicenseRef-Sketchfab-Editorial", "?nnn??ny?"),
        ("LicenseRef-All-Rights-Reserved", "nnnnn????"),
        ("LicenseRef-None", "?nnnn????"),
        ("LicenseRef-VRM-1.0", "?????????"),
        ("unknown", "?????????"),
        ("", "?????????"),
        ("see readme", "?????????"),
        # one of two: MIT, not the better half of each
        ("MIT OR GPL-3.0-only", "yyyyyynn?"),
        ("CC-BY-NC-4.0 OR GPL-3.0-only", "yyyyyyyn?"),
        ("unknown OR MIT", "yyyyyynn?"),
        # of both
        ("CC0-1.0 AND CC-BY-4.0", "yyyyyynn?"),
        ("CC0-1.0 AND CC-BY-NC-4.0", "yyyyyyny?"),
        ("MIT AND unknown", "?????y???"),  # credit is due for the one part, whatever the other says
        ("CC0-1.0 AND LicenseRef-Mixamo", "?ynn???n?"),
        ("CC-BY-NC-4.0 AND (MIT OR CC-BY-SA-4.0)", "yyyyyyny?"),
        ("GPL-3.0-only WITH Font-exception-2.0", "yyyyyyyn?"),
    ],
)
def test_rights_of_a_licence(licence: str, expected: str) -> None:
    assert flags(licence) == expected


def test_or_never_gives_what_neither_side_gives() -> None:
    for first, second in itertools.product(KNOWN, repeat=2):
        assert rights_of(f"{first} OR {second}") in (rights_of(first), rights_of(second))


def test_two_licences_are_joined_so_that_they_can_be_read_again() -> None:
    assert both("CC0-1.0", "CC0-1.0") == "CC0-1.0" and both("", "MIT") == "MIT"
    assert both("CC0-1.0", "MIT OR Unlicense") == "CC0-1.0 AND (MIT OR Unlicense)"
    assert rights_of(both("CC-BY-NC-4.0", "MIT OR Unlicense")).non_commercial is True
    assert both("(MIT AND ISC) OR Zlib", "CC0-1.0") == "((MIT AND ISC) OR Zlib) AND CC0-1.0"
    assert rights_of("nonsense (") == UNKNOWN
    assert atoms("CC-BY-3.0") == atoms("CC-BY-4.0") != atoms("CC-BY-NC-4.0")
