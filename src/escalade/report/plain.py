"""The forecast as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

from escalade.forecast.forecast import Forecast


def to_json(forecast: Forecast) -> str:
    """The forecast as JSON text; numbers that do not exist are null."""
    return json.dumps(_clean(forecast.as_dict()), indent=2, ensure_ascii=False, allow_nan=False)


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
