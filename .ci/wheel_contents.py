"""Fails unless a wheel holds the packages, their data, and nothing of the workshop."""

from __future__ import annotations

import sys
import zipfile

PACKAGES = {"archive", "cli", "migrations", "coldframe.py", "coldframe-stubs"}
NEEDED = (
    "archive/py.typed",
    "archive/models/pocket/encoder/open_clip_model.safetensors",
    "archive/models/pocket/decoder/unet/diffusion_pytorch_model.safetensors",
    "archive/models/pocket/codecs/klt-250-64.npz",
    "archive/demo/samples/48.webp",
    "archive/demo/samples/captions.json",
    "migrations/env.py",
)

with zipfile.ZipFile(sys.argv[1]) as wheel:
    names = wheel.namelist()
tops = {name.split("/")[0] for name in names}
assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES, tops
missing = [name for name in NEEDED if name not in names]
assert not missing, missing
print(f"{sys.argv[1].rsplit('/')[-1]}: {len(names)} files")
