"""The teacher: MobileNetV2 of ImageNet in 8 bits (see the data's own page), and the same network in PyTorch.

The first is quick, and looks at every picture once. The second has gradients: its features are a perceptual loss.
timm's `mobilenetv2_100` has the same convolutions in the same order. The file's batch norms are folded into them, so
timm's become the biases. Weights are multiplied out of their 8 bits; activations stay unrounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

TIMM_NAME = "mobilenetv2_100"
PIXELS = 224
FEATURES = 1280  # of the last convolution, averaged over the picture
AXES = {
    "CONV_2D": (0, 3, 1, 2),
    "DEPTHWISE_CONV_2D": (3, 0, 1, 2),
}  # of weights, to out, in, height, width
BACKGROUND = 1  # class before ImageNet's 1,000


class Teacher:
    """The 8-bit network on one thread."""

    def __init__(self, file: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._run = Interpreter(model_content=_with_features(file), num_threads=1)
        self._run.allocate_tensors()
        self._input = self._run.get_input_details()[0]["index"]
        self._classes, self._features = (one["index"] for one in self._run.get_output_details())

    def classify(self, pixels: np.ndarray) -> np.ndarray:
        """(224, 224, 3) uint8 → (1000,) float32 probabilities, without the background class."""
        self._run.set_tensor(self._input, pixels[None])
        self._run.invoke()
        return self._run.get_tensor(self._classes)[0, BACKGROUND:].astype(np.float32) / 256

    def look(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same and the (1280,) uint8 features, in steps of the file's own."""
        answer = self.classify(pixels)
        return answer, (
            self._run.get_tensor(self._features).reshape(-1).astype(np.int16) + 128
        ).astype(np.uint8)


def _with_features(file: Path) -> bytes:
    """The tflite `file` with the averaged features as a second output."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(file.read_bytes(), 0)
    [graph] = model.subgraphs
    codes = [model.operatorCodes[step.opcodeIndex].builtinCode for step in graph.operators]
    mean = graph.operators[codes.index(schema.BuiltinOperator.MEAN)]
    graph.outputs = [*graph.outputs, *mean.outputs]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def load_network(file: Path) -> nn.Module:
    """The tflite `file` → timm's MobileNetV2, evaluating: (B, 3, P, P) in [−1, 1] → (B, 1001) logits."""
    import timm

    net = timm.create_model(
        TIMM_NAME, num_classes=1000 + BACKGROUND, pad_type="same", act_layer=nn.ReLU6
    )
    modules = list(net.modules())
    kernels = [module for module in modules if isinstance(module, nn.Conv2d)]
    norms = [module for module in modules if isinstance(module, nn.BatchNorm2d)]
    *folded, classifier = _convolutions(file)
    for kernel, norm, (weight, bias) in zip(kernels, norms, folded, strict=True):
        _write(kernel.weight, weight)
        _as_bias(norm, bias)
    _write(net.classifier.weight, classifier[0])
    _write(net.classifier.bias, classifier[1])
    return net.requires_grad_(False).eval()


def _convolutions(file: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Weights (out, in / groups, k, k) and biases (out,) of a file's convolutions, in order, as real numbers."""
    from ai_edge_litert.interpreter import Interpreter

    read = Interpreter(str(file), num_threads=1)
    read.allocate_tensors()
    details = {one["index"]: one["quantization_parameters"] for one in read.get_tensor_details()}
    for step in read._get_ops_details():  # the runtime has no public way to walk a graph
        if axes := AXES.get(step["op_name"]):
            weight, bias = (
                _real(read.get_tensor(index), details[index]) for index in step["inputs"][1:]
            )
            yield weight.transpose(axes), bias


def _real(constant: np.ndarray, quantization: dict[str, Any]) -> np.ndarray:
    """A constant of the file, scaled per channel."""
    scales = quantization["scales"]
    axis = quantization["quantized_dimension"]
    stored = constant.astype(np.float32)
    shape = [1] * stored.ndim
    shape[axis] = -1
    return stored * scales.reshape(shape)


@torch.no_grad()
def _write(parameter: torch.Tensor, value: np.ndarray) -> None:
    parameter.copy_(torch.from_numpy(np.ascontiguousarray(value)).reshape(parameter.shape))


@torch.no_grad()
def _as_bias(norm: nn.BatchNorm2d, bias: np.ndarray) -> None:
    """A norm that only adds."""
    norm.weight.fill_(1)
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    _write(norm.bias, bias)
