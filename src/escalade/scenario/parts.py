"""The data of a file laid out as parts of the grammar, with every fault of a single key."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec.inspect import (
    AnyType,
    BoolType,
    DictType,
    FloatType,
    IntType,
    ListType,
    LiteralType,
    Metadata,
    NoneType,
    StrType,
    StructType,
    Type,
    UnionType,
    type_info,
)

from escalade.errors import Fault, ScenarioError
from escalade.scenario.faults import quote, suggest
from escalade.scenario.schema import Part
from escalade.scenario.source import Source, Steps

_PLAIN: dict[type[Type], tuple[Any, str]] = {
    NoneType: (type(None), "nothing"),
    BoolType: (bool, "true or false"),
    IntType: (int, "a whole number"),
    FloatType: ((int, float), "a number"),
    StrType: (str, "text"),
    ListType: (list, "a list"),
    DictType: (dict, "a mapping"),
}
"""What a value is in plain data, and what a person calls it."""


File = TypeVar("File", bound=Part)


def read_parts(source: Source, grammar: type[File]) -> tuple[File, list[Fault]]:
    """A file checked key by key.

    Args:
        source: The file.
        grammar: What may stand in it.

    Returns:
        The file without its unknown keys, so that the rest can be checked too, and those keys as
        faults.

    Raises:
        ScenarioError: With every fault, if a key is missing or holds what it cannot hold.
    """
    parts = _Parts(source)
    file = parts.value(type_info(grammar), source.data, ())
    if parts.broken:
        raise ScenarioError(parts.sorted())
    return file, parts.sorted()


class _Parts:
    """Parts from plain data, with all faults noted."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.faults: list[Fault] = []
        self.broken = False

    def sorted(self) -> list[Fault]:
        """The faults in the order of the files."""
        return sorted(self.faults, key=lambda fault: (fault.file, fault.line, fault.column))

    def value(self, kind: Type, given: Any, at: Steps) -> Any:
        """What is written at a path, as the grammar has it."""
        if isinstance(kind, Metadata):
            kind = kind.type
        kinds = kind.types if isinstance(kind, UnionType) else (kind,)
        found = next((one for one in kinds if _fits(one, given)), None)
        match found or kind:
            case StructType() as part:
                return self.part(part, given, at)
            case DictType(key_type=name, value_type=inner) if found:
                return {self.value(name, key, (*at, key)): self.value(inner, one, (*at, key))
                        for key, one in given.items()}  # fmt: skip
            case ListType(item_type=inner) if found:
                return [self.value(inner, one, (*at, i)) for i, one in enumerate(given)]
        if not found:
            wanted = [_words(one) for one in kinds if not isinstance(one, NoneType)]
            self._broken(at, f"expected {_either(wanted)}, not {quote(given)}")
        return float(given) if isinstance(found, FloatType) else given

    def part(self, kind: StructType, given: Any, at: Steps) -> Any:
        """A part of the file from its keys."""
        part: Any = kind.cls
        data = part.expand(given)
        if not isinstance(data, dict):
            return self._broken(at, f"expected a mapping, not {quote(given)}")
        fields = {field.encode_name: field for field in kind.fields}
        rest = fields.pop(part.others, None)
        found = {fields[key].name: self.value(fields[key].type, data[key], (*at, key))
                 for key in data if key in fields}  # fmt: skip
        unknown = {key: value for key, value in data.items() if key not in fields}
        if rest:
            found[rest.name] = self.value(rest.type, unknown, at)
        else:
            for key in unknown:
                advice = suggest(str(key), fields, otherwise="Keys here")
                self._fault((*at, key), f"there is no key {quote(key)} here", advice)
        missing = [key for key, field in fields.items() if field.required and key not in data]
        for key in missing:
            self._broken(at, f"{quote(key)} is missing", f"Add `{key}: …` here.")
        return None if missing else part(**found)

    def _broken(self, at: Steps, message: str, advice: str = "") -> None:
        self.broken = True
        self._fault(at, message, advice)

    def _fault(self, at: Steps, message: str, advice: str) -> None:
        self.faults.append(self.source.fault(self.source.path(at), message, advice))


def _fits(kind: Type, given: Any) -> bool:
    """Whether a value is of a kind; what a part holds is looked at later."""
    if isinstance(kind, AnyType):
        return True
    if isinstance(kind, StructType):
        return given is not None
    if isinstance(kind, LiteralType):
        return any(type(given) is type(one) and given == one for one in kind.values)
    if isinstance(given, bool):
        return isinstance(kind, BoolType)
    if not isinstance(given, _PLAIN[type(kind)][0]):
        return False
    if isinstance(kind, IntType):
        return kind.ge <= given <= kind.le
    return not isinstance(kind, ListType | DictType) or len(given) >= (kind.min_length or 0)


def _words(kind: Type) -> str:
    """A kind in the words of somebody who writes a scenario."""
    if isinstance(kind, StructType):
        return "a mapping"
    if isinstance(kind, LiteralType):
        return _either([repr(one) for one in kind.values])
    bounds = ""
    if isinstance(kind, IntType):
        bounds = f" from {kind.ge} to {kind.le}"
    elif isinstance(kind, ListType | DictType) and kind.min_length:
        bounds = f" of {kind.min_length} or more"
    return _PLAIN[type(kind)][1] + bounds


def _either(words: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
