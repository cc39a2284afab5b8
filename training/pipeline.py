"""The stages of training, in order; each caches its results in the work folder and is resumable.

names, captions ─► phrase map ─┬─► text encoder
photos ─► features ────────────┴─► image encoder ─► codecs ─► latents ─► denoiser ─► reward
   ├────► autoencoder ──────────────────────────────────────────┘
   └────► upscaler
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

from archive.codecs import Codec
from archive.models.encoder import Encoder, OpenClipEncoder
from archive.models.lite import LITE0, load_lite
from archive.models.pairs import find_pair
from archive.models.weights import weights_sha256
from training import autoencoder, denoiser, draft, image_encoder, loop, text_encoder, upscaler
from training.corpus import Corpus, load_photos
from training.frames import embed
from training.image_encoder import DIMENSION
from training.latents import Bucket, LatentMaker, load_buckets, training_codecs
from training.networks import Autoencoder, Denoiser, ImageEncoder, TextEncoder, Upscaler
from training.phrases import phrases_to_learn
from training.synthetic import load_scenes, subjects
from training.teacher import load_network
from training.text_targets import ClipTexts, PhraseMap, load_clip_texts, name_targets

BUDGET_SHARES = {
    "image-encoder": 0.0,  # fitted in a minute
    "text-encoder": 0.13,
    "autoencoder": 0.27,
    "upscaler": 0.05,
    "denoiser": 0.38,
    "reward": 0.17,
}
FINE_TUNING_STAGES = ("image-encoder", "text-encoder", "autoencoder", "denoiser", "reward")
PEAK = {  # learning rates
    "text-encoder": 2e-3,
    "autoencoder": 1e-3,
    "upscaler": 2e-3,
    "denoiser": 1e-3,
}
FINE_TUNING_PEAK = {
    "text-encoder": 1e-3,
    "autoencoder": 6e-4,
    "denoiser": 6e-4,
    "reward": 3e-4,
}
REWIRING_PHOTOS = 12000
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
        return load_photos(self.data, self.work)

    @cached_property
    def scenes(self) -> Corpus:
        """Procedural scenes."""
        return load_scenes(self.work, workers=self.workers)

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
            shown = set(subjects(self.scenes))
            names = sorted(set(map(str, self.photos.caption)) - {""} | shown)
            scenes = list(map(str, self.scenes.caption))
            labels = set(map(str, self.photos.caption[self.photos.is_label])) - {""} | shown
            sentences = scenes + sorted(set(names) - labels)
            phrases, vectors = phrases_to_learn(
                self.clip_texts, phrase_map, self.captions, sorted(labels), sentences
            )
            np.savez(
                cache,
                names=np.array(names),
                name_vectors=name_targets(names, self.clip_texts, phrase_map),
                scene_vectors=phrase_map(scenes),
                phrases=np.array(phrases),
                phrase_vectors=vectors.astype(np.float16),
            )
        return dict(np.load(cache))

    def fit_image_encoder(self) -> ImageEncoder:
        """Fitted to the features of the training photos and scenes."""
        return image_encoder.fit(self.examples(self.photos.training_rows), seed=self.seed)

    @cached_property
    def photo_features(self) -> npt.NDArray[np.float16]:
        """(N, FEATURES) of all photos."""
        return image_encoder.load_features(self.photos, self.work / "features.npy")

    def examples(self, rows: npt.NDArray[np.intp]) -> image_encoder.Examples:
        """These photos, and the scenes for training."""
        scene_rows = self.scenes.training_rows
        scene_features = image_encoder.load_features(self.scenes, self.work / "scene_features.npy")
        return image_encoder.Examples(
            np.concatenate([self.photo_features[rows], scene_features[scene_rows]]),
            self._captions(rows, scene_rows),
            np.concatenate([self.photos.source[rows], self.scenes.source[scene_rows]]),
        )

    def _captions(
        self, rows: npt.NDArray[np.intp], scene_rows: npt.NDArray[np.intp]
    ) -> image_encoder.Captions:
        """What these photos and scenes show, as names and as vectors."""
        targets = self.targets()
        position = {name: row for row, name in enumerate(targets["names"])}
        caption = np.array([position.get(caption, -1) for caption in self.photos.caption[rows]])
        shown = subjects(self.scenes)
        # everyday photos show more than their label says, and teach the probe what it does not know
        is_label = self.photos.is_label[rows] & ~self.photos.is_everyday[rows]
        name = np.where(is_label, caption, -1)
        name = np.concatenate([name, [position[shown[row]] for row in scene_rows]])
        names, label = np.unique(name, return_inverse=True)
        no_vector = np.zeros((1, DIMENSION))
        photo_vectors = np.concatenate([targets["name_vectors"], no_vector])[caption]
        vectors = np.concatenate([photo_vectors, targets["scene_vectors"][scene_rows]])
        return image_encoder.Captions(
            label=label - 1,  # the first of the names is -1, for none
            names=targets["name_vectors"][names[1:]].astype(np.float32),
            vectors=vectors.astype(np.float32),
            classes=self.clip_texts.vectors[self.clip_texts.imagenet].astype(np.float32),
        )

    def train_text_encoder(self, start: TextEncoder | None = None) -> TextEncoder:
        """Trained on the phrases' targets. `start`, here and below: a trained network to fine-tune,
        at a lower learning rate.
        """
        torch.manual_seed(self.seed)
        targets = self.targets()
        model = text_encoder.build() if start is None else start
        tokens = text_encoder.tokenize([str(phrase) for phrase in targets["phrases"]])
        batches = text_encoder.Batches(tokens, targets["phrase_vectors"], seed=self.seed)
        return self._fit("text-encoder", model, batches, text_encoder.loss, start=start)

    def train_autoencoder(self, start: Autoencoder | None = None) -> Autoencoder:
        """Of a `start`, only the decoder is fine-tuned."""
        torch.manual_seed(self.seed)
        loss = autoencoder.loss_of(load_lite(LITE0), load_network(self.teacher))
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
        encoder: Encoder,
        vae: Autoencoder,
        codec: Codec,
        stats: denoiser.EmbeddingStats,
    ) -> tuple[list[Bucket], list[Bucket]]:
        """Latents, maps and vectors to train on: sharp photos and some scenes; blurred photos.

        `encoder`: the exported one.
        """
        maker = LatentMaker(encoder, vae, training_codecs(codec, stats.numpy()))
        rows = self.photos.training_rows
        scene_rows = self.scenes.training_rows[:SCENES]
        sharp = self.photos.sharp[rows]
        name = f"latents-{encoder.weights_sha256[:8]}-{weights_sha256(vae.encoder)[:8]}"
        folder = self.work / name
        photos = load_buckets(self.photos, rows[sharp], maker, both=False, folder=folder / "photos")
        scenes = load_buckets(self.scenes, scene_rows, maker, both=True, folder=folder / "scenes")
        blurred = load_buckets(
            self.photos, rows[~sharp], maker, both=False, folder=folder / "blurred"
        )
        return photos + scenes, blurred

    def change_embedding(self, unet: Denoiser, before: Path, after: Path) -> None:
        """Rewires a denoiser from the embeddings of one pair's folder to those of another."""
        rows = self.photos.training_rows[:: max(1, len(self.photos) // REWIRING_PHOTOS)]
        photos = [self.photos.photo(int(row)) for row in rows]
        encoders = [OpenClipEncoder(find_pair(str(folder))) for folder in (before, after)]
        vectors = [embed(encoder, photos, map_side=1)[0] for encoder in encoders]
        denoiser.rewire(unet, *vectors)

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
