"""The kernels' machine code is made once, kept, and made again where what is kept cannot be trusted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from processors import _cut_kernel, _json_kernel, _machine_code, _open_sessions, _scan, _session_kernel, _words

COUNT = (
    "import sys, numpy as np; from processors import _machine_code, _scan;"
    "_machine_code._HERE = _machine_code.Path(sys.argv[1]);"  # whose sources are links to ours
    "assert _scan.counted(np.frombuffer(b'a,b,', np.uint8), ord(',')) == 2;"
    "print('numba' in sys.modules)"
)


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A folder with the sources, in which machine code can be kept."""
    for name in _machine_code._SOURCES:
        (tmp_path / name).symlink_to(_machine_code._HERE / name)
    (tmp_path / "__pycache__").mkdir()
    return tmp_path


def _is_made(code: Path) -> bool:
    done = subprocess.run(
        [sys.executable, "-c", COUNT, str(code)], check=True, capture_output=True, text=True, env={"HOME": str(code)}
    )
    return done.stdout == "True\n"


def test_machine_code_is_made_once_and_again_where_it_is_damaged(code: Path) -> None:
    assert _is_made(code)
    [kept] = (code / "__pycache__").iterdir()
    whole = kept.read_bytes()
    assert not _is_made(code)
    kept.write_bytes(whole[:-1])
    assert _is_made(code)
    assert not _is_made(code)


def test_where_nothing_can_be_kept_it_is_made_all_the_same(code: Path) -> None:
    (code / "__pycache__").rmdir()
    for folder in ("__pycache__", ".cache"):
        (code / folder).write_text("no folder")
    assert _is_made(code)


@pytest.mark.parametrize(
    ("arrays", "kernel", "names"),
    [
        (_scan, _cut_kernel, ("PART_COLUMNS", "CELL_COLUMNS", "COLUMN_COLUMNS", "MOST_DIGITS")),
        (_scan, _cut_kernel, ("AT_BYTE", "AT_TEXT", "AT_WIDTH", "AT_END")),
        (_scan, _json_kernel, ("NODE_COLUMNS", "KEY_COLUMNS", "SEEN_COLUMNS", "DEEPEST", "MOST_SEEN")),
        (_scan, _json_kernel, ("OBJECT", "TEXT", "VALUE", "BLOCK", "ITEMS", "ITEM", "NEVER")),
    ],
)
def test_arrays_are_laid_out_as_the_kernels_read_them(
    arrays: ModuleType, kernel: ModuleType, names: tuple[str, ...]
) -> None:
    assert [getattr(arrays, name) for name in names] == [getattr(kernel, name) for name in names]


def test_there_is_room_for_what_is_read_behind_a_text() -> None:
    assert _scan.ROOM >= _words.WIDE
    assert _open_sessions._OPEN_COLUMNS == _session_kernel.COLUMNS


def test_all_kernels_are_there() -> None:
    assert _machine_code.call("counted", 0, 0, 0) == 0
    with pytest.raises(KeyError, match="no kernel is called sort"):
        _machine_code.call("sort", 0)


def test_of_what_cannot_be_kept_no_piece_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_machine_code, "_folders", lambda: [tmp_path])
    monkeypatch.setattr(Path, "replace", fails)
    assert _machine_code._keep("kernels.o", b"code") == b"code"
    assert not list(tmp_path.iterdir())
