"""Python's collector of cycles, told what a serving process keeps for ever."""

from __future__ import annotations

import gc


def spare_what_is_loaded() -> None:
    """Call it once, when all is loaded: modules, tables and clients stay, and are not looked through again.

    They are some hundred thousand objects; a full collection of them stops every thread for 50 to 100 ms.
    """
    gc.collect()
    gc.freeze()
