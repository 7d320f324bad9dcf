"""How much a graded report is worth: from Admiralty grades to likelihood ratios.

No standard gives likelihood ratios for the grades of AJP-2.1 (source A-F, item 1-6). This table is
Escalade's own assumption, wide on purpose: the median likelihood ratio of a report is
``20 ** (source * item)``, and its logarithm has the standard deviation ``0.25 + 0.5 * its size``.
F6 (neither can be judged) is exactly 1: it changes nothing.
"""

from __future__ import annotations

import math

from escalade.scenario.values import Distribution

STRONGEST = 20.0
SOURCE = {"A": 1.0, "B": 0.8, "C": 0.55, "D": 0.3, "E": 0.1, "F": 0.3}
ITEM = {1: 1.0, 2: 0.8, 3: 0.5, 4: 0.2, 5: 0.05, 6: 0.3}


def likelihood_ratio(reliability: str, credibility: int) -> Distribution:
    """The likelihood ratio of a report in favour of what it says.

    Args:
        reliability: Grade of the source, A to F.
        credibility: Grade of the item, 1 to 6.

    Returns:
        A lognormal distribution; exactly 1 for F6.
    """
    grade = f"{reliability}{credibility}"
    if grade == "F6":
        return Distribution("fixed", (1.0,), grade)
    size = math.log(STRONGEST) * SOURCE[reliability] * ITEM[credibility]
    return Distribution("lognormal", (size, 0.25 + 0.5 * size), grade)
