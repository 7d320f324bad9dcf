"""The keys of a file, one by one: every fault at once, in the words of the grammar."""

from __future__ import annotations

import pytest

from escalade.errors import ScenarioError
from escalade.scenario.parts import read_parts
from escalade.scenario.schema import Quoted, ScenarioFile, Want
from escalade.scenario.source import load_source
from scenario.files import Write

HEAD = "format: 1\ntitle: t\nassessment: {by: b, date: d}\n"


def test_every_wrong_key_is_a_fault_of_its_own(write: Write) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_parts(
            load_source(write("titel: t\nassessment: {}\nactors: {us: {wants: [a]}}\n")),
            ScenarioFile,
        )
    assert [(fault.line, fault.message, fault.advice) for fault in caught.value.faults] == [
        (1, "`format` is missing", "Add `format: …` here."),
        (1, "`title` is missing", "Add `title: …` here."),
        (1, "there is no key `titel` here", "Did you mean `title`?"),
        (2, "`by` is missing", "Add `by: …` here."),
        (2, "`date` is missing", "Add `date: …` here."),
        (3, "expected text, not `['a']`", ""),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("actors: {}", "expected a mapping of 1 or more, not `{}`"),
        ("actors: {us: 3}", "expected a mapping, not `3`"),
        ("actors: {us: {precision: yes and no}, no: {types: {x: [1]}}}",
         "expected a number or text, not `[1]`"),
        ("actors: {us: {}}\nstate: {a: {min: low}}", "expected a number, not `low`"),
        ("actors: {us: {}}\nstate: {a: {flag: 1}}", "expected true or false, not `1`"),
        ("actors: {us: {}}\nstate: {a: {levels: []}}", "expected a list of 2 or more, not `[]`"),
        ("actors: {us: {}}\nmoves: {m: {sets: {a: [1]}}}",
         "expected true or false, a number or text, not `[1]`"),
        ("actors: {us: {}}\nmoves: {m: {habit: true}}", "expected a number or text, not `True`"),
        ("actors: {us: {}}\nplay: [{us: wait}]", "expected a list, not `wait`"),
        ("actors: {us: {}}\nplay: [{repeat: {times: 0, play: [{us: [a]}]}}]",
         "expected a whole number from 1 to 100, not `0`"),
        ("actors: {us: {}}\nstatements: {p1.s1: gossip}",
         "expected 'claim', 'fact', 'judgement', 'question' or 'rumour', not `gossip`"),
    ],
)  # fmt: skip
def test_a_fault_says_what_a_key_holds(write: Write, text: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_parts(load_source(write(HEAD + text)), ScenarioFile)
    assert [fault.message for fault in caught.value.faults] == [message]


def test_an_unknown_key_leaves_the_rest_to_be_checked(write: Write) -> None:
    file, faults = read_parts(
        load_source(write(HEAD + "actors: {us: {nmae: x, means: y}}")), ScenarioFile
    )
    assert [fault.advice for fault in faults] == ["Did you mean `name`?"]
    assert file.actors["us"].means == "y"


def test_short_forms_mean_the_same_as_long_ones(write: Write) -> None:
    def read(text: str) -> ScenarioFile:
        file, faults = read_parts(load_source(write(HEAD + text)), ScenarioFile)
        assert faults == []
        return file

    short = read("actors: {us: {precision: 5, cite: p1.s1, wants: a > b, types: {x: , y: 0.5}}}\n"
                 "play: [{us: [a], when: x}]")  # fmt: skip
    long = read("actors: {us: {precision: {value: 5.0}, cite: [p1.s1], wants: {ranking: a > b},"
                " types: {x: {}, y: {share: 0.5}}}}\nplay: [{us: [a], when: x}]")  # fmt: skip
    assert short == long
    assert short.actors["us"].precision == Quoted(value=5.0)
    assert short.play[0].movers == {"us": ["a"]}
    several = read("actors: {us: {wants: {x: a > b, y: }}}").actors["us"].wants
    assert several is not None
    assert several.by_type == {"x": Want(ranking="a > b"), "y": Want()}
