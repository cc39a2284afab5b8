"""The teacher: an 8-bit MobileNetV2 for ImageNet (tflite), and the same network in PyTorch.

`Teacher` is fast and classifies every image once. `load_network` has gradients: its features serve
as a perceptual loss. timm's `mobilenetv2_100` has the same convolutions in the same order; the file
has its batch norms folded into them, so timm's become the biases. Weights are dequantized;
activations are not rounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from archive.arrays import Pixels, Vectors
from training.networks import TeacherNetwork

TIMM_NAME = "mobilenetv2_100"
PIXELS = 224
FEATURES = 1280  # of the last convolution, averaged over the image
# axis order of the file's weights → (out, in, height, width)
AXES = {"CONV_2D": (0, 3, 1, 2), "DEPTHWISE_CONV_2D": (3, 0, 1, 2)}
BACKGROUND = 1  # class before ImageNet's 1,000


class Teacher:
    """The 8-bit network on one thread."""

    def __init__(self, file: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._run = Interpreter(model_content=_with_features(file), num_threads=1)
        self._run.allocate_tensors()
        self._input = self._run.get_input_details()[0]["index"]
        outputs = self._run.get_output_details()
        self._classes, self._features = (output["index"] for output in outputs)

    def classify(self, pixels: Pixels) -> Vectors:
        """(224, 224, 3) uint8 → (1000,) float32 probabilities, without the background class."""
        self._run.set_tensor(self._input, pixels[None])
        self._run.invoke()
        quantized = self._run.get_tensor(self._classes)[0, BACKGROUND:]
        probabilities: Vectors = quantized.astype(np.float32) / 256
        return probabilities

    def classify_with_features(self, pixels: Pixels) -> tuple[Vectors, npt.NDArray[np.uint8]]:
        """The probabilities and the (1280,) uint8 features, in the file's own quantization."""
        probabilities = self.classify(pixels)
        quantized = self._run.get_tensor(self._features).reshape(-1)
        return probabilities, (quantized.astype(np.int16) + 128).astype(np.uint8)


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


def load_network(file: Path) -> TeacherNetwork:
    """The tflite `file` → timm's MobileNetV2 in eval mode: (B, 3, P, P) in [-1, 1] → (B, 1001)."""
    import timm

    net: TeacherNetwork = timm.create_model(
        TIMM_NAME, num_classes=1000 + BACKGROUND, pad_type="same", act_layer=nn.ReLU6
    )
    modules = list(net.modules())
    kernels = [module for module in modules if isinstance(module, nn.Conv2d)]
    norms = [module for module in modules if isinstance(module, nn.BatchNorm2d)]
    *folded, classifier = _convolutions(file)
    for kernel, norm, (weight, bias) in zip(kernels, norms, folded, strict=True):
        _write(kernel.weight, weight)
        _make_bias(norm, bias)
    _write(net.classifier.weight, classifier[0])
    _write(net.classifier.bias, classifier[1])
    return net.requires_grad_(False).eval()


def _convolutions(file: Path) -> Iterator[tuple[Vectors, Vectors]]:
    """Dequantized weights (out, in / groups, k, k) and biases (out,) of all convolutions."""
    from ai_edge_litert.interpreter import Interpreter

    run = Interpreter(str(file), num_threads=1)
    run.allocate_tensors()
    details = {
        detail["index"]: detail["quantization_parameters"] for detail in run.get_tensor_details()
    }
    for step in run._get_ops_details():  # the runtime has no public way to walk a graph
        if axes := AXES.get(step["op_name"]):
            weight, bias = (
                _dequantize(run.get_tensor(index), details[index]) for index in step["inputs"][1:]
            )
            yield weight.transpose(axes), bias


def _dequantize(constant: npt.NDArray[Any], quantization: dict[str, Any]) -> Vectors:
    """A constant of the file, scaled per channel."""
    scales = quantization["scales"]
    axis = quantization["quantized_dimension"]
    stored = constant.astype(np.float32)
    shape = [1] * stored.ndim
    shape[axis] = -1
    scaled: Vectors = stored * scales.reshape(shape)
    return scaled


def _write(parameter: torch.Tensor, value: Vectors) -> None:
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(value)).reshape(parameter.shape))


def _make_bias(norm: Any, bias: Vectors) -> None:
    """Turns a batch norm into an addition of `bias`."""
    with torch.no_grad():
        norm.weight.fill_(1)
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)
    _write(norm.bias, bias)
