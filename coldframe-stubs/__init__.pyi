"""Types of the module `coldframe`: a single module cannot carry py.typed (PEP 561)."""

from archive import *
from archive import __all__ as __all__
from archive import __version__ as __version__
