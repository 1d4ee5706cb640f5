"""Freed memory stays with the process a while: to give it back and ask again is a quarter of the time of `parse`."""

from __future__ import annotations

import contextlib
import ctypes

OF_POLARS = {"_RJEM_MALLOC_CONF": "dirty_decay_ms:5000,muzzy_decay_ms:5000,oversize_threshold:0"}
"""What must be in the environment before Polars is loaded: five seconds are many slabs, and few days of sessions."""
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # of mallopt(3), which the GNU C library has
_MOST, _SLABS, _LARGEST = 1 << 27, 64 << 20, 32 << 20  # it refuses a larger threshold than the last


def keep() -> None:
    """Nothing; the C library's allocator, which arrays are from, keeps what it gets."""
    with contextlib.suppress(AttributeError, OSError, TypeError):  # other libraries have no such function
        tune = ctypes.CDLL(None).mallopt
        for parameter, size in ((_MMAP_THRESHOLD, _LARGEST), (_TRIM_THRESHOLD, _MOST), (_TOP_PAD, _SLABS)):
            tune(parameter, size)
