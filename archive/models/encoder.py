"""Pixels and texts → vectors. open_clip's door.

A vector is the *unnormalized* projected embedding, `encode_image(x, normalize=False)`: unCLIP
decoders are conditioned on it, and search normalizes it. Weights are safetensors only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from archive.arrays import Pixels, Vectors
from archive.errors import ModelMissing, UsageError
from archive.models.device import best_device
from archive.models.hub import cached_file, cached_folder, local_folder
from archive.models.number_format import embeddings, in_fastest_format
from archive.models.pairs import Pair
from archive.models.quiet import quiet
from archive.models.remembered import remember_file
from archive.models.weights import weights_sha256

if TYPE_CHECKING:
    import torch

WEIGHTS_NAME = "open_clip_model.safetensors"  # in a local folder and in a hub repository
LIBRARIES = ("open_clip", "transformers", "timm")  # silenced while an encoder is loaded
BATCH_SIZE = 32  # images
CPU_BATCH_SIZE = 8  # larger ones outgrow its caches: 1.5 times as slow at 32
PREPROCESSING = ("mean", "std", "interpolation", "resize_mode")  # what a pretrained tag may set


class Encoder(Protocol):
    """What the rest of the library asks of an encoder."""

    @property
    def dimension(self) -> int:
        """D, the number of values in a vector."""
        ...

    @property
    def weights_sha256(self) -> str:
        """Digest of the loaded weights, in hex; see archive.models.weights."""
        ...

    @property
    def preprocessing(self) -> Mapping[str, Any]:
        """What `preprocess` does to an image, as JSON values: recorded with the archive's model."""
        ...

    @property
    def image_size(self) -> int:
        """S, in pixels: an image whose short side is at least S loses nothing the encoder sees."""
        ...

    def preprocess(self, pixels: Pixels) -> Pixels:
        """(H, W, 3) uint8 → (S, S, 3) uint8, resized and cropped; safe to call from any thread."""
        ...

    def encode_images(self, images: Sequence[Pixels]) -> Vectors:
        """N preprocessed images, (S, S, 3) uint8 each → (N, D) float32, not normalized."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """N texts → (N, D) float32, not normalized."""
        ...

    def clip_similarity(self, pixels: Any, vectors_hat: Vectors, *, center: Vectors) -> Any:
        """(B, 3, H, W) tensor in −1 … 1, vectors (B, D) → cosines (B,) about `center` (D,).

        Differentiable with respect to the pixels.
        """
        ...


class OpenClipEncoder:
    """An open_clip model on the best device."""

    def __init__(self, pair: Pair) -> None:
        """Loads the weights.

        Raises ModelMissing if there are none, UsageError if open_clip does not know model or tag.
        """
        name, options = _source(pair)
        with quiet(*LIBRARIES):
            import open_clip
            import torch
            from open_clip.transform import PreprocessCfg, image_transform_v2

            import archive.models.names_head  # noqa: F401  # registers it with timm

            self._torch = torch
            self._device = best_device()
            model = open_clip.create_model(name, **options)
            model = model.to(self._device, memory_format=torch.channels_last)
            self._model = model.eval().requires_grad_(False)
            config = PreprocessCfg(**self.preprocessing)
            self._transform = image_transform_v2(config, is_train=False)
            del self._transform.transforms[-2:]  # ToTensor and Normalize: faster for a whole batch
            self._tokenize = open_clip.get_tokenizer(name)
        self.weights_sha256 = weights_sha256(self._model)
        self.dimension = int(self.encode_texts([""]).shape[1])

    @property
    def preprocessing(self) -> dict[str, Any]:
        """open_clip's PreprocessCfg: size, mean, std, interpolation, resize mode."""
        return dict(self._model.visual.preprocess_cfg)

    @property
    def image_size(self) -> int:
        """S, in pixels; the longer side where the model's input is not square."""
        size = self.preprocessing["size"]
        return int(size if isinstance(size, int) else max(size))

    def preprocess(self, pixels: Pixels) -> Pixels:
        """(H, W, 3) uint8 → (S, S, 3) uint8 by the model's own transform, in any thread."""
        from PIL import Image

        return np.asarray(self._transform(Image.fromarray(pixels)))

    def encode_images(self, images: Sequence[Pixels]) -> Vectors:
        """N preprocessed images, (S, S, 3) uint8 each → (N, D) float32, not normalized."""
        size = CPU_BATCH_SIZE if self._device == "cpu" else BATCH_SIZE
        starts = range(0, len(images), size)
        batches = [self._encode_batch(images[start : start + size]) for start in starts]
        return np.concatenate(batches)

    def _encode_batch(self, images: Sequence[Pixels]) -> Vectors:
        with self._torch.inference_mode():
            pixels = self._torch.from_numpy(np.stack(images)).to(self._device)
            normalized = self._normalize(pixels.permute(0, 3, 1, 2) / 255)
            return _to_numpy(embeddings(self._image_network, normalized))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """N texts → (N, D) float32, not normalized."""
        with self._torch.inference_mode():
            tokens = self._tokenize(list(texts)).to(self._device)
            return _to_numpy(self._model.encode_text(tokens))

    def clip_similarity(
        self, pixels: torch.Tensor, vectors_hat: Vectors, *, center: Vectors
    ) -> torch.Tensor:
        """(B, 3, H, W) in −1 … 1, vectors (B, D) → cosines (B,) about `center` (D,).

        Differentiable with respect to the pixels.
        """
        inputs = self._normalize(self._resize((pixels + 1) / 2))
        embedded = self._model.encode_image(inputs.to(self._device)).float()
        mean = self._torch.as_tensor(center).to(embedded)
        targets = self._torch.as_tensor(vectors_hat).to(embedded)
        cosines: torch.Tensor = self._torch.nn.functional.cosine_similarity(
            embedded - mean, targets - mean, dim=1
        )
        return cosines

    @cached_property
    def _image_network(self) -> torch.nn.Module:
        """The part that sees images, as fast as it gets on this machine."""
        network: torch.nn.Module = self._model.visual
        if self._device != "cpu":
            return network
        size = self.preprocessing["size"]
        height, width = (size, size) if isinstance(size, int) else size
        return in_fastest_format(network, (height, width), self.weights_sha256)

    def _normalize(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, S, S) in 0 … 1 → the model's input: (pixels − mean) / std."""
        mean = pixels.new_tensor(self.preprocessing["mean"])[:, None, None]
        std = pixels.new_tensor(self.preprocessing["std"])[:, None, None]
        return (pixels - mean) / std

    def _resize(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, W) → (B, 3, S, S) as the model's transform: squashed, or the center square."""
        if self.preprocessing["resize_mode"] != "squash":
            height, width = pixels.shape[2:]
            short = min(height, width)
            top = (height - short) // 2
            left = (width - short) // 2
            pixels = pixels[:, :, top : top + short, left : left + short]
        size = (self.image_size, self.image_size)
        resized: torch.Tensor = self._torch.nn.functional.interpolate(
            pixels, size, mode="bicubic", antialias=True
        )
        return resized


def encoder_is_local(pair: Pair) -> bool:
    """Whether a pair's encoder can be loaded without a network. Raises UsageError."""
    folder = Path(pair.encoder)
    if folder.is_dir():
        return any(folder.glob("*.safetensors"))
    if Path(pair.pretrained).suffix == ".safetensors":
        return Path(pair.pretrained).is_file()
    if pair.repository:
        return cached_file(pair.repository, WEIGHTS_NAME) is not None
    repository, name, _ = weights_source(pair)
    return cached_folder(repository, [name], required=[name]) is not None


def weights_source(pair: Pair) -> tuple[str, str, Mapping[str, Any]]:
    """A model and its tag → hub repository, file in it, configuration. Raises UsageError."""
    import open_clip

    config = open_clip.get_pretrained_cfg(pair.encoder, pair.pretrained)
    if not config.get("hf_hub"):
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(pair.encoder)) or "none"
        raise UsageError(
            f"{pair.encoder} has no safetensors weights with the tag {pair.pretrained!r}; "
            f"its tags: {tags}"
        )
    repository = "/".join(str(config["hf_hub"]).split("/")[:2])
    return repository, WEIGHTS_NAME, config


def _source(pair: Pair) -> tuple[str, dict[str, Any]]:
    """→ open_clip's name for the model and its tokenizer, options that load it."""
    folder = Path(pair.encoder)
    if folder.is_dir():
        if not any(folder.glob("*.safetensors")):
            raise ModelMissing(f"no .safetensors weights in {folder}; put {WEIGHTS_NAME} there")
        return f"local-dir:{folder}", {}
    with quiet(*LIBRARIES):
        import open_clip
    if pair.encoder not in open_clip.list_models():
        raise UsageError(
            f"open_clip has no model {pair.encoder!r}; its models have names like ViT-L-14, "
            "ViT-B-32 and RN50"
        )
    weights, config = _weights_file(pair)
    options = {
        "pretrained": str(weights),
        # the plain model names of OpenAI's weights do not imply their activation
        "force_quick_gelu": bool(config.get("quick_gelu")),
        "force_preprocess_cfg": {key: config[key] for key in PREPROCESSING if key in config},
    }
    return pair.encoder, options


def _weights_file(pair: Pair) -> tuple[Path, Mapping[str, Any]]:
    """The .safetensors file that `pretrained` names or tags, and the tag's configuration."""
    if Path(pair.pretrained).suffix == ".safetensors":
        if not Path(pair.pretrained).is_file():
            raise ModelMissing(f"no such file: {pair.pretrained}")
        return Path(pair.pretrained), {}
    repository, name, config = weights_source(pair)
    path = local_folder([repository], [name], required=[name]) / name
    remember_file(pair, path, bool(config.get("quick_gelu")))
    return path, config


def _to_numpy(vectors: torch.Tensor) -> Vectors:
    array: Vectors = vectors.float().cpu().numpy()
    return array
