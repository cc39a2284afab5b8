"""The stages of training, in order; each caches its results in the work folder and is resumable.

photos, scenes ─► views (teacher) ─► image encoder ─┬─► autoencoder ─► latents ─► denoiser ─► reward
names, captions ─► phrase map ─► text encoder       │   photos ─► upscaler
                                                    └─► codecs ─► latents
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from archive.arrays import Vectors, unit
from archive.codecs import Codec
from archive.models.encoder import Encoder
from archive.models.weights import weights_sha256
from training import autoencoder, denoiser, draft, image_encoder, loop, text_encoder, upscaler
from training.corpus import Corpus, load_corpus
from training.crops import Views, load_views
from training.latents import Bucket, LatentMaker, load_buckets, training_codecs
from training.networks import Autoencoder, Denoiser, ImageEncoder, TextEncoder, Upscaler
from training.probe import load_probe
from training.synthetic import load_scenes
from training.teacher import load_network
from training.text_targets import (
    ClipTexts,
    PhraseMap,
    load_clip_texts,
    name_targets,
    phrases_to_learn,
)

BUDGET_SHARES = {
    "image-encoder": 0.40,
    "text-encoder": 0.08,
    "autoencoder": 0.16,
    "upscaler": 0.03,
    "denoiser": 0.23,
    "reward": 0.10,
}
FINE_TUNING_STAGES = ("image-encoder", "autoencoder", "denoiser", "reward")
PEAK = {  # learning rates
    "image-encoder": 3e-3,
    "text-encoder": 2e-3,
    "autoencoder": 1e-3,
    "upscaler": 2e-3,
    "denoiser": 1e-3,
}
FINE_TUNING_PEAK = {
    "image-encoder": 6e-4,
    "autoencoder": 6e-4,
    "denoiser": 6e-4,
    "reward": 3e-4,
}
SCENES = 3000  # that the denoiser is trained on
SCALE_BATCHES = 16  # of the autoencoder's, to measure the latents' variance


@dataclass(frozen=True)
class Pipeline:
    """Data and work folders, the total budget in minutes, and which stages to train."""

    data: Path
    work: Path
    budget: float
    stages: tuple[str, ...] = tuple(BUDGET_SHARES)
    workers: int = 2
    seed: int = 0

    @cached_property
    def photos(self) -> Corpus:
        """The training and validation photos."""
        return load_corpus(self.data / "training", self.work, test_folder=self.data / "photos")

    @cached_property
    def scenes(self) -> Corpus:
        """Procedural scenes."""
        return load_scenes(self.work, workers=self.workers)

    @cached_property
    def views(self) -> Views:
        """Crops of the photos with the teacher's answers."""
        return load_views(self.photos, self.teacher, self.work, workers=self.workers)

    @cached_property
    def clip_texts(self) -> ClipTexts:
        """The phrases with real CLIP vectors."""
        return load_clip_texts(self.data / "embeddings", self.captions)

    @property
    def teacher(self) -> Path:
        """The teacher's tflite file."""
        return next((self.data / "teacher").glob("*.tflite"))

    @property
    def captions(self) -> Path:
        """The file of Flickr8k captions."""
        return self.data / "training" / "captions.txt.gz"

    def minutes(self, stage: str) -> float:
        """The stage's share of the budget, among the stages that are trained."""
        total = sum(BUDGET_SHARES[trained] for trained in self.stages)
        return self.budget * BUDGET_SHARES[stage] / total

    def targets(self) -> dict[str, npt.NDArray[Any]]:
        """Vectors of the photos' captions, the scenes' captions and all phrases; computed once."""
        cache = self.work / "targets.npz"
        if not cache.exists():
            phrase_map = PhraseMap(self.clip_texts)
            names = sorted(set(map(str, self.photos.caption)) - {""})
            scenes = list(map(str, self.scenes.caption))
            phrases = phrases_to_learn(self.clip_texts, self.captions, names, scenes)
            np.savez(
                cache,
                names=np.array(names),
                name_vectors=name_targets(names, self.clip_texts, phrase_map),
                scene_vectors=phrase_map(scenes),
                phrases=np.array(phrases),
                phrase_vectors=self._phrase_vectors(phrases, phrase_map).astype(np.float16),
            )
        return dict(np.load(cache))

    def vocabulary(self) -> image_encoder.Vocabulary:
        """The names that a crop of a photo can have."""
        targets = self.targets()
        position = {name: row for row, name in enumerate(targets["names"])}
        imagenet = self.clip_texts.vectors[self.clip_texts.imagenet]
        vectors = np.concatenate([targets["name_vectors"], imagenet]).astype(np.float32)
        return image_encoder.Vocabulary(
            vectors=torch.from_numpy(vectors),
            imagenet=np.arange(len(imagenet)) + len(position),
            caption=np.array([position.get(caption, -1) for caption in self.photos.caption]),
        )

    def train_image_encoder(self, start: ImageEncoder | None = None) -> ImageEncoder:
        """`start`, here and below: a trained network to fine-tune, at a lower learning rate."""
        torch.manual_seed(self.seed)
        vocabulary = self.vocabulary()
        model = image_encoder.Student(image_encoder.build(start))
        scene_vectors = torch.from_numpy(self.targets()["scene_vectors"])
        probe = load_probe(
            self.views, vocabulary.caption, vocabulary.captions, self.work, seed=self.seed
        )
        batches = image_encoder.Batches(
            self.photos,
            self.views,
            vocabulary,
            probe,
            image_encoder.Scenes(self.scenes, scene_vectors),
            seed=self.seed,
            sizes=image_encoder.SIZES if start is None else image_encoder.FINE_TUNING_SIZES,
        )
        model.to(memory_format=torch.channels_last)
        loss = image_encoder.loss_of(vocabulary)
        return self._fit("image-encoder", model, batches, loss, start=start).encoder

    def train_text_encoder(self) -> TextEncoder:
        """Trained on the phrases' targets."""
        torch.manual_seed(self.seed)
        targets = self.targets()
        model = text_encoder.build()
        tokens = text_encoder.tokenize([str(phrase) for phrase in targets["phrases"]])
        batches = text_encoder.Batches(tokens, targets["phrase_vectors"], seed=self.seed)
        return self._fit("text-encoder", model, batches, text_encoder.loss)

    def train_autoencoder(
        self, encoder: ImageEncoder, start: Autoencoder | None = None
    ) -> Autoencoder:
        """Trained with the features of a trained image encoder; of `start`, only the decoder."""
        torch.manual_seed(self.seed)
        loss = autoencoder.loss_of(encoder, load_network(self.teacher))
        if start is not None:
            batches = autoencoder.Batches([self.photos], seed=self.seed, cropping=0)
            model = autoencoder.freeze_encoder(start)
            return self._fit("autoencoder", model, batches, loss, start=start)
        model = autoencoder.build().to(memory_format=torch.channels_last)
        batches = autoencoder.Batches([self.photos, self.scenes], seed=self.seed)
        trained = self._fit("autoencoder", model, batches, loss)
        sample = [batches(1.0) for _ in range(SCALE_BATCHES)]
        return autoencoder.set_scaling_factor(trained, sample)

    def train_upscaler(self) -> Upscaler:
        """Trained on the photos."""
        torch.manual_seed(self.seed)
        batches = autoencoder.Batches([self.photos], seed=self.seed)
        return self._fit("upscaler", upscaler.build(), batches, upscaler.loss)

    def buckets(
        self,
        encoder: ImageEncoder,
        vae: Autoencoder,
        codec: Codec,
        stats: denoiser.EmbeddingStats,
    ) -> tuple[list[Bucket], list[Bucket]]:
        """Latents, maps and vectors to train on: sharp photos and some scenes; blurred photos."""
        maker = LatentMaker(encoder, vae, training_codecs(codec, stats.numpy()))
        rows = self.photos.training_rows
        scene_rows = self.scenes.training_rows[:SCENES]
        sharp = self.photos.sharp[rows]
        folder = self.work / f"latents-{weights_sha256(encoder, vae.encoder)[:8]}"
        photos = load_buckets(self.photos, rows[sharp], maker, both=True, folder=folder / "photos")
        scenes = load_buckets(self.scenes, scene_rows, maker, both=True, folder=folder / "scenes")
        blurred = load_buckets(
            self.photos, rows[~sharp], maker, both=False, folder=folder / "blurred"
        )
        return photos + scenes, blurred

    def train_denoiser(
        self,
        buckets: tuple[list[Bucket], list[Bucket]],
        stats: denoiser.EmbeddingStats,
        start: Denoiser | None = None,
    ) -> Denoiser:
        """Trained on sharp and blurred buckets."""
        torch.manual_seed(self.seed)
        batches = denoiser.Batches(*buckets, stats, seed=self.seed)
        model = denoiser.build() if start is None else start
        return self._fit("denoiser", model, batches, denoiser.loss_of(), start=start)

    def reward_denoiser(
        self,
        unet: Denoiser,
        buckets: tuple[list[Bucket], list[Bucket]],
        stats: denoiser.EmbeddingStats,
        vae: Autoencoder,
        encoder: Encoder,
    ) -> Denoiser:
        """Reward fine-tuning of a trained denoiser; `encoder`: the exported one."""
        torch.manual_seed(self.seed)
        batches = draft.Batches(*buckets, stats, seed=self.seed)
        clip_similarity = partial(encoder.clip_similarity, center=stats.numpy()[0])
        loss = draft.loss_of(vae, load_network(self.teacher), clip_similarity)
        return self._fit("reward", unet, batches, loss, start=unet)

    def _fit(
        self,
        stage: str,
        model: loop.Model,
        batches: Callable[[float], loop.Batch],
        loss: loop.Loss[loop.Model, loop.Batch],
        *,
        start: nn.Module | None = None,
    ) -> loop.Model:
        """Trains a stage; every start has a work folder of its own, named by its weights."""
        name = stage if start is None else f"{stage}-{weights_sha256(start)[:8]}"
        peak = PEAK[stage] if start is None else FINE_TUNING_PEAK[stage]
        return loop.fit(
            model, batches, loss, work=self.work / name, minutes=self.minutes(stage), peak=peak
        )

    def _phrase_vectors(self, phrases: list[str], phrase_map: PhraseMap) -> Vectors:
        """The phrase map's vectors, and the real ones of known phrases."""
        texts = self.clip_texts
        vectors = name_targets(phrases, texts, phrase_map)
        position = {phrase: row for row, phrase in enumerate(phrases)}
        for row, caption in enumerate(texts.captions):
            phrase = caption.strip(" .")
            if not texts.caption_validation[row] and phrase in position:
                vectors[position[phrase]] = texts.caption_vectors[row]
        return unit(vectors)
