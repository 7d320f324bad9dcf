"""A small theatre for tests of expressions, and what is shared between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from escalade.scenario.expressions import Bound, Scope, bind, evaluate, parse
from escalade.scenario.faults import LanguageFault
from escalade.scenario.variables import Variable

LEVELS = ("quiet", "quarantine", "alert", "strike")
VARIABLES = (
    Variable.ladder("rung", 0, LEVELS),
    Variable("stock", 1, "number", start=3.0, low=0.0, high=5.0),
    Variable.flag("permission", 2),
    Variable.ladder("theirs", 3, LEVELS),
    Variable.ladder("missiles", 4, ("absent", "ready")),
)
SCOPE = Scope(
    {variable.id: variable for variable in VARIABLES},
    {"shells": 0, "audience_cost": 1},
    ("wait", "air_strike"),
)


NAMES = sorted([*SCOPE.variables, *SCOPE.quantities])
KNOWN = f"Known here: {', '.join(f'`{name}`' for name in NAMES)}."


def bound(text: str) -> Bound:
    return bind(parse(text), SCOPE)


def value(text: str, state: tuple[float, ...] = (1, 3, 1, 2, 0), *, shells: Any = 20.0) -> Any:
    return evaluate(
        bound(text),
        state=state,
        made=lambda move: move == "wait",
        quantity=lambda index: (shells, 0.5)[index],
    )


def fault_of(call: Callable[..., object], *arguments: object) -> tuple[str, str, int]:
    with pytest.raises(LanguageFault) as caught:
        call(*arguments)
    return caught.value.message, caught.value.advice, caught.value.offset


PIECES = st.sampled_from(
    ["rung", "strike", "stock", "shells", "permission", "made(", "if(", "min(", "P(", "(", ")",
     ",", "|", "<", "==", "!=", "and", "or", "not", "-", "+", "/", "1", "0", "1e12", "wait", "up",
     "likely", "remote", "chance", "true", "to", "gaza.war", ".", "\n", "%"]
)  # fmt: skip
ANY_TEXT = st.one_of(st.text(max_size=600), st.lists(PIECES, max_size=40).map(" ".join))
