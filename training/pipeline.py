"""The stages, in order; each keeps what it made in the work folder and is skipped or resumed when run again.

photos, scenes ─► views (teacher) ─► image tower ─┬─► autoencoder ─► latents ─► denoiser ─► reward ─► pocket/
words, captions ─► phrase map ─► text tower ──────┘             photos ─► upscaler
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from archive.codecs import Codec
from archive.models.encoder import Encoder
from archive.models.weights import weights_sha256
from training import autoencoder, denoiser, draft, image_encoder, loop, text_encoder, upscaler
from training.corpus import Corpus, load_corpus
from training.crops import Views, load_views
from training.latents import Shelf, codecs_seen, load_shelves
from training.probe import load_probe
from training.synthetic import load_scenery
from training.teacher import load_network
from training.text_targets import Known, PhraseMap, load_known, name_targets, phrases_to_learn, unit

SHARE = {  # of the budget
    "image": 0.40,
    "text": 0.08,
    "autoencoder": 0.16,
    "upscaler": 0.03,
    "denoiser": 0.23,
    "reward": 0.10,
}
STAGES_ON = ("image", "autoencoder", "denoiser", "reward")  # that can go on from a pair
SCENES = 3000  # that the denoiser learns from
SCALE_BATCHES = 16  # of the autoencoder's, to measure the latents' variance
PEAK = {
    "image": 3e-3,
    "image-on": 6e-4,
    "text": 2e-3,
    "autoencoder": 1e-3,
    "autoencoder-on": 6e-4,
    "upscaler": 2e-3,
    "denoiser": 1e-3,
    "denoiser-on": 6e-4,
    "reward-on": 3e-4,
}  # learning rates


@dataclass(frozen=True)
class Recipe:
    """Where the material lies, where the work is kept, for how many minutes to train in all, and which stages."""

    data: Path
    work: Path
    budget: float
    stages: tuple[str, ...] = tuple(SHARE)
    workers: int = 2
    seed: int = 0

    @cached_property
    def photos(self) -> Corpus:
        return load_corpus(self.data / "training", self.work, test_folder=self.data / "photos")

    @cached_property
    def scenery(self) -> Corpus:
        return load_scenery(self.work, workers=self.workers)

    @cached_property
    def views(self) -> Views:
        return load_views(self.photos, self.teacher, self.work, workers=self.workers)

    @cached_property
    def known(self) -> Known:
        return load_known(self.data / "embeddings", self.captions)

    @property
    def teacher(self) -> Path:
        return next((self.data / "teacher").glob("*.tflite"))

    @property
    def captions(self) -> Path:
        return self.data / "training" / "captions.txt.gz"

    def minutes(self, stage: str) -> float:
        """Its share of the budget, among the stages that are trained."""
        return self.budget * SHARE[stage] / sum(SHARE[one] for one in self.stages)

    def targets(self) -> dict[str, np.ndarray]:
        """Vectors of the photos' captions, of the scenes' captions and of all phrases to learn; made once."""
        kept = self.work / "targets.npz"
        if not kept.exists():
            phrase_map = PhraseMap(self.known)
            names = sorted(set(map(str, self.photos.caption)) - {""})
            scenes = list(map(str, self.scenery.caption))
            phrases = phrases_to_learn(self.known, self.captions, names, scenes)
            np.savez(
                kept,
                names=np.array(names),
                name_vectors=name_targets(names, self.known, phrase_map),
                scene_vectors=phrase_map(scenes),
                phrases=np.array(phrases),
                phrase_vectors=self._phrase_vectors(phrases, phrase_map).astype(np.float16),
            )
        return dict(np.load(kept))

    def names(self) -> image_encoder.Names:
        """What a window of a photo can be called."""
        targets = self.targets()
        position = {name: row for row, name in enumerate(targets["names"])}
        imagenet = self.known.vectors[self.known.imagenet]
        return image_encoder.Names(
            vectors=torch.from_numpy(
                np.concatenate([targets["name_vectors"], imagenet]).astype(np.float32)
            ),
            imagenet=np.arange(len(imagenet)) + len(position),
            caption=np.array([position.get(caption, -1) for caption in self.photos.caption]),
        )

    def train_image_tower(self, start: nn.Module | None = None) -> nn.Module:
        """`start`, here and below: a part of a pair to go on from, at a lower learning rate."""
        torch.manual_seed(self.seed)
        names = self.names()
        model = image_encoder.Student(image_encoder.build(start))
        scenes = image_encoder.Scenes(
            self.scenery, torch.from_numpy(self.targets()["scene_vectors"])
        )
        probe = load_probe(self.views, names.caption, names.captions, self.work, seed=self.seed)
        sizes = image_encoder.SIZES if start is None else image_encoder.SIZES_ON
        batches = image_encoder.Batches(
            self.photos, self.views, names, probe, scenes, seed=self.seed, sizes=sizes
        )
        model.to(memory_format=torch.channels_last)
        return self._fit("image", model, batches, image_encoder.loss_of(names), start=start).tower

    def train_text_tower(self) -> nn.Module:
        torch.manual_seed(self.seed)
        targets = self.targets()
        model = text_encoder.build()
        tokens = text_encoder.tokenize([str(phrase) for phrase in targets["phrases"]])
        return self._fit(
            "text",
            model,
            text_encoder.Batches(tokens, targets["phrase_vectors"], seed=self.seed),
            text_encoder.loss,
        )

    def train_autoencoder(self, tower: nn.Module, start: nn.Module | None = None) -> nn.Module:
        torch.manual_seed(self.seed)
        loss = autoencoder.loss_of(tower, load_network(self.teacher))
        if start is not None:
            batches = autoencoder.Batches([self.photos], seed=self.seed, cropping=0)
            return self._fit("autoencoder", autoencoder.goes_on(start), batches, loss, start=start)
        model = autoencoder.build().to(memory_format=torch.channels_last)
        batches = autoencoder.Batches([self.photos, self.scenery], seed=self.seed)
        trained = self._fit("autoencoder", model, batches, loss)
        return autoencoder.settle_scale(trained, [batches(1.0) for _ in range(SCALE_BATCHES)])

    def train_upscaler(self) -> nn.Module:
        torch.manual_seed(self.seed)
        batches = autoencoder.Batches([self.photos], seed=self.seed)
        return self._fit("upscaler", upscaler.build(), batches, upscaler.loss)

    def shelves(
        self, tower: nn.Module, vae: nn.Module, codec: Codec, space: denoiser.Space
    ) -> tuple[list[Shelf], list[Shelf]]:
        """Latents, maps and vectors to train on: sharp photos and some scenes; photos too small for the frame."""
        made = {"tower": tower, "vae": vae, "codecs": codecs_seen(codec, space.numpy())}
        rows = self.photos.trained
        kept = self.work / f"latents-{weights_sha256(tower, vae.encoder)[:8]}"
        sharp = self.photos.sharp[rows]
        photos = load_shelves(self.photos, rows[sharp], **made, both=True, folder=kept / "photos")
        scenes = load_shelves(
            self.scenery, self.scenery.trained[:SCENES], **made, both=True, folder=kept / "scenes"
        )
        blurred = load_shelves(
            self.photos, rows[~sharp], **made, both=False, folder=kept / "blurred"
        )
        return photos + scenes, blurred

    def train_denoiser(
        self,
        shelves: tuple[list[Shelf], list[Shelf]],
        space: denoiser.Space,
        start: nn.Module | None = None,
    ) -> nn.Module:
        torch.manual_seed(self.seed)
        batches = denoiser.Batches(*shelves, space, seed=self.seed)
        model = denoiser.build() if start is None else start
        return self._fit("denoiser", model, batches, denoiser.loss_of(), start=start)

    def reward_denoiser(
        self,
        unet: nn.Module,
        shelves: tuple[list[Shelf], list[Shelf]],
        space: denoiser.Space,
        vae: nn.Module,
        encoder: Encoder,
    ) -> nn.Module:
        """Goes on with a trained denoiser; `encoder`: the exported one."""
        torch.manual_seed(self.seed)
        batches = draft.Batches(*shelves, space, seed=self.seed)
        clip_similarity = partial(encoder.clip_similarity, center=space.mean.numpy())
        loss = draft.loss_of(vae, load_network(self.teacher), clip_similarity)
        return self._fit("reward", unet, batches, loss, start=unet)

    def _fit(
        self,
        stage: str,
        model: nn.Module,
        batches: Callable[[float], object],
        loss: loop.Loss,
        *,
        start: nn.Module | None = None,
    ) -> nn.Module:
        """What goes on from other weights is another training, in a folder of its own."""
        name = stage if start is None else f"{stage}-on"
        work = self.work / (name if start is None else f"{name}-{weights_sha256(start)[:8]}")
        return loop.fit(
            model, batches, loss, work=work, minutes=self.minutes(stage), peak=PEAK[name]
        )

    def _phrase_vectors(self, phrases: list[str], phrase_map: PhraseMap) -> np.ndarray:
        """The phrase map's vectors, and the real ones where they are known."""
        vectors = name_targets(phrases, self.known, phrase_map)
        position = {phrase: row for row, phrase in enumerate(phrases)}
        for row, caption in enumerate(self.known.captions):
            if not self.known.caption_held[row] and caption.strip(" .") in position:
                vectors[position[caption.strip(" .")]] = self.known.caption_vectors[row]
        return unit(vectors)
