"""`detect` names a format only where one fits, and prints what the settings need."""

from __future__ import annotations

import gzip
import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from processors import candidates, parse
from processors.__main__ import app

NAMED = [name for name, reader in parse.formats().items() if reader.sample and ":" not in name]


def detect(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["detect", *arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(path: str, format: str = "combined", lines: int = 20) -> Path:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    reader = parse.reader(format)
    header = f"#Fields: {reader.fields}\n" if reader.fields else ""
    file.write_text(header + (reader.sample.rstrip("\n") + "\n") * lines, encoding="utf-8")
    return file


@pytest.mark.parametrize("format", NAMED)
def test_the_sample_of_a_format_fits_it(format: str) -> None:
    fitting = [one.format for one in candidates.candidates(written("a.log", format)) if one.fits]
    assert format in fitting


@pytest.mark.parametrize("format", [name for name in NAMED if (pages := parse.reader(name).pages) and pages.lists])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_format_is_known_by_its_pages(format: str, indent: int | None) -> None:
    reader = parse.reader(format)
    record = json.loads(reader.sample)
    for name in reader.pages.lists if reader.pages else ():
        Path("landing").mkdir(exist_ok=True)
        Path("landing/a.json").write_text(json.dumps({name: [record] * 200}, indent=indent))
        code, out, _ = detect("landing/a.json")
        assert (code, tomllib.loads(out)["sources"][0]["format"]) == (0, format)


def test_the_lines_for_the_settings_are_all_of_stdout() -> None:
    written("landing/panel/access.log.1")
    code, out, err = detect("landing/panel/access.log.1")
    (source,) = tomllib.loads(out)["sources"]
    assert (code, source) == (
        0,
        {"name": "panel", "format": "combined", "files": "landing/panel/access.log*"},
    )
    assert "reads 20 of the first 20 lines" in err
    assert "ip_address" in err
    assert "192.0.2.10" in err


def test_what_is_compressed_is_looked_into() -> None:
    file = written("logs/web.log")
    Path("logs/web.log.1.gz").write_bytes(gzip.compress(file.read_bytes()))
    code, out, _ = detect("logs/web.log.1.gz")
    assert (code, tomllib.loads(out)["sources"][0]["files"]) == (0, "logs/web.log*")
    assert tomllib.loads(out)["sources"][0]["name"] == "web"


def test_times_without_an_offset_need_a_zone() -> None:
    written("landing/lb/haproxy.log", "haproxy_http")
    code, out, _ = detect("landing/lb/haproxy.log")
    assert (code, tomllib.loads(out)["sources"][0]["time_zone"]) == (0, "UTC")


def test_a_few_lines_of_attackers_are_no_obstacle() -> None:
    file = written("landing/panel/access.log")
    file.write_bytes(file.read_bytes() + b"\x16\x03\x01 what is this\n")
    assert detect(str(file))[0] == 0


def test_no_format_is_named_where_none_fits() -> None:
    Path("notes.txt").write_text("not a log\n" * 20)
    code, out, err = detect("notes.txt")
    assert (code, out) == (1, "")
    assert "none of the" in err
    assert "nginx:" in err and "`fields:json`" in err


def test_no_format_is_named_where_two_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = parse.reader("combined")
    monkeypatch.setattr(parse, "formats", lambda: {"combined": reader, "other": reader})
    written("landing/panel/access.log")
    code, out, err = detect("landing/panel/access.log")
    assert (code, out) == (1, "")
    assert "combined and combined fit it alike" in " ".join(err.split())


def test_an_empty_file_says_so() -> None:
    Path("empty.log").touch()
    code, _, err = detect("empty.log")
    assert (code, "is empty" in err) == (1, True)


def test_json_has_the_evidence_of_each_candidate() -> None:
    written("landing/panel/access.log")
    code, out, _ = detect("landing/panel/access.log", "--json")
    document = json.loads(out)
    assert (code, document["format"]) == (0, "combined")
    assert document["candidates"][0]["events"] == 20
    assert document["candidates"][0]["columns"]["ip_address"] == 1.0
    assert tomllib.loads(document["stanza"])["sources"][0]["format"] == "combined"


def test_a_folder_is_a_wrong_call(here: Path) -> None:
    code, _, err = detect(str(here))
    assert (code, "Name a file in it" in " ".join(err.split())) == (2, True)


def test_the_settings_that_it_prints_read_the_file() -> None:
    written("landing/panel/access.log")
    Path("workspace.toml").write_text('[workspace]\ntime_zone = "UTC"\n\n' + detect("landing/panel/access.log")[1])
    result = CliRunner().invoke(app, ["check"])
    assert "1 file matches; the first 20 lines of it read as combined" in " ".join(result.stdout.split())
