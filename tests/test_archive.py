"""class Archive as a library: paths, queries and images in whatever form a caller has them."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archive.archive import Archive
from archive.codecs import CodecConfig
from archive.errors import ModelMissing, NoArchive, NotFound, Unreadable, UsageError
from archive.index.queries import Query
from archive.ingest.outcomes import Archived, Duplicate
from archive.models.sampling import Sampling
from archive.settings import Settings
from training.scenes import draw_scene

FEW_STEPS = Sampling(steps=2)


def scene(seed: int) -> np.ndarray:
    """(160, 240, 3) uint8, a drawing."""
    return draw_scene(seed, size=(240, 160)).pixels


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, empty_archive: Path) -> Path:
    """A folder of two drawings and their archive, which tests copy."""
    folder = tmp_path_factory.mktemp("two-drawings")
    with Archive(shutil.copytree(empty_archive, folder / "archive")) as opened:
        for seed, name in ((3, "one.png"), (4, "four.png")):
            Image.fromarray(scene(seed)).save(folder / name)
            list(opened.ingest(folder / name))
    return folder


@pytest.fixture
def image_file(filled: Path) -> Path:
    """The first drawing, which tests only read."""
    return filled / "one.png"


@pytest.fixture
def archive(filled: Path, tmp_path: Path) -> Iterator[Archive]:
    """A row for each of the two drawings."""
    with Archive(shutil.copytree(filled / "archive", tmp_path / "archive")) as opened:
        yield opened


def test_a_string_is_one_path(pocket_archive: Archive, image_file: Path) -> None:
    [outcome] = pocket_archive.ingest(str(image_file))
    assert isinstance(outcome, Archived)
    assert outcome.path == str(image_file)


def test_a_string_is_one_query(archive: Archive) -> None:
    one = archive.search("a boat", limit=1)
    assert len(one) == 1
    assert archive.search(["a boat", "a house"], limit=1)[0] == one


@pytest.mark.parametrize("form", ["path", "pillow", "array", "bytes", "vector"])
def test_an_image_finds_itself_in_any_form(archive: Archive, image_file: Path, form: str) -> None:
    pixels = scene(3)
    forms: dict[str, Query] = {
        "path": image_file,
        "pillow": Image.fromarray(pixels),
        "array": pixels,
        "bytes": image_file.read_bytes(),
        "vector": archive.decode(archive[1])[0],
    }
    hits = archive.search(forms[form], limit=2)
    assert [hit.id for hit in hits] == [1, 2]
    assert archive.search([forms[form]], limit=2) == [hits]


def test_all_forms_of_an_image_are_the_same_query(archive: Archive, image_file: Path) -> None:
    expected = archive.search(image_file)
    for form in (Image.open(image_file), scene(3), image_file.read_bytes()):
        assert archive.search(form) == expected


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "RGBA", "LAB", "HSV", "YCbCr", "F", "I"])
def test_pillow_images_of_any_mode_are_queries(archive: Archive, mode: str) -> None:
    rgb = Image.fromarray(scene(3))
    if mode == "LAB":
        from PIL import ImageCms

        rgb_profile = ImageCms.createProfile("sRGB")
        lab_profile = ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(rgb, rgb_profile, lab_profile, outputMode="LAB")
        assert image is not None
    else:
        image = rgb.convert("L").convert(mode) if mode in ("F", "I") else rgb.convert(mode)
    assert len(archive.search(image, limit=2)) == 2


@pytest.mark.parametrize(
    "query",
    [
        7,
        None,
        np.zeros(3, np.float32),
        np.full(512, np.nan, np.float32),
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.array(["a"] * 512),
    ],
    ids=repr,
)
def test_what_is_no_query_is_refused_in_one_sentence(archive: Archive, query: object) -> None:
    with pytest.raises(UsageError):
        archive.search([query])  # type: ignore[list-item]


def test_bytes_that_are_no_image_are_unreadable(archive: Archive) -> None:
    with pytest.raises(Unreadable):
        archive.search(b"no image")


def test_pictures_without_a_file_are_added_once(archive: Archive) -> None:
    file = io.BytesIO()
    Image.fromarray(scene(5)).save(file, "JPEG")
    first = archive.add_picture(file.getvalue(), name="five.jpg")
    again = archive.add_picture(file.getvalue(), name="five.jpg")
    assert isinstance(first, Archived)
    assert isinstance(again, Duplicate)
    assert first.image_id == again.image_id
    assert archive.search(Image.open(file), limit=1)[0].id == first.image_id


def test_rows_are_reached_by_id_length_and_iteration(archive: Archive) -> None:
    assert len(archive) == 2
    assert [row.id for row in archive] == [1, 2]
    assert archive[2].id == 2
    assert [row.id for row in archive.rows([2, 1])] == [2, 1]
    with pytest.raises(NotFound, match="3"):
        archive[3]


def test_images_are_restored_to_memory(archive: Archive, tmp_path: Path) -> None:
    [in_memory] = archive.restore(1, sampling=FEW_STEPS)
    assert in_memory.file is None
    assert in_memory.image.size == (in_memory.width, in_memory.height)
    [in_file] = archive.restore(1, tmp_path / "out", sampling=FEW_STEPS, file_format="png")
    assert np.array_equal(np.asarray(in_file.image), np.asarray(in_memory.image))


def test_repr_says_what_it_is(archive: Archive) -> None:
    text = repr(archive)
    assert archive.settings.location in text
    assert "2 images" in text
    assert "pocket" in text


def test_a_closed_archive_refuses(archive: Archive, image_file: Path) -> None:
    archive.close()
    assert "closed" in repr(archive)
    for verb in (
        lambda: len(archive),
        lambda: archive.search("a boat"),
        lambda: list(archive.ingest(image_file)),
        archive.stats,
    ):
        with pytest.raises(UsageError, match="closed"):
            verb()


def test_locations_are_strings_paths_or_settings(archive: Archive) -> None:
    location = archive.settings.location
    for form in (location, Path(location), Settings(location)):
        with Archive(form) as opened:
            assert len(opened) == 2


def test_init_over_an_archive_loads_no_weights(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.create_archive.OpenClipEncoder", None)
    with Archive.create(archive.settings) as same:
        assert same.model.name == "pocket"
    with Archive.create(archive.settings, "pocket", codec="klt") as same:
        assert len(same) == 2


def test_init_brings_an_archive_up_to_date_whose_pair_was_moved(
    tmp_path: Path, tiny_pair: Path
) -> None:
    shutil.copytree(tiny_pair, tmp_path / "pair")
    Archive.create(tmp_path / "archive", str(tmp_path / "pair")).close()
    (tmp_path / "pair").rename(tmp_path / "moved")
    with Archive.create(tmp_path / "archive") as opened:
        assert len(opened) == 0


def test_pictures_without_a_file_are_enough_to_fit_a_codec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.recode.recoder.FIT_SAMPLE", 64)
    config = CodecConfig("klt", bits=62, map_bits=30)
    with Archive.create(tmp_path / "archive", "pocket", codec=config) as archive:
        for seed in range(64):
            pixels = draw_scene(seed, size=(48, 32)).pixels
            archive.add_picture(pixels, name=f"{seed}.png")
            assert archive.codec.is_pending == (seed < 63)
        assert {archive.codec_of(row).name for row in archive} == {"klt"}


def test_init_over_another_archive_is_refused(archive: Archive) -> None:
    with pytest.raises(UsageError, match="different settings"):
        Archive.create(archive.settings, "vit-l-14")
    with pytest.raises(UsageError, match="different settings"):
        Archive.create(archive.settings, codec=CodecConfig("klt", bits=120))
    with pytest.raises(UsageError, match="different settings"):
        Archive.create(archive.settings, codec="coclico")


def test_init_at_a_file_is_refused(image_file: Path) -> None:
    with pytest.raises(UsageError, match="is a file"):
        Archive.create(image_file, "pocket")


def test_a_failed_init_leaves_nothing_behind(tmp_path: Path) -> None:
    pair = tmp_path / "pair"
    (pair / "encoder").mkdir(parents=True)
    (pair / "encoder" / "open_clip_config.json").write_text("{}")
    with pytest.raises(ModelMissing):
        Archive.create(tmp_path / "archive", str(pair))
    assert not (tmp_path / "archive").exists()
    with pytest.raises(NoArchive):
        Archive(tmp_path / "archive")
