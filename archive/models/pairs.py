"""Model pairs: an encoder and a decoder that share an embedding space.

pocket            ships with the package and works offline; small, with quality to match
vit-l-14          the literature's pair: open_clip ViT-L-14/openai and Stable unCLIP, 768-d vectors
FOLDER            a folder that contains encoder/ (open_clip) and decoder/ (diffusers)
MODEL/TAG|FILE    any open_clip model with a pretrained tag or .safetensors file; its decoder is
                  named separately
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from archive.errors import DatabaseDamaged, UsageError
from archive.models.sampling import Sampling

NAME = re.compile(r"\w[\w.+-]*")  # of a model or a tag of open_clip's
HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")
NOT_OURS = "name the right one with --model, or restore the database from a copy"
POCKET_FOLDER = Path(__file__).parent / "pocket"
DEFAULT_SAMPLING = Sampling()
DECODER_FOLDER = "decoder"  # in a pair's folder
UNCLIP_MIRRORS = (
    "sd2-community/stable-diffusion-2-1-unclip-small",
    "radames/stable-diffusion-2-1-unclip-small-img2img",
    "diffusers/stable-diffusion-2-1-unclip-i2i-l",
)


@dataclass(frozen=True)
class Pair:
    """What to load, by name, and the sampling that suits its decoder."""

    name: str
    """As `find_pair` takes it."""
    encoder: str
    """open_clip's model name, or a folder in its layout."""
    pretrained: str
    """open_clip's tag, or a .safetensors file. Empty for a folder."""
    decoder: tuple[str, ...]
    """A folder in diffusers' layout, or hub ids that mirror each other. Empty: no decoder."""
    sampling: Sampling = DEFAULT_SAMPLING
    """Used where no other parameters are given."""
    note: str = ""
    """One line for lists of pairs."""
    codecs: str = ""
    """Folder of .npz codecs fitted to the pair's embeddings. Empty: none."""
    repository: str = ""
    """Hub id of the weights, if it is known without asking open_clip, which takes seconds."""

    @property
    def public_name(self) -> str:
        """The name without this machine's folders: `pocket`, `ViT-B-32/openai`, `my-pair`."""
        if Path(self.name).is_absolute():
            return Path(self.name).name
        if Path(self.pretrained).suffix == ".safetensors":
            return f"{self.encoder}/{Path(self.pretrained).name}"
        return self.name

    @property
    def decoder_name(self) -> str:
        """The decoder's name without the folders of this machine; '' without a decoder.

        The hub id, or the folder's base name; a folder called `decoder` goes by the name of the
        pair's folder.
        """
        if not self.decoder:
            return ""
        folder = Path(self.decoder[0])
        if not folder.is_absolute() and not folder.is_dir():
            return self.decoder[0]
        folder = folder.absolute()
        return folder.parent.name if folder.name == DECODER_FOLDER else folder.name


POCKET_SAMPLING = Sampling(guidance=3.0, clip_guidance=0.15)
PAIRS = {
    "pocket": Pair(
        "pocket",
        encoder=str(POCKET_FOLDER / "encoder"),
        pretrained="",
        decoder=(str(POCKET_FOLDER / DECODER_FOLDER),),
        sampling=POCKET_SAMPLING,
        note="small pair trained on two CPU cores, to try coldframe and to work offline",
        codecs=str(POCKET_FOLDER / "codecs"),
    ),
    "vit-l-14": Pair(
        "vit-l-14",
        encoder="ViT-L-14",
        pretrained="openai",
        decoder=UNCLIP_MIRRORS,
        repository="timm/vit_large_patch14_clip_224.openai",
        note="CLIP ViT-L/14 and Stable unCLIP",
    ),
}


def find_pair(name: str, *, decoder: str | None = None) -> Pair:
    """A pair's name, folder or open_clip MODEL/TAG → the pair; `decoder` replaces its own.

    Raises UsageError.
    """
    pair = PAIRS.get(name) or _from_folder(Path(name)) or _from_open_clip(name)
    return _with_decoder(pair, decoder)


def recorded_pair(name: str, *, decoder: str) -> Pair:
    """As find_pair, for what an archive's database says; `decoder` is empty for the pair's own.

    Raises DatabaseDamaged for a name that coldframe does not record: such an archive was made to
    load something else.
    """
    if decoder and not (Path(decoder).is_absolute() or HUB_ID.fullmatch(decoder)):
        raise DatabaseDamaged(f"the archive names an impossible decoder, {decoder!r}; {NOT_OURS}")
    if name in PAIRS or Path(name).is_absolute():
        return find_pair(name, decoder=decoder or None)
    model, _, pretrained = name.partition("/")
    is_tag = NAME.fullmatch(pretrained) or Path(pretrained).is_absolute()
    if not (NAME.fullmatch(model) and is_tag):
        raise DatabaseDamaged(f"the archive names an impossible model, {name!r}; {NOT_OURS}")
    return _with_decoder(_from_open_clip(name), decoder)


def _with_decoder(pair: Pair, decoder: str | None) -> Pair:
    """The pair with this decoder, if any: a hub id, or the absolute path of a folder."""
    if not decoder:
        return pair
    folder = Path(decoder)
    return replace(pair, decoder=(str(folder.absolute()) if folder.is_dir() else decoder,))


def _from_folder(path: Path) -> Pair | None:
    if not path.is_dir():
        return None
    folder = path.absolute()
    if not (folder / "encoder" / "open_clip_config.json").is_file():
        raise UsageError(f"{path} is not a model pair: it has no encoder/open_clip_config.json")
    decoder = folder / DECODER_FOLDER
    codecs = folder / "codecs"
    return Pair(
        str(folder),
        encoder=str(folder / "encoder"),
        pretrained="",
        decoder=(str(decoder),) if decoder.is_dir() else (),
        codecs=str(codecs) if codecs.is_dir() else "",
    )


def _from_open_clip(name: str) -> Pair:
    model, _, pretrained = name.partition("/")
    if not pretrained or name.startswith((".", "/")):
        raise UsageError(
            f"{name!r} is not a model pair; use {', '.join(PAIRS)}, a folder, or open_clip's "
            "MODEL/TAG"
        )
    if Path(pretrained).suffix == ".safetensors":
        pretrained = str(Path(pretrained).absolute())
        name = f"{model}/{pretrained}"
    return Pair(name, encoder=model, pretrained=pretrained, decoder=())
