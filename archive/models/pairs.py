"""Model pairs: an encoder and a decoder that share an embedding space.

pocket            ships with the package, works offline; small and honest about it
vit-l-14          the literature's: open_clip ViT-L-14/openai and Stable unCLIP for 768-d embeddings
FOLDER            a folder with encoder/ (open_clip) and decoder/ (diffusers) in it
MODEL/TAG|FILE    any open_clip model and pretrained tag or .safetensors file; name a decoder beside it
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from archive.errors import UsageError

POCKET_FOLDER = Path(__file__).parent / "pocket"
UNCLIP_MIRRORS = (
    "sd2-community/stable-diffusion-2-1-unclip-small",
    "radames/stable-diffusion-2-1-unclip-small-img2img",
    "diffusers/stable-diffusion-2-1-unclip-i2i-l",
)


@dataclass(frozen=True)
class Sampling:
    """How a decoder draws; the defaults are CoCliCo's.

    `guidance` is the weight of the embedding, None: the usual one of the decoder's family; `clip_guidance` is how far
    steps go towards what the encoder sees as the embedding, in standard deviations of the latents; `strength` is a share
    of the schedule, 0 … 1, where drawing from a colour map begins; `noise_level` 0 … 999 is how noisy the decoder is
    told the embedding is, None: as noisy as its codec made it; `low_frequency_guidance` 0 … 1 is how strongly every step is drawn
    towards the colour map; `project_colors` brings the picture's colours into the map's cells at the end; of `candidates`
    pictures the one is kept that fits embedding and map best; `image_size` is the side of a square of the area drawn, 0: the
    decoder's own.
    """

    steps: int = 20
    guidance: float | None = None
    strength: float = 0.88
    clip_guidance: float = 0.0
    noise_level: int | None = None
    low_frequency_guidance: float = 0.0
    project_colors: bool = True
    candidates: int = 1
    image_size: int = 0


@dataclass(frozen=True)
class DeviceConfig:
    """Where a decoder runs and with which numbers; '' is what suits best."""

    device: str = ""
    dtype: str = ""


@dataclass(frozen=True)
class Pair:
    """Names, not weights: what to load, and how that decoder likes to be used."""

    name: str
    encoder: str  # open_clip model name, or a folder in open_clip's layout
    pretrained: str  # tag or .safetensors file; '' for a folder
    decoder: tuple[
        str, ...
    ]  # a folder in diffusers layout, or hub ids that mirror each other; () if none was named
    sampling: Sampling = Sampling()
    note: str = ""
    codecs: str = ""  # a folder of codecs fitted to this pair's embeddings, .npz


POCKET_SAMPLING = Sampling(guidance=3.0, clip_guidance=0.15)
PAIRS = {
    "pocket": Pair(
        "pocket",
        str(POCKET_FOLDER / "encoder"),
        "",
        (str(POCKET_FOLDER / "decoder"),),
        POCKET_SAMPLING,
        "small pair trained on two cores, for trying coldframe and for machines without a network",
        str(POCKET_FOLDER / "codecs"),
    ),
    "vit-l-14": Pair(
        "vit-l-14",
        "ViT-L-14",
        "openai",
        UNCLIP_MIRRORS,
        Sampling(),
        "CLIP ViT-L/14 and Stable unCLIP",
    ),
}


def find_pair(name: str, *, decoder: str | None = None) -> Pair:
    """A pair's name, folder or open_clip MODEL/TAG → Pair; `decoder` replaces its decoder. Raises UsageError."""
    pair = PAIRS.get(name) or _from_folder(Path(name)) or _from_open_clip(name)
    return replace(pair, decoder=(decoder,)) if decoder else pair


def _from_folder(folder: Path) -> Pair | None:
    if not folder.is_dir():
        return None
    if not (folder / "encoder" / "open_clip_config.json").is_file():
        raise UsageError(f"{folder} is no model pair: encoder/open_clip_config.json is not in it")
    inside = folder.absolute()
    decoder = (str(inside / "decoder"),) if (inside / "decoder").is_dir() else ()
    codecs = str(inside / "codecs") if (inside / "codecs").is_dir() else ""
    return Pair(str(inside), str(inside / "encoder"), "", decoder, codecs=codecs)


def _from_open_clip(name: str) -> Pair:
    model, separator, pretrained = name.partition("/")
    if not separator or not pretrained or name.startswith((".", "/")):
        known = ", ".join(PAIRS)
        raise UsageError(
            f"{name!r} is no model pair; use {known}, a folder, or MODEL/TAG as open_clip names them"
        )
    return Pair(name, model, pretrained, ())
