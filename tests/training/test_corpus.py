"""The splits of the training photos."""

from __future__ import annotations

import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image

from archive.arrays import Pixels
from training.corpus import Corpus, is_validation, load_corpus
from training.scenes import draw_scene

COUNT = 120
IN_TEST_FOLDER = 7  # of the photos


def photo(number: int) -> Pixels:
    return draw_scene(number, size=(64, 48)).pixels


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A packed corpus; one of its photos is also in the test folder, at twice the size."""
    folder = tmp_path_factory.mktemp("corpus")
    lines = []
    with tarfile.open(folder / "photos-0.tar", "w") as tar:
        for number in range(COUNT):
            encoded = io.BytesIO()
            Image.fromarray(photo(number)).save(encoded, "webp", lossless=True)
            member = tarfile.TarInfo(f"{number:06}.webp")
            member.size = encoded.tell()
            encoded.seek(0)
            tar.addfile(member, encoded)
            lines.append({"key": f"{number:06}", "caption": f"photo {number}", "source": "scenes"})
    (folder / "captions.jsonl").write_text("\n".join(map(json.dumps, lines)))
    test_folder = folder / "test"
    test_folder.mkdir()
    enlarged = Image.fromarray(photo(IN_TEST_FOLDER)).resize((128, 96), Image.Resampling.BICUBIC)
    enlarged.save(test_folder / "enlarged.jpg", quality=90)
    return load_corpus([folder], folder / "work", test_folder=test_folder)


def test_photos_come_back_as_they_were_packed(corpus: Corpus) -> None:
    assert len(corpus) == COUNT
    assert corpus.caption[5] == "photo 5"
    assert np.array_equal(corpus.photo(5), photo(5))


def test_a_photo_is_in_one_split_and_test_photos_are_in_none(corpus: Corpus) -> None:
    training = set(corpus.training_rows.tolist())
    validation = set(corpus.validation_rows.tolist())
    assert not training & validation
    assert training | validation == set(range(COUNT)) - {IN_TEST_FOLDER}


def test_the_split_depends_on_the_key_alone(corpus: Corpus) -> None:
    validation = [is_validation(str(key)) for key in corpus.key]
    assert corpus.validation.tolist() == validation
    assert 60 < sum(is_validation(f"{number:06}") for number in range(5000)) < 140
