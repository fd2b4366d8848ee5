"""Short-lived credentials that can open an Amazon Nova Sonic stream and do nothing else."""

from __future__ import annotations

from nova_sonic import errors
from nova_sonic._native import __version__

__all__ = ["__version__", "errors"]
