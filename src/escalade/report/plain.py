"""Answers as JSON."""

from __future__ import annotations

import json
import math
from typing import Any, Protocol


class Answer(Protocol):
    """A forecast, or the answer to a question about one."""

    def as_dict(self) -> dict[str, Any]:
        """The answer as plain data."""
        ...


def to_json(answer: Answer) -> str:
    """An answer as JSON text; numbers that do not exist or are infinite are null."""
    return as_json(answer.as_dict())


def as_json(data: Any) -> str:
    """Plain data as JSON text; numbers that do not exist or are infinite are null."""
    return json.dumps(_clean(data), indent=2, ensure_ascii=False, allow_nan=False)


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
