"""Wings import downwards only, and every heavy library has one door."""

from __future__ import annotations

import ast
import subprocess
import sys

from tests.support.sources import ROOT, imports, name_of, sources

LAYERS = (  # wings: each may import from those before it, and from none in its own line
    {"errors", "settings", "arrays", "metrics", "records"},
    {"codecs", "filters"},
    {"imaging", "models", "store"},
    {"index", "originals", "decode_row", "detail"},
    {"ingest", "recode", "restore"},
    {"selection", "near_duplicates"},
    {"preserve", "evaluate"},
    {"create_archive", "fitting_ingest", "archive_reader", "watching"},
    {"archive"},
    {"demo", "gallery", "service"},
)
DOORS = {  # library → the only places that may import it
    "sqlalchemy": ("archive/store/", "migrations/"),
    "alembic": ("archive/store/database.py", "migrations/"),
    "torch": (
        "archive/models/",
        "archive/detail/",
        "archive/codecs/pqvae",
        "archive/codecs/coders/pqvae",
        "archive/evaluate/iqa.py",
    ),
    "matplotlib": ("cli/shared/plots.py", "cli/shared/stats_plot.py"),
    "pyiqa": ("archive/evaluate/iqa.py",),
    "imageio_ffmpeg": ("archive/imaging/vvc.py",),
    "open_clip": ("archive/models/encoder.py",),
    "diffusers": ("archive/models/decoders/",),
    "transformers": ("archive/models/text.py", "archive/models/decoders/"),
    "huggingface_hub": ("archive/models/hub.py",),
    "faiss": ("archive/index/", "archive/evaluate/faiss_quantizers.py"),
    "constriction": ("archive/codecs/coders/range_coder.py",),
    "sklearn": ("archive/codecs/",),
    "PIL": ("archive/imaging/", "archive/models/encoder.py"),
    "click": ("cli/",),
    "watchdog": ("archive/ingest/folder_events.py",),
    "rich": ("cli/shared/progress.py", "cli/shared/terminal.py"),
    "textual_image": ("cli/shared/terminal.py",),
    "fastapi": ("archive/service/",),
    "starlette": ("archive/service/",),
    "uvicorn": ("archive/service/server.py",),
    "prometheus_client": ("archive/service/metrics.py",),
}
DEFERRED = (  # modules that are themselves imported when they are needed
    "migrations/",
    "archive/codecs/coders/pqvae_network.py",
    "archive/models/names_head.py",
    "archive/service/",
)
LAZY = set(DOORS) - {"sqlalchemy", "PIL", "click"}
HELP = """
import sys
from cli.main import coldframe
coldframe(["--help"], standalone_mode=False)
print(*sys.modules)
"""


def test_imports_point_one_way() -> None:
    rank = {wing: position for position, layer in enumerate(LAYERS) for wing in layer}
    for path in sources("archive"):
        wing = path.relative_to(ROOT / "archive").parts[0].removesuffix(".py")
        if wing == "__init__":
            continue
        for module, _ in imports(path):
            package, _, rest = module.partition(".")
            other = rest.split(".")[0]
            assert package not in ("cli", "training", "benchmarks", "tests"), (
                f"{path} imports {module}"
            )
            if package == "archive" and other and other != wing:
                assert rank[other] < rank[wing], f"{wing} imports {other}: {path}"


def test_every_heavy_library_has_one_door_and_is_imported_when_needed() -> None:
    for path in sources("archive", "cli", "migrations"):
        name = name_of(path)
        for module, at_top in imports(path):
            library = module.split(".")[0]
            if library in DOORS:
                assert name.startswith(DOORS[library]), f"{name} imports {library}"
            assert not (library in LAZY and at_top and not name.startswith(DEFERRED)), (
                f"{name} imports {library} at the top"
            )


def test_help_imports_none_of_the_heavy_libraries() -> None:
    done = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & (LAZY | {"numpy", "sqlalchemy", "PIL"})


def test_the_library_never_prints_exits_or_configures_logging() -> None:
    for path in sources("archive"):
        called = {
            ast.unparse(node.func)
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call)
        }
        assert not called & {"print", "sys.exit", "exit", "logging.basicConfig"}, path
