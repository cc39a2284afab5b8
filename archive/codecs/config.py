"""Which codec to write, and at which rate: what a user says, before it becomes a codec."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from archive.codecs.registry import SELECTABLE_CODECS, CodecSpec, Rate, RateUnit
from archive.errors import UsageError

FILE_SUFFIX = ".npz"  # of a file that holds a fitted codec
UNIT_FIELDS = {  # the fields that set the rates of embedding and color map
    RateUnit.PER_IMAGE: ("bits", "map_bits"),
    RateUnit.PER_DIMENSION: ("bits_per_dim", "map_bits_per_sample"),
}


@dataclass(frozen=True)
class CodecConfig:
    """A codec and its rate; None means the codec's default."""

    name: str  # of a codec, or the path of a fitted codec's .npz file
    bits: int | None = None  # of the embedding, per image
    bits_per_dim: int | None = None  # of the embedding, for scalar codecs
    map_side: int | None = None  # pixels
    map_bits: int | None = None  # of the color map, per image
    map_bits_per_sample: int | None = None  # of the color map, for scalar codecs

    @classmethod
    def of(cls, codec: str | CodecConfig) -> CodecConfig:
        """A codec's name or file alone means the codec at its default rate."""
        return cls(codec) if isinstance(codec, str) else codec

    @property
    def file(self) -> Path | None:
        """The file that holds the codec; None for a codec by name."""
        return Path(self.name) if self.name.endswith(FILE_SUFFIX) else None

    @property
    def rates(self) -> dict[str, int]:
        """The rates that are set, by field."""
        values = {field.name: getattr(self, field.name) for field in fields(self)[1:]}
        return {name: value for name, value in values.items() if value is not None}

    def check(self) -> None:
        """Raises UsageError for an unknown name, a missing file, or rates that the codec lacks."""
        if self.file is None:
            self.rate()
            return
        if not self.file.is_file():
            raise UsageError(f"{self.file} does not exist; name the {FILE_SUFFIX} file of a codec")
        if self.rates:
            options = " and ".join(map(_option, self.rates))
            raise UsageError(f"the codec in {self.file} has a fixed rate; leave out {options}")

    def spec(self) -> CodecSpec:
        """The codec's entry in the table. Raises UsageError for a name that cannot be selected."""
        for spec in SELECTABLE_CODECS:
            if spec.name == self.name:
                return spec
        names = ", ".join(spec.name for spec in SELECTABLE_CODECS)
        raise UsageError(
            f"{self.name!r} is not a codec; choose {names}, or the {FILE_SUFFIX} file of a codec"
        )

    def rate(self) -> Rate:
        """The rate in the codec's unit, defaults included.

        Raises UsageError for a name that cannot be selected, and for rates that the codec lacks.
        """
        spec = self.spec()
        self._check_fields(spec)
        bits_field, map_bits_field = UNIT_FIELDS[spec.unit]
        return Rate(
            bits=self.rates.get(bits_field, spec.default.bits),
            map_bits=self.rates.get(map_bits_field, spec.default.map_bits),
            map_side=self.rates.get("map_side", spec.default.map_side),
        )

    def _check_fields(self, spec: CodecSpec) -> None:
        for unit, names in UNIT_FIELDS.items():
            for name, instead in zip(names, UNIT_FIELDS[spec.unit], strict=True):
                if unit is not spec.unit and name in self.rates:
                    raise UsageError(f"{spec.name} takes {_option(instead)}, not {_option(name)}")
        if not spec.default.map_side:
            for name in ("map_side", UNIT_FIELDS[spec.unit][1]):
                if name in self.rates:
                    raise UsageError(f"{spec.name} stores no color map; leave out {_option(name)}")


def _option(field: str) -> str:
    return "--" + field.replace("_", "-")
