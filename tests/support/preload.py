"""Imports what commands import, for the server that tests/support/forked.py starts."""

from __future__ import annotations

import constriction
import diffusers
import faiss
import open_clip
import scipy
import sklearn.cluster
import transformers

import archive.archive
import cli.main

LAZY = (  # these libraries import their parts when they are first named
    diffusers.AutoencoderKL,
    diffusers.DDPMScheduler,
    diffusers.DPMSolverMultistepScheduler,
    diffusers.UNet2DConditionModel,
    transformers.CLIPTextModelWithProjection,
    transformers.CLIPTokenizer,
)
__all__ = ["LAZY", "archive", "cli", "constriction", "faiss", "open_clip", "scipy", "sklearn"]
