"""A fitted codec as a file: an .npz of its name and parameters (JSON) and its state, no pickles."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from archive.codecs.codec import Codec
from archive.codecs.coders.serialization import from_bytes, to_bytes
from archive.codecs.registry import open_codec
from archive.errors import UnknownCodec


def save_codec(codec: Codec, path: Path) -> None:
    """Writes a codec to an .npz file."""
    description = json.dumps({"name": codec.name, "parameters": codec.parameters()})
    state = np.frombuffer(codec.state, np.uint8)
    path.write_bytes(to_bytes({"codec": np.array(description), "state": state}))


def load_codec(path: Path) -> Codec:
    """The codec that `save_codec` wrote. Raises UnknownCodec."""
    try:
        arrays = from_bytes(path.read_bytes())
        description = json.loads(str(arrays["codec"]))
        state = arrays["state"].tobytes()
        return open_codec(description["name"], description["parameters"], state)
    except (OSError, KeyError, json.JSONDecodeError) as error:
        raise UnknownCodec(f"{path} does not hold a fitted codec: {error}") from error
