"""Rankings of outcomes: ``withdrawal > trade ~ pause > war``."""

from __future__ import annotations

from collections.abc import Sequence

from escalade.scenario.faults import ExpressionFault, quote, suggest
from escalade.scenario.scenario import Ranking


def read_ranking(text: str, leaves: Sequence[str]) -> Ranking:
    """Read a ranking of outcomes, best first.

    Args:
        text: Names joined by ``>`` (better than) and ``~`` (as good as). The name of an outcome
            with sub-outcomes stands for those of them that have no place of their own.
        leaves: All outcomes that must find a place.

    Returns:
        The ranking, with sub-outcomes in place of their parents.

    Raises:
        ExpressionFault: For an unknown name, a name with two places, or an outcome left out.
    """
    parents = {leaf[:i] for leaf in leaves for i, letter in enumerate(leaf) if letter == "."}
    known = {*leaves, *parents}
    place: dict[str, int] = {}
    offset = 0
    for stratum, group in enumerate(text.split(">")):
        for part in group.split("~"):
            name = part.strip()
            at = offset + len(part) - len(part.lstrip())
            offset += len(part) + 1
            if name not in known:
                what = f"there is no outcome {quote(name)}" if name else "a name is missing"
                raise ExpressionFault(what, suggest(name, known), at)
            if name in place:
                raise ExpressionFault(f"{quote(name)} has two places in the ranking",
                                      "Each outcome stands once.", at)  # fmt: skip
            place[name] = stratum
    strata: list[list[str]] = [[] for _ in range(text.count(">") + 1)]
    for leaf in leaves:
        owner = leaf
        while owner not in place and "." in owner:
            owner = owner.rsplit(".", 1)[0]
        if owner not in place:
            raise ExpressionFault(f"the ranking leaves out {quote(leaf)}",
                                  "Every outcome needs a place; ~ joins those as good as each "
                                  "other.")  # fmt: skip
        strata[place[owner]].append(leaf)
    return Ranking(tuple(tuple(names) for names in strata if names), " ".join(text.split()))
