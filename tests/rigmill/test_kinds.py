"""Words of a closed set are plain texts wherever they are written."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from rigmill.kinds import AssetKind, ClipKind, Maps, Output, RigKind, SeenIn, Split
from rigmill.storage.columns import TEXT
from rigmill.storage.files import canonical_json
from rigmill.storage.rows import table_of, value_json

SETS = (AssetKind, RigKind, ClipKind, SeenIn, Split, Maps, Output)


@pytest.mark.parametrize("word", [word for words in SETS for word in words])
def test_a_word_is_its_value_in_json_in_tables_and_in_texts(word: str) -> None:
    plain = str.__str__(word)
    assert type(plain) is str and value_json(word) == canonical_json(word) == json.dumps(word) == f'"{plain}"'
    assert value_json({word: [word]}) == canonical_json({plain: [plain]}) == f'{{"{plain}":["{plain}"]}}'
    schema = pa.schema([("kind", TEXT)])
    assert table_of([{"kind": word}], schema) == pa.Table.from_pylist([{"kind": plain}], schema)
    assert f"{word}-{word!s}" == f"{plain}-{plain}" and {word: 1}[plain] == 1
