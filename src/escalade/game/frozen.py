"""Nouns do not change: their arrays are read-only."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np


def freeze(noun: Any) -> None:
    """Make every array of a data class read-only.

    Args:
        noun: What has just been made; fields that are no arrays stay as they are.
    """
    for field in fields(noun):
        value = getattr(noun, field.name)
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
