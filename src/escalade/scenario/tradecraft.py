"""The analytic standards of ICD 203 that a program can see, for ``check --strict``.

Reference:
    Office of the Director of National Intelligence (2015), Intelligence Community Directive 203,
    Analytic Standards, section D.6: sourcing, uncertainty, assumptions, alternatives, argument.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from escalade.errors import Fault
from escalade.scenario.scenario import Outcome, Scenario
from escalade.scenario.values import Distribution
from escalade.text.lexicon import find_words
from escalade.text.pins import read_pins, read_text

CONFIDENCE = re.compile(r"\b(low|moderate|medium|high)[- ]confidence\b", re.IGNORECASE)
ANALOGY = re.compile(
    r"\b(analog(?:y|ies|ous)|another (?:munich|vietnam|pearl harbou?r)|history (?:shows|teaches|"
    r"repeats)|lessons? of|(?:like|as) in (?:1[5-9]|20)\d\d|precedents?|reminiscent of)\b",
    re.IGNORECASE,
)
COUNTS = re.compile(r"\d+\s+of\s+\d+")
ONE_SIDED = 4
"""Details of one outcome, the others having none, that make alternatives one-sided."""


def tradecraft(scenario: Scenario, *, text: Path | None = None) -> list[Fault]:
    """What in a scenario falls short of the standards, in the order of the file.

    Args:
        scenario: The scenario.
        text: The assessment, when it does not stand beside the scenario; without it the gists of
            the statements are read instead.

    Returns:
        One entry each; an entry without a line concerns the whole file.
    """
    sentences = _sentences(scenario, text)
    prose = {s.sentence: s.gist for s in scenario.statements} | sentences
    found = [*mixed_sentences(scenario, sentences), *_mixed(scenario), *unscorable(scenario),
             *_one_sided(scenario), *_uncited(scenario), *_ungraded(scenario),
             *_analogies(scenario, prose)]  # fmt: skip
    return sorted(found, key=lambda fault: (fault.line == 0, fault.line))


def mixed_sentences(scenario: Scenario, sentences: Mapping[str, str]) -> Iterator[Fault]:
    """Likelihood and confidence in one sentence of the text; given are their words by their ids."""
    for id, words in sentences.items():
        if mixed := _confidence(words):
            advice = "Keep likelihood and confidence in separate sentences (ICD 203)."
            yield _note(scenario, 0, f"{id} mixes a likelihood word with '{mixed}'", advice)


def unscorable(scenario: Scenario) -> Iterator[Fault]:
    """Ways to end without resolver or date."""
    for theatre in scenario.theatres:
        where = f"theatre '{theatre.id}': " if len(scenario.theatres) > 1 else ""
        for outcome in theatre.outcomes:
            given = (("resolver", outcome.resolved_by), ("date", outcome.date))
            if lacking := " and no ".join(what for what, value in given if not value):
                message = f"{where}'{outcome.id}' is unscorable: it has no {lacking}"
                advice = "Say how a stranger decides it (resolved_by), and by when."
                yield _note(scenario, outcome.line, message, advice)


def _confidence(words: str) -> str:
    """The statement of confidence in a text that holds a likelihood word too; else empty."""
    confidence = CONFIDENCE.search(words)
    return confidence.group(0) if confidence and find_words(words) else ""


def _sentences(scenario: Scenario, text: Path | None) -> dict[str, str]:
    """The words of every pinned sentence, if the text is at hand."""
    given = scenario.assessment
    path = text or given.text
    if given.sentences is None or path is None or not path.exists():
        return {}
    return read_pins(given.sentences).words(read_text(path))


def _note(scenario: Scenario, line: int, message: str, advice: str) -> Fault:
    return Fault(message, advice, str(scenario.path), line)


def _mixed(scenario: Scenario) -> Iterator[Fault]:
    """Likelihood and confidence in one statement of the file itself."""
    said = [(f"claim '{claim.id}'", claim.says) for claim in scenario.claims]
    said += [(f"statement {s.sentence}", s.gist) for s in scenario.statements]
    said += [(f"evidence '{report.id}'", report.means) for report in scenario.evidence]
    for where, words in said:
        if mixed := _confidence(words):
            yield _note(scenario, 0, f"{where} mixes a likelihood word with '{mixed}'",
                        "Keep likelihood and confidence in separate statements.")  # fmt: skip


def _one_sided(scenario: Scenario) -> Iterator[Fault]:
    """Theatres in which a single way to end carries all detail."""
    for theatre in scenario.theatres:
        details: Counter[str] = Counter()
        for outcome in theatre.outcomes:
            details[outcome.id.partition(".")[0]] += _details(outcome)
        top, most = details.most_common(1)[0]
        if len(details) > 1 and most >= ONE_SIDED and details.total() == most:
            line = next(o.line for o in theatre.outcomes if o.id.startswith(top))
            yield _note(scenario, line, f"one-sided: only '{top}' says what it means, how it is "
                        "resolved, or what it rests on",
                        "Describe the alternatives as fully.")  # fmt: skip


def _details(outcome: Outcome) -> int:
    return len(outcome.cite) + (outcome.means != outcome.id) + bool(outcome.resolved_by)


def _uncited(scenario: Scenario) -> Iterator[Fault]:
    """Assumptions, one by one."""
    for item in scenario.inputs:
        if not item.cite and item.kind != "real":
            yield _note(scenario, item.line, f"'{item.name}' is an assumption without citation",
                        "Cite the sentence it rests on, or say why it is assumed.")  # fmt: skip


def _ungraded(scenario: Scenario) -> Iterator[Fault]:
    """Reports whose source or content nobody has judged."""
    graded = {sentence for report in scenario.evidence for sentence in report.cite}
    for report in scenario.evidence:
        if "F" in report.grade or "6" in report.grade:
            line = scenario.inputs[report.ratio].line
            yield _note(scenario, line, f"evidence '{report.id}' is graded {report.grade}: its "
                        f"{'source' if 'F' in report.grade else 'content'} is not judged",
                        "Grade the source A to E, the item 1 to 5.")  # fmt: skip
    for statement in scenario.statements:
        rests = scenario.citations.get(statement.sentence)
        if statement.status in ("claim", "rumour") and statement.sentence not in graded and rests:
            yield _note(scenario, 0, f"{statement.sentence} is a {statement.status} that no source "
                        f"is graded for, and {rests[0]} rests on it",
                        "Enter it as evidence from a graded source.")  # fmt: skip


def _analogies(scenario: Scenario, prose: dict[str, str]) -> Iterator[Fault]:
    """Precedents that inputs rest on without a count over a class of cases."""
    counted = {
        sentence
        for item in scenario.inputs
        if isinstance(item.value, Distribution) and COUNTS.fullmatch(item.value.text.strip())
        for sentence in item.cite
    }
    for sentence, names in scenario.citations.items():
        analogy = ANALOGY.search(prose.get(sentence, ""))
        if analogy and sentence not in counted:
            yield _note(scenario, 0, f"{sentence} argues by analogy ('{analogy.group(0)}'), and "
                        f"{names[0]} rests on it, without a reference class",
                        "Count the cases: write a likelihood such as `26 of 129`.")  # fmt: skip
