"""One file: what YAML may hold, where everything stands, and what is wrong with it."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalade.errors import Fault, ScenarioError
from escalade.scenario import nodes
from escalade.scenario.source import Place, load_source
from scenario.files import Write, faults_of, only_fault

# What a file means


@pytest.mark.usefixtures("parser")
def test_scalars_are_those_of_the_core_schema(write: Write) -> None:
    data = load_source(write(
        "a: {t: true, f: False, n: null, tilde: ~, i: -12, hex: 0x1F, octal: 0o17, x: 1.5,\n"
        "    e: 1e3, dot: .5, zeros: 007}\n"
        "b: [yes, no, on, 1962-10-22, 12:30, 1_000, '1', \"true\", nan, inf, 8 to 30]\n"
        "c:\n"
        "d: >\n  folded\n  text\n"
    )).data  # fmt: skip
    assert data["a"] == {"t": True, "f": False, "n": None, "tilde": None, "i": -12, "hex": 31,
                         "octal": 15, "x": 1.5, "e": 1000.0, "dot": 0.5, "zeros": 7}  # fmt: skip
    assert data["b"] == ["yes", "no", "on", "1962-10-22", "12:30", "1_000", "1", "true", "nan",
                         "inf", "8 to 30"]  # fmt: skip
    assert data["c"] is None
    assert data["d"] == "folded text\n"
    assert type(data["a"]["i"]) is int
    assert type(data["a"]["e"]) is float


def test_expressions_need_no_quotes(write: Write) -> None:
    data = load_source(write(
        "wants: withdrawal > trade ~ war\n"
        "when: rung < strike and not made(air_strike)\n"
        "claims: {a: {holds: P(war | strike) < unlikely}}\n"
    )).data  # fmt: skip
    assert data["wants"] == "withdrawal > trade ~ war"
    assert data["when"] == "rung < strike and not made(air_strike)"
    assert data["claims"]["a"]["holds"] == "P(war | strike) < unlikely"


SAMPLE = """\
format: 1
actors:
  us:
    name: "United States"   # é before a column
    types: {resolute: {share: likely}, cautious: {}}
play:
  - us: [wait, strike]
  - ussr:
    - hold
"""


@pytest.mark.usefixtures("parser")
def test_every_key_and_value_has_its_place(write: Write) -> None:
    path = write(SAMPLE)
    source = load_source(path)

    def at(*steps: str | int, key: bool = False) -> tuple[int, int]:
        place = source.place(steps, key=key)
        assert place.file == str(path)
        assert place.source == (SAMPLE.splitlines() or [""])[place.line - 1]
        return place.line, place.column

    assert at("format") == (1, 9)
    assert at("format", key=True) == (1, 1)
    assert at("actors", "us") == (3, 3)
    assert at("actors", "us", "name") == (4, 11)
    assert at("actors", "us", "name", key=True) == (4, 5)
    assert at("actors", "us", "types", "resolute", "share") == (5, 31)
    assert at("actors", "us", "types", "cautious") == (5, 40)
    assert at("play", 0) == (7, 5)
    assert at("play", 0, "us", 1) == (7, 16)
    assert at("play", 1, "ussr", 0) == (9, 7)


def test_an_unknown_path_has_the_nearest_place_around_it(write: Write) -> None:
    source = load_source(write(SAMPLE))
    assert source.place(("actors", "us", "precision", "value")).line == 3
    assert source.place(("actors", "us", "name", "value")).line == 4
    assert source.place(("nowhere",)).line == 1
    assert source.place(()).line == 1


def test_steps_that_lead_nowhere_are_left_out_of_a_path(write: Write) -> None:
    source = load_source(write(SAMPLE))
    steps = ("actors", "us", "name", "str", "value")
    assert source.path(steps) == ("actors", "us", "name")
    assert source.path(("play", 1, "function-before", "ussr", 0)) == ("play", 1, "ussr", 0)
    assert source.path(("play", 7, "ussr")) == ("play",)


def test_a_fault_points_into_the_text(write: Write) -> None:
    source = load_source(write("when: rung < strik\nwants: 'a > b'\nlong: >\n  a b\n"))
    fault = source.fault(("when",), "`strik` is no level", "Did you mean `strike`?", offset=7)
    assert (fault.line, fault.column) == (1, 14)
    assert fault.source[fault.column - 1 :] == "strik"
    assert source.fault(("wants",), "", offset=2).column == 11
    assert source.fault(("wants",), "", offset=0).column == 8
    assert source.fault(("wants",), "", key=True).column == 1
    assert source.fault(("long",), "", offset=2).column == 7


def test_a_file_may_begin_with_a_byte_order_mark_and_end_lines_as_windows_does(
    write: Write,
) -> None:
    source = load_source(write(b"\xef\xbb\xbfformat: 1\r\ntitle: x\r\n"))
    assert source.data == {"format": 1, "title": "x"}
    assert source.place(("title",)) == Place(str(source.files[0]), 2, 8, "title: x")


def test_an_alias_stands_for_what_it_refers_to(write: Write) -> None:
    source = load_source(write("a: &x {k: 1}\nb: *x\nc: [*x, *x]\n"))
    assert source.data == {"a": {"k": 1}, "b": {"k": 1}, "c": [{"k": 1}, {"k": 1}]}
    assert source.data["a"] is not source.data["b"]
    assert source.place(("b", "k")).line == 1
    assert source.place(("b",)).line == 2


# What is wrong with a file


FAULTS = [
    ("a: 1\nb: 2\na: 3\n", 3, 1, "the key `a` stands here twice", "The first stands on line 1."),
    ("a: !!python/object:os.system x\n", 1, 4, "the tag `!!python/object:os.system` is not allowed",
     "Remove it, or put text that begins with `!` in quotes."),
    ("when: !made x\n", 1, 7, "the tag `!made` is not allowed",
     "Remove it, or put text that begins with `!` in quotes."),
    ("a: &x [*x]\n", 1, 8, "`*x` stands inside what it refers to", "Write it out."),
    ("a: &x {b: {c: *x}}\n", 1, 15, "`*x` stands inside what it refers to", "Write it out."),
    ("a: *x\n", 1, 4, "no `&x` stands before this", "Put text that begins with `*` in quotes."),
    ("a: .nan\n", 1, 4, "`.nan` is no number here", "Write a finite number."),
    ("a: -.inf\n", 1, 4, "`-.inf` is no number here", "Write a finite number."),
    ("a: 1e999\n", 1, 4, "`1e999` is too large", "Write a finite number."),
    ("a:\n\tb: 1\n", 2, 1, "a tab stands where spaces belong", "Indent with spaces."),
    ("a: 1\n1: 2\n", 2, 1, "the key `1` is not a name", "Begin names with a letter."),
    ("true: 2\n", 1, 1, "the key `true` is not a name", "Begin names with a letter."),
    ("? [a]\n: b\n", 1, 3, "a key is a name, which this is not", "Write `name: …`."),
    ("a: {<<: 1}\n", 1, 5, "`<<` does not merge here", "Write the keys out, or use `extends`."),
    ("a: {b:1}\n", 1, 5, "`b:1` needs a space after its colon", ""),
    ("a: {us: uniform(0, 1)}\n", 1, 9, "a comma inside { } or [ ] ends the text `uniform(0`",
     'Put the whole text in quotes: `"uniform(0, …)"`.'),
    ("a: b: c\n", 1, 5, "a colon stands where no key can be",
     "Check the indentation, and put text that contains `: ` in quotes."),
    ("a: 1\nb\n", 2, 1, "a key has no colon", "Write `key: value`, with a space after the colon."),
    ("a: {b: 1\n", 1, 4, "a comma or a closing `}` is missing", "Close the braces opened before."),
    ("a: [b\n", 1, 4, "a comma or a closing `]` is missing", "Close the bracket opened before."),
    ("a: 'b\n", 1, 4, "a quote is not closed", "Close it with the same mark."),
    ("a: @b\n", 1, 4, "`@` cannot begin a text", "Put the text in quotes."),
    ('a: "b" c\n', 1, 8, "nothing can follow here", "Put the whole text in quotes."),
    ("a: \x01\n", 1, 4, "the character U+0001 has no place in a scenario", "Remove it."),
    ('a: "\\x1b[0m"\n', 1, 4, "the character U+001B has no place in a scenario",
     "Remove the escape."),
    ("a: 1\n---\nb: 2\n", 2, 1, "a second document begins here", "Remove the line `---`."),
    ("- a\n- b\n", 1, 1, "a scenario begins with keys, which this is not",
     "Begin with `format: 1`."),
    ("just text\n", 1, 1, "a scenario begins with keys, which this is not",
     "Begin with `format: 1`."),
]  # fmt: skip


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "line", "column", "message", "advice"), FAULTS, ids=[text for text, *_ in FAULTS]
)
def test_faults_have_a_line_and_advice(
    write: Write, text: str, line: int, column: int, message: str, advice: str
) -> None:
    fault = only_fault(write(text))
    assert (fault.line, fault.message, fault.advice) == (line, message, advice)
    assert fault.column == column
    assert fault.source == text.splitlines()[line - 1].replace("\t", "→").replace("\x01", "\ufffd")


@pytest.mark.parametrize("content", ["", "\n\n", "# nothing\n", "---\n", "~\n", "\ufeff"])
def test_an_empty_file_is_a_fault(write: Write, content: str) -> None:
    path = write(content)
    assert only_fault(path) == Fault("the file is empty", "Begin with `format: 1`.", str(path))


def test_a_file_in_another_encoding_is_a_fault(write: Write) -> None:
    fault = only_fault(write("a: 1\nb: é\n".encode("latin-1")))
    assert (fault.line, fault.message, fault.advice) == (
        2, "the file is not UTF-8", "Save it as UTF-8.",
    )  # fmt: skip
    assert only_fault(write("a: 1".encode("utf-16"))).message == "the file is not UTF-8"


def test_all_faults_come_at_once_in_the_order_of_the_file(write: Write) -> None:
    faults = faults_of(write("a: .nan\nb: !x 1\na: 2\n3: 4\n"))
    assert [fault.line for fault in faults] == [1, 2, 3, 4]


def test_size_and_depth_are_bounded(write: Write) -> None:
    assert only_fault(write("a: " + "x" * 1_000_000)).message == "the file is larger than 1 MB"
    assert only_fault(write("a: " + "[" * 400_000)).message == "nested more than 30 deep"
    assert only_fault(write("a: " + "{a: " * 90_000)).message == "nested more than 30 deep"
    assert only_fault(write("a: [" + "1," * 60_000 + "]")).message == (
        "more than 50000 elements, aliases followed"
    )
    deepest = "a: " + "[" * 29 + "]" * 29
    assert load_source(write(deepest)).data
    assert only_fault(write("a: [" + deepest[3:] + "]")).message == "nested more than 30 deep"


def test_aliases_count_as_what_they_refer_to(write: Write) -> None:
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
    )
    start = time.perf_counter()
    assert only_fault(write(laughs)).message == "more than 50000 elements, aliases followed"
    deep = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 40))
    assert only_fault(write(deep)).message == "nested more than 30 deep"
    assert time.perf_counter() - start < 10


# Whatever is written, nothing else escapes


PIECES = st.sampled_from(
    ["a", "b: ", ": ", "- ", "\n", "  ", "{", "}", "[", "]", ",", "&x ", "*x", "!t ", "'", '"',
     "|", ">", "#", "? ", "---", "...", "%YAML 1.2", "\t", "~", "1", ".nan", "<<", "\\", "é",
     "\u2028", "\x00", "extends: a.yaml\n", "@", "`", "(", "\r"]
)  # fmt: skip


@pytest.mark.usefixtures("parser")
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=80), st.lists(PIECES, max_size=25).map("".join)))
def test_any_bytes_are_a_source_or_faults_with_places(write: Write, content: Any) -> None:
    try:
        source = load_source(write(content))
    except ScenarioError as error:
        faults = error.faults
        assert faults
        return
    assert all(isinstance(key, str) for key in source.data)
    assert set(source.places) == set(source.keys)


# Speed


def test_five_hundred_lines_load_quickly(write: Write) -> None:
    block = (
        "  m{i}: {{by: us, when: rung < strike and not made(x), sets: {{rung: alert}}}}\n"
        "  n{i}:\n    by: ussr\n    means: a move\n    costs: {{ussr: moderate}}\n"
    )
    text = "format: 1\nmoves:\n" + "".join(block.format(i=i) for i in range(100))
    path = write(text)
    assert len(load_source(path).data["moves"]) == 200
    times = []
    for _ in range(5):
        start = time.process_time()
        load_source(path)
        times.append(time.process_time() - start)
    assert min(times) < (0.15 if nodes.LOADER is not yaml.SafeLoader else 1.0)
