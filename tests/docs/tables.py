"""The tables of the documentation that are drawn from the code.

On a page such a table stands below a comment: `<!-- table: size words -->`, `<!-- keys: Move -->`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, get_args, get_origin, get_type_hints

from msgspec.structs import FieldInfo, fields
from scipy import special, stats

from escalade.game.compile import MAX_HISTORIES
from escalade.scenario import document, nodes, syntax
from escalade.scenario.grades import ITEM, SOURCE, likelihood_ratio
from escalade.scenario.reading import RESERVED
from escalade.scenario.schema import Part, ScenarioFile, Wants
from escalade.scenario.source import MAX_EXTENDS
from escalade.scenario.turns import MAX_TURNS
from escalade.scenario.values import HABIT_WORDS, PRECISION_WORDS, SIZE_WORDS, Z90
from escalade.text import lexicon

Model = type[Part]
DOCUMENTED = re.compile(r"<!-- (?:json|samples): (\w+) -->\n\n\|.*\n\|.*\n((?:\|.*\n)+)")
GENERATED = re.compile(r"<!-- (table|keys): ([\w ]+) -->\n\n?((?:\|.*\n)*)\n?")


def documented_keys(page: str) -> dict[str, list[str]]:
    """The keys in the first column of each table of keys, by what the table is about."""
    return {
        name: [
            key
            for row in rows.splitlines()
            for key in re.findall(r"`([^`]+)`", row.split(" | ")[0])
        ]
        for name, rows in DOCUMENTED.findall(page)
    }


def entries(name: str, data: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Every mapping in JSON: what it is an entry of, and its keys."""
    yield name, list(data)
    for key, inner in data.items():
        for entry in inner if isinstance(inner, list) else ():
            if isinstance(entry, dict):
                yield from entries(key, entry)


def models() -> dict[str, Model]:
    """The parts of a scenario file by name, in the order of the grammar."""
    found: dict[str, Model] = {}

    def visit(model: Model) -> None:
        if model.__name__ in found:
            return
        found[model.__name__] = model
        for annotation in hints(model).values():
            for inner in members(annotation):
                visit(inner)

    visit(ScenarioFile)
    del found[Wants.__name__]  # its fields are no keys: a want stands in their place
    return found


def hints(model: Model) -> dict[str, Any]:
    """The annotation of each field, names of later classes resolved."""
    found = get_type_hints(model)
    return {id: found[id] for id in model.__struct_fields__}


def keys(model: Model) -> dict[str, FieldInfo]:
    """The keys of a part of the file; those that are names are not among them."""
    return {field.encode_name: field for field in fields(model) if field.name != model.others}


def members(annotation: Any) -> Iterator[Model]:
    """The models that an annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for argument in get_args(annotation) if get_origin(annotation) else ():
        yield from members(argument)


def drawn(found: re.Match[str]) -> str:
    """A match of `GENERATED` with the table as the code has it today."""
    kind, name, _ = found.groups()
    return f"<!-- {kind}: {name} -->\n\n{_keys(name) if kind == 'keys' else TABLES[name]()}\n"


def _keys(name: str) -> str:
    """The keys of one part of the file with their descriptions, inherited ones last."""
    model = models()[name]
    own = [id for base in model.__mro__ for id in vars(base).get("__annotations__", ())]
    rows = []
    for name, field in sorted(keys(model).items(), key=lambda item: own.index(item[1].name)):
        needed = ", needed" if field.required else ""
        (note,) = field.type.__metadata__
        rows.append((f"`{name}`{needed}", note.description))
    return _table(("key", "holds"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [
        [cell.replace("|", "\\|") for cell in row] for row in (head, ("---",) * len(head), *rows)
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _percent(p: float) -> str:
    if 0 < p < 0.001:
        return "<0.1 %"
    return f"{100 * p:.0f} %" if p >= 0.1 else f"{100 * p:.2g} %"


def _range(low: float, high: float) -> str:
    return f"{_percent(low)} to {_percent(high)}"


def _likelihood() -> str:
    rows = []
    for word in sorted(set(lexicon.words().values()), key=lambda word: -word.logit_mean):
        read = (_range(word.low, word.high), _percent(word.median)) if word.measured else ("", "")
        band = _range(*word.band) if word.band else ""
        rows.append((f"`{word.term}`", *read, word.group, band))
    return _table(("word", "nine in ten readers", "middle reader", "group", "ICD 203"), rows)


def _spellings() -> str:
    rows = [(f"`{alias}`", f"`{term}`") for alias, term in lexicon.ALIASES.items()]
    return _table(("also understood", "as"), rows)


def _words(words: Mapping[str, tuple[float, float]]) -> str:
    rows = [(f"`{word}`", f"{low:g} to {high:g}") for word, (low, high) in words.items()]
    return _table(("word", "nine times in ten"), rows)


def _precision() -> str:
    named = {f"{value}": (value, value) for value in (0, 5, 10, 20, 40)}
    named |= {f"`{word}`, {low:g} to {high:g}": (low, high) for word, (low, high) in
              PRECISION_WORDS.items()}  # fmt: skip
    rows = [
        (name, *(_errors(low, high, loss) for loss in (0.02, 0.1, 0.25)))
        for name, (low, high) in named.items()
    ]
    return _table(("precision", "costs 0.02", "costs 0.1", "costs 0.25"), rows)


def _errors(low: float, high: float, loss: float) -> str:
    """How often an error of a cost is made against the best alternative."""
    least, most = (_percent(float(special.expit(-value * loss))) for value in (high, low))
    return least if least == most else f"{least} to {most}"


def _grades() -> str:
    rows = [
        (f"**{source}**", *(_ratio(source, item) for item in ITEM)) for source in sorted(SOURCE)
    ]
    return _table(("", *(str(item) for item in ITEM)), rows)


def _ratio(source: str, item: int) -> str:
    found = likelihood_ratio(source, item)
    if found.family == "fixed":
        return "exactly 1"
    mean, sd = found.parameters
    low, high = math.exp(mean - Z90 * sd), math.exp(mean + Z90 * sd)
    return f"{_ratio_words(math.exp(mean))} ({_ratio_words(low)} to {_ratio_words(high)})"


def _ratio_words(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2g}"


def _bands() -> str:
    rows = [(word, _range(low, high)) for word, (low, high) in lexicon.ICD_203]
    return _table(("word", "from, to"), rows)


def _counts() -> str:
    rows = []
    for hits, cases in ((0, 129), (13, 129), (1, 4), (10, 34)):
        beta = stats.beta(hits + 0.5, cases - hits + 0.5)
        low, middle, high = (_percent(float(beta.ppf(q))) for q in (0.05, 0.5, 0.95))
        rows.append((f"`{hits} of {cases}`", middle, f"{low} to {high}"))
    return _table(("counts", "middle", "nine times in ten"), rows)


def _reserved() -> str:
    words = [f"`{word}`" for word in sorted(RESERVED)]
    words += [""] * (-len(words) % 5)
    return _table(("words", *[""] * 4), (tuple(words[i : i + 5]) for i in range(0, len(words), 5)))


def _sizes() -> str:
    rows = [
        ("ways the play of one theatre can go", f"{MAX_HISTORIES:,}"),
        ("turns of one theatre, repeats counted", f"{MAX_TURNS:,}"),
        ("size of a file", f"{document.MAX_BYTES / 1e6:g} MB"),
        ("depth of a file, mappings inside mappings", f"{nodes.MAX_DEPTH}"),
        ("keys and values of a file, aliases followed", f"{nodes.MAX_NODES:,}"),
        ("steps of a chain of files that extend each other", f"{MAX_EXTENDS}"),
        ("length of an expression", f"{syntax.MAX_LENGTH} characters"),
        ("depth of an expression", f"{syntax.MAX_DEPTH}"),
        ("names, numbers and operators in an expression", f"{syntax.MAX_NODES}"),
        ("largest number in an expression", f"{syntax.MAX_NUMBER:g}"),
    ]
    return _table(("what", "at most"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "counts": _counts,
    "grades": _grades,
    "habit words": lambda: _words(HABIT_WORDS),
    "ICD 203": _bands,
    "likelihood words": _likelihood,
    "other spellings": _spellings,
    "precision": _precision,
    "precision words": lambda: _words(PRECISION_WORDS),
    "reserved words": _reserved,
    "size words": lambda: _words(SIZE_WORDS),
    "sizes": _sizes,
}
