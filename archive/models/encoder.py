"""Pixels and words → vectors. open_clip's door.

The vector is the *un-normalised project_colors* embedding, encode_image(x, normalize=False): what unCLIP decoders are
conditioned on. Search normalises it. Weights are safetensors only; their SHA-256 is taken over the loaded tensors, so
it is the same however they came here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from archive.errors import ModelMissing, UsageError
from archive.models.hub import local_folder
from archive.models.pairs import Pair

if TYPE_CHECKING:
    import torch

WEIGHTS_NAME = "open_clip_model.safetensors"  # in a folder and in a repository of the hub
AT_ONCE = 32  # pictures; more of them outgrow a CPU's caches
Pixels = npt.NDArray[np.uint8]
Vectors = npt.NDArray[np.float32]


class Encoder(Protocol):
    """What the rest of the library asks of an encoder."""

    @property
    def dimension(self) -> int: ...
    @property
    def weights_sha256(self) -> str: ...
    @property
    def preprocessing(self) -> Mapping[str, Any]: ...
    @property
    def side(self) -> int: ...
    def prepare(self, pixels: Pixels) -> Pixels: ...
    def encode_images(self, prepared: Sequence[Pixels]) -> Vectors: ...
    def encode_texts(self, texts: Sequence[str]) -> Vectors: ...
    def clip_similarity(self, pixels: Any, vectors_hat: Vectors, *, center: Vectors) -> Any: ...


class OpenClipEncoder:
    """An open_clip model on one device."""

    def __init__(self, pair: Pair) -> None:
        """Loads the weights. Raises ModelMissing where there are none, UsageError where they are of another kind."""
        import open_clip
        import torch
        from open_clip.transform import PreprocessCfg, image_transform_v2

        self._torch = torch
        self._device = best_device()
        self._model, tokenizer_name = _load(pair)
        self._model = (
            self._model.to(self._device, memory_format=torch.channels_last)
            .eval()
            .requires_grad_(False)
        )
        self._fit = image_transform_v2(PreprocessCfg(**self.preprocessing), is_train=False)
        del self._fit.transforms[-2:]  # to a tensor, normalised: a whole batch at once is faster
        self._tokenize = open_clip.get_tokenizer(tokenizer_name)
        self.weights_sha256 = weights_sha256(self._model)
        self.dimension = self.encode_texts([""]).shape[1]

    @property
    def preprocessing(self) -> dict[str, Any]:
        """open_clip's PreprocessCfg: size, mean, std, interpolation, resize mode."""
        return dict(self._model.visual.preprocess_cfg)

    @property
    def side(self) -> int:
        """Pixels on the short side that pictures should have."""
        size = self.preprocessing["size"]
        return int(size if isinstance(size, int) else max(size))

    def prepare(self, pixels: Pixels) -> Pixels:
        """(H, W, 3) uint8 → (S, S, 3) uint8 as the model's own transform sizes and crops; may run in any thread."""
        from PIL import Image

        return np.asarray(self._fit(Image.fromarray(pixels)))

    def encode_images(self, prepared: Sequence[Pixels]) -> Vectors:
        """N × (S, S, 3) uint8 → (N, D) float32, not normalised."""
        parts = [prepared[start : start + AT_ONCE] for start in range(0, len(prepared), AT_ONCE)]
        return np.concatenate([self._encode_part(part) for part in parts])

    def _encode_part(self, prepared: Sequence[Pixels]) -> Vectors:
        with self._torch.inference_mode(), precision(self._device):
            pixels = self._torch.from_numpy(np.stack(prepared)).to(self._device)
            return self._out(
                self._model.encode_image(self._normalized(pixels.permute(0, 3, 1, 2) / 255))
            )

    def clip_similarity(
        self, pixels: torch.Tensor, vectors_hat: Vectors, *, center: Vectors
    ) -> torch.Tensor:
        """(B, 3, H, W) of −1 … 1, vectors (B, D) → cosines (B,) about a center; gradients reach the pixels."""
        seen = self._normalized(self._sized((pixels + 1) / 2))
        found = self._model.encode_image(seen.to(self._device)).float()
        about, wanted = (self._torch.as_tensor(one).to(found) for one in (center, vectors_hat))
        cosines: torch.Tensor = self._torch.nn.functional.cosine_similarity(
            found - about, wanted - about, dim=1
        )
        return cosines

    def _normalized(self, pixels: torch.Tensor) -> torch.Tensor:
        """(B, 3, S, S) of 0 … 1 → as the model wants it."""
        mean, std = (
            pixels.new_tensor(self.preprocessing[name])[:, None, None] for name in ("mean", "std")
        )
        return (pixels - mean) / std

    def _sized(self, pixels: torch.Tensor) -> torch.Tensor:
        """As the model's own transform does to pictures: squashed, or the middle square of what its short side fits."""
        if self.preprocessing["resize_mode"] != "squash":
            height, width = pixels.shape[2:]
            short = min(height, width)
            top = (height - short) // 2
            left = (width - short) // 2
            pixels = pixels[:, :, top : top + short, left : left + short]
        size = (self.side, self.side)
        sized: torch.Tensor = self._torch.nn.functional.interpolate(
            pixels, size, mode="bicubic", antialias=True
        )
        return sized

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """N texts → (N, D) float32, not normalised."""
        with self._torch.inference_mode():
            return self._out(self._model.encode_text(self._tokenize(list(texts)).to(self._device)))

    def _out(self, vectors: torch.Tensor) -> Vectors:
        result: Vectors = vectors.float().cpu().numpy()
        return result


def weights_sha256(*modules: torch.nn.Module) -> str:
    """SHA-256 over name, type, shape and bytes of every tensor of the modules' states, by name."""
    import torch

    state = hashlib.sha256()
    for module in modules:
        for name, tensor in sorted(module.state_dict().items()):
            whole = tensor.detach().cpu().contiguous().reshape(-1)
            state.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
            state.update(whole.view(torch.uint8).numpy().data)
    return state.hexdigest()


def best_device() -> str:
    """The accelerator, if there is one."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def precision(device: str) -> AbstractContextManager[Any]:
    """bfloat16 on a processor that multiplies matrices of it (AMX), else what the weights are loaded in.

    The pocket encoder sees 2.6 times as many pictures a second then; cosine to float32's vectors 0.99995 or more.
    """
    import torch

    capabilities: dict[str, Any] = getattr(
        torch.cpu, "get_capabilities", dict
    )()  # an older torch cannot tell
    able = device == "cpu" and bool(capabilities.get("amx_bf16"))
    return torch.autocast("cpu", torch.bfloat16, enabled=able)


def _load(pair: Pair) -> tuple[Any, str]:
    """→ open_clip model, name its tokenizer goes by."""
    import open_clip

    folder = Path(pair.encoder)
    if folder.is_dir():
        if not any(folder.glob("*.safetensors")):
            raise ModelMissing(
                f"there are no .safetensors weights in {folder}; put {WEIGHTS_NAME} there"
            )
        name = f"local-dir:{folder}"
        return open_clip.create_model(name), name
    if pair.encoder not in open_clip.list_models():
        raise UsageError(
            f"open_clip has no model {pair.encoder!r}; its names are like ViT-L-14, ViT-B-32, RN50"
        )
    weights, config = _weights_file(pair)
    kept = ("mean", "std", "interpolation", "resize_mode")
    model = open_clip.create_model(
        pair.encoder,
        pretrained=str(weights),
        force_quick_gelu=bool(
            config.get("quick_gelu")
        ),  # a plain model name with OpenAI's weights lacks it
        force_preprocess_cfg={key: config[key] for key in kept if key in config},
    )
    return model, pair.encoder


def _weights_file(pair: Pair) -> tuple[Path, Mapping[str, Any]]:
    """The .safetensors file of a tag, or the file named; and the tag's own configuration."""
    if Path(pair.pretrained).suffix == ".safetensors":
        if not Path(pair.pretrained).is_file():
            raise ModelMissing(f"there is no file {pair.pretrained}")
        return Path(pair.pretrained), {}
    repository, name, config = weights_source(pair)
    return local_folder([repository], [name], need=[name]) / name, config


def weights_source(pair: Pair) -> tuple[str, str, Mapping[str, Any]]:
    """A tag → hub repository, file in it, the tag's configuration. Raises UsageError."""
    import open_clip

    config = open_clip.get_pretrained_cfg(pair.encoder, pair.pretrained)
    if not config.get("hf_hub"):
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(pair.encoder)) or "none"
        raise UsageError(
            f"{pair.encoder} has no safetensors weights tagged {pair.pretrained!r}; its tags: {tags}"
        )
    return "/".join(str(config["hf_hub"]).split("/")[:2]), WEIGHTS_NAME, config
