"""The command line, through the real console script's entry: what it prints, what it returns, and never a traceback."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.settings import Settings
from tests.support.shell import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(str(tmp_path / "archive"), tmp_path)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, image_folder: Path) -> Shell:
    """An archive of the drawn pictures that tests only read."""
    folder = tmp_path_factory.mktemp("filled")
    shell = Shell(str(folder / "archive"), folder)
    shell("init", "--model", "pocket")
    shell("ingest", image_folder)
    return shell


def test_the_summary_of_an_ingest_is_json_that_other_tools_rely_on(
    shell: Shell, album: Path
) -> None:
    shell("init", "--model", "pocket")
    (album / "copy.jpg").write_bytes((album / "scene 0.jpg").read_bytes())
    (album / "empty.jpg").touch()
    *lines, summary = shell.json("ingest", album, code=3)
    assert {"archived": 12, "known": 0, "duplicate": 1, "skipped": 1}.items() <= summary.items()
    assert summary["message_type"] == "summary"
    assert summary["images_per_second"] > 0
    assert lines == [
        {
            "message_type": "skipped",
            "path": str(album / "empty.jpg"),
            "reason": "empty",
            "detail": "the file has no bytes",
        }
    ]
    [*_, again] = shell.json("ingest", album, code=3)
    assert (again["archived"], again["known"]) == (0, 13)


def test_people_are_told_the_same_in_words(shell: Shell, album: Path) -> None:
    assert "model pocket, codec coclico, 704 bits a picture" in shell("init", "--model", "pocket")
    (album / "empty.jpg").touch()
    told = shell("ingest", album, code=3)
    assert "archived 12 pictures in" in told
    assert f"skipped {album}/empty.jpg: empty, the file has no bytes" in told
    assert "empty.jpg: the file has no bytes" in shell("ls", "--skipped")


def test_search_prints_hits_and_nothing_else(filled: Shell, image_folder: Path) -> None:
    [answer] = filled.json("search", "a", "house", "--limit", "3")
    assert [set(hit) for hit in answer["hits"]] == [{"id", "score", "path", "digest"}] * 3
    [by_picture] = filled.json("search", "--image", image_folder / "scene 0.jpg", "-n", "1")
    assert by_picture["hits"][0]["path"] == str(image_folder / "scene 0.jpg")
    assert filled("search", "a house", "-n", "2").count("\n") == 2
    assert "either words" in filled("search", code=2)


def test_threads_that_wait_leave_the_core_to_other_programs(filled: Shell) -> None:
    """As libgomp itself says: 10,000 turns instead of its 300,000, or what the user wants."""
    told = filled("search", "a house", OMP_DISPLAY_ENV="verbose")
    if "GOMP_SPINCOUNT" not in told:
        pytest.skip("torch and faiss do not use libgomp here")
    assert "GOMP_SPINCOUNT = '10000'" in told
    assert "GOMP_SPINCOUNT = '10000'" not in filled(
        "search", "a house", OMP_DISPLAY_ENV="verbose", OMP_WAIT_POLICY="active"
    )


def test_stats_tell_what_a_picture_costs(filled: Shell, image_folder: Path) -> None:
    [stats] = filled.json("stats")
    place = Path(filled.location)
    assert stats["images"] == 12
    assert (stats["model"], stats["codec"]) == ("pocket", "coclico")
    assert (stats["clip_bits_per_image"], stats["color_bits_per_image"]) == (512, 192)
    assert stats["bpp"] == pytest.approx(704 / (240 * 160), rel=1e-4)
    assert stats["original_bytes"] == sum(
        path.stat().st_size for path in image_folder.rglob("scene*")
    )
    on_disk = sum(
        path.stat().st_size
        for path in place.rglob("*")
        if path.is_file() and "-shm" not in path.name
    )
    assert stats["archive_bytes"] == pytest.approx(on_disk, rel=0.3)
    assert stats["row_bytes_per_image"] * 12 + stats["index_bytes_per_image"] * 12 == pytest.approx(
        stats["archive_bytes"], rel=0.01
    )
    assert stats["ratio"] == pytest.approx(
        stats["original_bytes"] / stats["archive_bytes"], rel=0.01
    )
    assert "12 pictures" in filled("stats")


def test_show_gives_the_codes_in_hex(filled: Shell) -> None:
    [row] = filled.json("show", "1")
    assert (len(row["clip_code"]), len(row["color_code"])) == (128, 48)
    assert len(row["digest"]) == 64
    assert f"clip_code    {row['clip_code']}" in filled("show", "1")
    assert "no image 99" in filled("show", "99", code=1)


def test_ls_lists_rows_for_people_programs_and_xargs(filled: Shell, image_folder: Path) -> None:
    rows = filled.json("ls")
    assert {row["path"] for row in rows} == {str(path) for path in image_folder.rglob("scene*")}
    assert filled("ls").count("\n") == 12
    assert filled("ls", "-0").split("\0")[:-1] == [row["path"] for row in rows]


def test_verify_finds_a_flipped_bit_and_says_where(filled: Shell, tmp_path: Path) -> None:
    assert "all is well" in filled("verify")
    shutil.copytree(filled.location, tmp_path / "copy")
    with sqlite3.connect(tmp_path / "copy" / "archive.db") as database:
        [[code]] = database.execute("SELECT clip_code FROM image WHERE id = 3").fetchall()
        flipped = bytes([code[0] ^ 1]) + code[1:]
        database.execute("UPDATE image SET clip_code = ? WHERE id = 3", [flipped])
        database.execute("UPDATE image SET color_code = x'00' WHERE id = 5")
    copy = Shell(str(tmp_path / "copy"), tmp_path)
    *damages, summary = copy.json("verify", code=4)
    assert [damage["id"] for damage in damages] == [3, 5, 5]
    assert summary == {"message_type": "summary", "rows": 12, "damages": 3}
    assert "row 3: its codes have another checksum" in copy("verify", code=4)


def test_restore_writes_pictures_and_tells_where(
    tiny_pair: Path, shell: Shell, image_folder: Path, tmp_path: Path
) -> None:
    shell("init", "--model", tiny_pair)
    shell("ingest", image_folder)
    lines = shell.json("restore", "1", "2", "--steps", "2", "--out", tmp_path / "out")
    assert [set(line) for line in lines] == [{"id", "file", "seconds", "seed", "again"}] * 2
    assert all(Path(line["file"]).is_file() for line in lines)
    told = shell("restore", "--query", "a house", "-n", "2", "--steps", "2", "--format", "png")
    assert told.count(".restored.png") == 2
    assert "either ids" in shell("restore", code=2)
    assert "no image 77" in shell("restore", "77", code=1)


def test_models_are_listed_with_what_is_here(shell: Shell) -> None:
    pairs = {pair["name"]: pair for pair in shell.json("models")}
    assert pairs["pocket"]["encoder_here"]
    assert not pairs["vit-l-14"]["encoder_here"]
    assert pairs["vit-l-14"]["encoder"] == "ViT-L-14/openai"
    assert "to be downloaded" in shell("models")


def test_without_weights_and_hub_the_exit_code_is_12_and_the_sentence_helps(shell: Shell) -> None:
    told = shell("init", code=12, HF_ENDPOINT="http://127.0.0.1:9")
    assert "--model pocket" in told
    assert told.count("\n") == 1
    assert not Path(shell.location).exists()


def test_where_there_is_no_archive_the_exit_code_is_10(shell: Shell, image_folder: Path) -> None:
    for words in (
        ("ingest", image_folder),
        ("search", "x"),
        ("restore", "1"),
        ("ls",),
        ("show", "1"),
        ("stats",),
        ("verify",),
        ("audit",),
    ):
        told = shell(*words, code=10)
        assert "coldframe init" in told
        assert told.count("\n") == 1


def test_while_another_writes_longer_than_we_wait_the_exit_code_is_11(
    shell: Shell, image_folder: Path
) -> None:
    shell("init", "--model", "pocket")
    with sqlite3.connect(Path(shell.location) / "archive.db", isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")
        assert "another process" in shell("ingest", image_folder, "--lock-seconds", "0.2", code=11)
        assert "0 pictures" in shell("stats")
        holder.execute("ROLLBACK")


@pytest.mark.parametrize(
    "words",
    [
        ("ingest",),
        ("ingest", "/nowhere/at/all"),
        ("nonsense",),
        ("show", "x"),
        ("search", "x", "--limit", "0"),
    ],
)
def test_wrong_words_are_a_usage_error(filled: Shell, words: tuple[str, ...]) -> None:
    filled(*words, code=2)


def test_every_option_has_its_twin_in_the_environment(filled: Shell) -> None:
    done = filled.run("search", "a house", COLDFRAME_SEARCH_LIMIT="2", COLDFRAME_SEARCH_AS_JSON="1")
    assert len(json.loads(done.stdout)["hits"]) == 2


def test_paths_that_are_not_utf8_travel_as_base64(
    shell: Shell, image_folder: Path, tmp_path: Path
) -> None:
    shell("init", "--model", "pocket")
    name = os.fsencode(tmp_path) + b"/latin-\xfcber.jpg"
    with open(name, "wb") as file:
        file.write((image_folder / "scene 0.jpg").read_bytes())
    shell("ingest", os.fsdecode(name))
    [row] = shell.json("ls")
    assert base64.b64decode(row["path_b64"]) == name
    assert "\\udcfc" in shell("ls")


def test_a_name_cannot_steer_the_terminal(shell: Shell, image_folder: Path, tmp_path: Path) -> None:
    shell("init", "--model", "pocket")
    (tmp_path / "red \x1b[31m.jpg").write_bytes((image_folder / "scene 0.jpg").read_bytes())
    shell("ingest", tmp_path / "red \x1b[31m.jpg")
    assert "\x1b" not in shell("ls")
    assert "\\x1b[31m" in shell("ls")


def test_interrupted_it_keeps_what_was_committed(shell: Shell, album: Path) -> None:
    content = (album / "scene 0.jpg").read_bytes()
    for number in range(400):
        (album / f"more {number}.jpg").write_bytes(content + number.to_bytes(2))
    shell("init", "--model", "pocket")
    environment = os.environ | {"COLDFRAME_ARCHIVE": shell.location}
    running = subprocess.Popen(
        [sys.executable, "-m", "cli", "ingest", str(album)],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    with Archive(Settings(shell.location)) as archive:
        while running.poll() is None and archive.store.images.totals().images == 0:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        _, told = running.communicate()
        assert "Traceback" not in told
        if running.returncode != 0:  # it may have been done already
            assert running.returncode == 130
            assert "interrupted" in told
        assert 0 < archive.store.images.totals().images <= 412


def test_postgresql_serves_the_same_commands(
    postgres_settings: Settings, tmp_path: Path, image_folder: Path
) -> None:
    shell = Shell(postgres_settings.location, tmp_path)
    shell("init", "--model", "pocket", XDG_CACHE_HOME=str(tmp_path))
    shell("ingest", image_folder, XDG_CACHE_HOME=str(tmp_path))
    assert shell("search", "a house", "-n", "3", XDG_CACHE_HOME=str(tmp_path)).count("\n") == 3
    [stats] = shell.json("stats")
    assert stats["images"] == 12
    assert stats["row_bytes_per_image"] > 100
    assert "all is well" in shell("verify")


def test_the_demo_shows_the_whole_way_on_one_page(shell: Shell, tmp_path: Path) -> None:
    *answers, summary = shell.json("demo", "--out", tmp_path / "demo")
    assert [len(answer["hits"]) for answer in answers] == [5, 5, 5]
    assert len(summary["restored"]) == 6
    page = (tmp_path / "demo" / "index.html").read_text()
    links = [part.split("'")[0] for part in page.split("src='")[1:]]
    assert len(links) == 3 * 5 + 6 * 3
    assert all((tmp_path / "demo" / link).is_file() for link in links)
    assert "reconstruction" in page
