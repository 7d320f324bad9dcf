"""Uncertain values: numbers, words, intervals, counts and named distributions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from escalade.errors import TextError
from escalade.scenario.faults import ValueFault, nearest, quote, suggest
from escalade.text import lexicon
from escalade.text.lexicon import word_for

__all__ = [
    "HABIT_WORDS", "PRECISION_WORDS", "SIZE_WORDS", "Distribution", "Kind", "is_literal",
    "parse_value", "word_for",
]  # fmt: skip

Kind = Literal["probability", "cost", "precision", "weight", "utility", "ratio", "real"]
Family = Literal["fixed", "logitnormal", "lognormal", "normal", "uniform", "triangular", "beta"]

Z90 = 1.6448536269514722
"""Standard normal deviate of the upper end of a central 90 % interval."""

SIZE_WORDS: dict[str, tuple[float, float]] = {
    "negligible": (0.002, 0.02),
    "small": (0.02, 0.1),
    "moderate": (0.1, 0.25),
    "large": (0.25, 0.6),
    "prohibitive": (0.8, 2.0),
}
"""Costs in units of utility, where 1 lies between an actor's worst and best outcome."""

PRECISION_WORDS: dict[str, tuple[float, float]] = {
    "impulsive": (2.0, 8.0),
    "erratic": (6.0, 16.0),
    "deliberate": (14.0, 32.0),
    "calculating": (30.0, 70.0),
}
"""Precision per unit of utility: at λ an error that costs 0.1 is made with odds 1 : exp(λ/10)."""

HABIT_WORDS: dict[str, tuple[float, float]] = {
    "rare": (0.1, 0.4),
    "unusual": (0.3, 0.8),
    "usual": (1.5, 4.0),
}
"""Weights of moves by default; a move without a word weighs 1."""

_WORDS: dict[str, tuple[str, dict[str, tuple[float, float]]]] = {
    "cost": ("a size word", SIZE_WORDS),
    "precision": ("a precision word", PRECISION_WORDS),
    "weight": ("a habit word", HABIT_WORDS),
}
_NAMED = {"normal": 2, "lognormal": 2, "uniform": 2, "triangular": 3, "beta": 2}
_BOUNDS: dict[str, tuple[float, float]] = {
    "probability": (0.0, 1.0),
    "cost": (-1e12, 1e12),
    "precision": (0.0, 1e6),
    "weight": (0.0, 1e12),
    "utility": (0.0, 1.0),
    "ratio": (0.0, 1e12),
    "real": (-1e12, 1e12),
}
_BETWEEN = {
    "probability": "between 0 and 1, both excluded",
    "cost": "between -1e12 and 1e12",
    "precision": "between 0 and 1000000",
    "weight": "above 0",
    "utility": "between 0 and 1",
    "ratio": "above 0",
    "real": "between -1e12 and 1e12",
}
_FORMS = {
    "probability": "A probability is a number above 0 and below 1, a likelihood word such as "
    "`unlikely`, an interval such as `0.1 to 0.3`, counts such as `26 of 129`, or a distribution "
    "such as `beta(2, 5)`.",
    "cost": f"A cost is a number, a size word ({', '.join(SIZE_WORDS)}), an interval such as "
    "`0.1 to 0.3`, or a distribution such as `uniform(0, 0.2)`.",
    "precision": f"A precision is a number, a word ({', '.join(PRECISION_WORDS)}), an interval "
    "such as `5 to 20`, or a distribution such as `lognormal(10, 0.5)`.",
    "weight": f"A habit is a number above 0, a word ({', '.join(HABIT_WORDS)}), an interval such "
    "as `0.5 to 2`, or a distribution such as `uniform(0.5, 2)`.",
    "utility": "A utility is a number from 0 to 1, an interval such as `0.6 to 0.8`, or a "
    "distribution such as `triangular(0, 0.3, 1)`.",
    "ratio": "A likelihood ratio is a number above 0, an interval such as `2 to 10`, or a "
    "distribution such as `lognormal(4, 0.5)`.",
    "real": "Write a number, an interval such as `10 to 60`, or a distribution such as "
    "`lognormal(20, 0.5)`.",
}

NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMBER = re.compile(NUMBER)
_INTERVAL = re.compile(rf"({NUMBER})\s+to\s+({NUMBER})")
_COUNTS = re.compile(r"([0-9]{1,9})\s+of\s+([0-9]{1,9})")
_CALL = re.compile(r"([A-Za-z_]+)\s*\(([^()]*)\)")
_WORDLIKE = re.compile(r"[A-Za-z][A-Za-z _-]*")
_DASHED = re.compile(rf"({NUMBER})\s*[-–—]\s*({NUMBER})")
_PERCENT = re.compile(rf"({NUMBER})\s*%")


@dataclass(frozen=True, slots=True)
class Distribution:
    """An uncertain number.

    Attributes:
        family: Its form.
        parameters: fixed (x,); logitnormal (mean, sd on the logit scale); lognormal (mean, sd on
            the log scale); normal (mean, sd); uniform (low, high); triangular (low, mode, high);
            beta (a, b).
        text: As the author wrote it.
        word: The word in its canonical form, when the author wrote one.
        group: ``high``, ``middle`` or ``low`` for likelihood words, which share an author effect.
    """

    family: Family
    parameters: tuple[float, ...]
    text: str
    word: str = ""
    group: str = ""

    @property
    def median(self) -> float:
        """The median, in closed form.

        For ``beta`` it is the approximation (a - 1/3) / (a + b - 2/3) of Kerman (2011,
        arXiv:1111.0433), good to 4 % when a and b are at least 1, kept within (0, 1).
        """
        return _MEDIAN[self.family](*self.parameters)


def _triangular_median(low: float, mode: float, high: float) -> float:
    width = high - low
    if mode >= (low + high) / 2:
        return low + math.sqrt(width * (mode - low) / 2)
    return high - math.sqrt(width * (high - mode) / 2)


def _beta_median(a: float, b: float) -> float:
    if a + b <= 2 / 3:
        return a / (a + b)
    return min(max((a - 1 / 3) / (a + b - 2 / 3), 1e-9), 1 - 1e-9)


_MEDIAN: dict[Family, Callable[..., float]] = {
    "fixed": lambda x: x,
    "logitnormal": lambda mean, _: _expit(mean),
    "lognormal": lambda mean, _: math.exp(mean),
    "normal": lambda mean, _: mean,
    "uniform": lambda low, high: (low + high) / 2,
    "triangular": _triangular_median,
    "beta": _beta_median,
}


def parse_value(text: str | float | None, kind: Kind) -> Distribution:
    """Read an uncertain value as the author wrote it.

    An end of a distribution may touch a bound that its draws never reach, as in ``uniform(0, 1)``
    for a probability.

    Args:
        text: A number, or the text of one of the forms above.
        kind: What the number stands for; it sets the words, the bounds and the scale on which an
            interval is read (logit for probabilities and utilities, log for positive costs,
            precisions and weights, plain otherwise).

    Raises:
        ValueFault: A ValueError with what is wrong and, as advice, the nearest valid word.
    """
    if text is None or isinstance(text, bool):
        raise ValueFault(f"{quote(text)} is no number", _FORMS[kind])
    if not isinstance(text, str):
        return _fixed(float(text) if abs(text) < 1e300 else math.inf, str(text), kind)
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return _fixed(float(text), text, kind)
    if found := _INTERVAL.fullmatch(text):
        return _interval(float(found[1]), float(found[2]), text, kind)
    if found := _COUNTS.fullmatch(text):
        return _counts(int(found[1]), int(found[2]), text, kind)
    if found := _CALL.fullmatch(text):
        return _named(found[1], found[2], text, kind)
    if _WORDLIKE.fullmatch(text):
        return _word(text, kind)
    raise ValueFault(f"cannot read {quote(text)}", _near_miss(text) or _FORMS[kind])


def is_literal(text: str) -> bool:
    """Whether a text has the form of a value rather than of an expression, right or wrong."""
    text = text.strip()
    call = _CALL.fullmatch(text)
    if call:
        return nearest(call[1], _NAMED) != ""
    forms = (_NUMBER, _INTERVAL, _COUNTS)
    return any(form.fullmatch(text) for form in forms) or "%" in text or not text


def _fixed(x: float, text: str, kind: Kind) -> Distribution:
    low, high = _BOUNDS[kind]
    strict = kind in ("probability", "weight", "ratio")
    if not low <= x <= high or (strict and x == low) or (kind == "probability" and x == high):
        raise ValueFault(f"{quote(text)} is not {_BETWEEN[kind]}", _bound_advice(x, kind))
    return Distribution("fixed", (x,), text)


def _bound_advice(x: float, kind: Kind) -> str:
    if kind == "probability" and x in (0.0, 1.0):
        return "Nothing is certain here: write a number such as 0.001 or 0.999, or a word."
    if kind in ("probability", "utility") and 2 <= x <= 100:
        return f"Write {x / 100:g} for {x:g} %."
    return _FORMS[kind]


def _interval(low: float, high: float, text: str, kind: Kind) -> Distribution:
    """A central 90 % interval on the scale of its kind."""
    if not low < high:
        raise ValueFault(
            f"the interval {quote(text)} does not rise",
            f"Write `{high:g} to {low:g}`." if high < low else f"Write the number alone: {low:g}.",
        )
    least, most = _BOUNDS[kind]
    outside = low < least or high > most
    if kind in ("probability", "utility"):
        if low <= 0 or high >= 1:
            raise ValueFault(
                f"the ends of {quote(text)} are not between 0 and 1, both excluded",
                _interval_advice(low, high) or _FORMS[kind],
            )
        return _spread("logitnormal", _logit(low), _logit(high), text)
    if kind in ("precision", "weight", "ratio") and low <= 0 < high <= most:
        advice = f"Write `uniform(0, {high:g})`, or a lower end above 0."
        raise ValueFault(f"the lower end of {quote(text)} is not above 0", advice)
    if outside:
        raise ValueFault(f"the ends of {quote(text)} are not {_BETWEEN[kind]}", _FORMS[kind])
    if kind == "real" or low <= 0:
        return _spread("normal", low, high, text)
    return _spread("lognormal", math.log(low), math.log(high), text)


def _interval_advice(low: float, high: float) -> str:
    if 0 <= low < high <= 1:
        return f"Write `uniform({low:g}, {high:g})`, or ends inside."
    if 0 <= low < high <= 100:
        return f"Write `{low / 100:g} to {high / 100:g}` for {low:g} to {high:g} %."
    return ""


def _spread(family: Family, low: float, high: float, text: str, *, word: str = "") -> Distribution:
    return Distribution(family, ((low + high) / 2, (high - low) / (2 * Z90)), text, word)


def _counts(hits: int, cases: int, text: str, kind: Kind) -> Distribution:
    """Jeffreys' posterior of a share, Beta(k + 1/2, n - k + 1/2)."""
    if kind != "probability":
        raise ValueFault(f"counts such as {quote(text)} are for probabilities", _FORMS[kind])
    if cases == 0 or hits > cases:
        raise ValueFault(f"{quote(text)} is no share of cases", "Write hits first: `26 of 129`.")
    return Distribution("beta", (hits + 0.5, cases - hits + 0.5), text)


def _named(name: str, arguments: str, text: str, kind: Kind) -> Distribution:
    family = name.lower()
    if family not in _NAMED:
        raise ValueFault(
            f"{quote(name)} is no distribution", suggest(name, _NAMED, otherwise="There are")
        )
    parts = [part.strip() for part in arguments.split(",")]
    if len(parts) != _NAMED[family] or not all(_NUMBER.fullmatch(part) for part in parts):
        raise ValueFault(f"{quote(text)} does not have the form {_USAGE[family]}")
    values = [float(part) for part in parts]
    if not all(abs(value) <= 1e12 for value in values):
        raise ValueFault(f"a number in {quote(text)} is too large", "The limit is 1e12.")
    _check_shape(family, values, text)
    _check_bounds(family, values, text, kind)
    if family == "lognormal":
        values[0] = math.log(values[0])
    return Distribution(family, tuple(values), text)  # type: ignore[arg-type]


_USAGE = {
    "normal": "`normal(mean, standard deviation)`",
    "lognormal": "`lognormal(median, sigma)`",
    "uniform": "`uniform(low, high)`",
    "triangular": "`triangular(low, mode, high)`",
    "beta": "`beta(a, b)`",
}


def _check_shape(family: str, values: list[float], text: str) -> None:
    """Refuse parameters that make no distribution."""
    if family in ("uniform", "triangular"):
        wrong = values[0] >= values[-1] or sorted(values) != values
        message = f"the numbers in {quote(text)} do not rise"
    elif family == "normal":
        wrong = values[1] <= 0
        message = f"the standard deviation in {quote(text)} is not above 0"
    else:
        wrong = min(values) <= 0
        message = f"a number in {quote(text)} is not above 0"
    if wrong:
        raise ValueFault(message, f"Its form is {_USAGE[family]}.")
    if family == "lognormal" and values[1] > 10:
        raise ValueFault(f"the sigma in {quote(text)} is above 10", "It is on the log scale.")


def _check_bounds(family: str, values: list[float], text: str, kind: Kind) -> None:
    """Refuse a distribution that strays outside the bounds of its kind."""
    low, high = _BOUNDS[kind]
    free = kind in ("cost", "real")
    if family == "normal":
        inside = free
    elif family == "lognormal":
        inside = kind not in ("probability", "utility") and values[0] <= high
    elif family == "beta":
        inside = True
    else:
        inside = low <= values[0] and values[-1] <= high
    if not inside:
        raise ValueFault(f"{quote(text)} strays outside its bounds", _FORMS[kind])


def _word(text: str, kind: Kind) -> Distribution:
    phrase = " ".join(re.split(r"[\s_-]+", text)).lower()
    if kind == "probability":
        return _likelihood(text, phrase)
    if kind not in _WORDS or phrase not in _WORDS[kind][1]:
        raise _wrong_word(text, phrase, kind)
    low, high = _WORDS[kind][1][phrase]
    return _spread("lognormal", math.log(low), math.log(high), text, word=phrase)


def _likelihood(text: str, phrase: str) -> Distribution:
    try:
        found = lexicon.lookup(phrase)
    except TextError:
        raise _wrong_word(text, phrase, "probability") from None
    return Distribution(
        "logitnormal", (found.logit_mean, found.logit_sd), text, found.term, found.group
    )


def _wrong_word(text: str, phrase: str, kind: Kind) -> ValueFault:
    """What is wrong with a word: it is of another kind, or unknown."""
    likelihood = lexicon.words()
    others = [*_WORDS.values(), ("a likelihood word", likelihood)]
    for name, words in others:
        if phrase in words:
            return ValueFault(f"{quote(text)} is {name}, which does not fit here", _FORMS[kind])
    if kind == "probability":
        advice = suggest(phrase, likelihood, otherwise="Such words are")
        return ValueFault(f"{quote(text)} is no likelihood word", advice)
    if kind not in _WORDS:
        return ValueFault(f"cannot read {quote(text)}", _FORMS[kind])
    name, words = _WORDS[kind]
    advice = suggest(phrase, words, otherwise="The words are")
    return ValueFault(f"{quote(text)} is no {name.removeprefix('a ')}", advice)


def _near_miss(text: str) -> str:
    """Advice for percentages and for intervals written with a dash."""
    if found := _DASHED.fullmatch(text):
        return f"Write {quote(found[1] + ' to ' + found[2])}."
    if not _PERCENT.search(text):
        return ""
    plain = _PERCENT.sub(lambda found: f"{float(found[1]) / 100:g}", text)
    return f"Write {quote(plain)}: shares of 1, not percentages."


def _logit(p: float) -> float:
    return math.log(p) - math.log1p(-p)


def _expit(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
