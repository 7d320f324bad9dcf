"""Verbs about evidence: add, list and drop items; what each thing seen did to the forecast."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from escalade.cli.options import (
    cache_folder,
    draws,
    file,
    json,
    load_numba,
    memory,
    one_theatre,
    read,
    run_forecast,
    seed,
)
from escalade.errors import EscaladeError, ScenarioError

if TYPE_CHECKING:
    from escalade.scenario.scenario import Scenario

Change = Callable[[bytes, "Scenario"], bytes]
KEYS = ("date", "source", "credibility", "says", "origin", "status", "means")  # in this order
yes = click.option("--yes", is_flag=True, help="Store it without asking.")


@click.group()
def evidence() -> None:
    """Items of evidence in a scenario file: add one, list them, drop one."""


@evidence.command()
@file
@click.option("--says", required=True, help="actor.type, made(move), a comparison, or not …")
@click.option("--source", required=True, help="Who reports it: one of the file's sources.")
@click.option("--reliability", type=click.Choice(list("ABCDEF")), help="Grades a new source.")
@click.option("--credibility", type=click.IntRange(1, 6), required=True, help="Grade of the item.")
@click.option("--date", required=True, help="Day of the report, YYYY-MM-DD.")
@click.option("--origin", help="Common origin: items that share one count once.")
@click.option("--status", help="fact, judgement, claim, rumour or question.")
@click.option("--means", help="What the report says, in words.")
@click.option("--cite", multiple=True, help="Sentence it rests on, such as p2.s3.")
@click.option("--id", help="Name of the item; made from the source if not given.")
@click.option("--forecast", "shown", is_flag=True, help="Show how the forecast would change.")
@draws
@seed
@yes
@json
def add(
    file: Path, reliability: str | None, id: str | None, shown: bool, draws: int, seed: int,
    yes: bool, json: bool, cite: tuple[str, ...], **item: Any,
) -> None:  # fmt: skip
    """Show what an item is worth, then store it in FILE; comments and order stay."""
    scenario = read(file, None)
    from escalade.report.evidence import changes, print_change, print_item, print_worth
    from escalade.scenario.evidence import once_each

    item = {key: _line(key, item[key]) for key in KEYS if item[key] is not None}
    item |= {"cite": list(cite)} if cite else {}
    id = id or _free(scenario, item["source"])
    change = _adding(file, id, item, reliability)
    with _edited(file, change) as (_, after):
        pass  # nobody waits for the user
    moved = None
    if not json:
        print_worth(after, id)
    if shown:
        without = [report for report in after.evidence if report.id != id]
        before = replace(after, evidence=once_each(without, after.inputs))
        moved = changes(*(run_forecast(s, draws, seed).outcomes for s in (before, after)))
    if json:
        print_item(after, id, moved)
    elif moved:
        print_change(moved)
    _store(file, change, f"store {id} in {file}?", yes=yes, json=json)


@evidence.command("list")
@file
@json
def list_(file: Path, json: bool) -> None:
    """List the items: what each is worth, whether it counts, what it contradicts."""
    scenario = read(file, None)
    from escalade.report.evidence import print_items

    print_items(scenario, json_=json)


@evidence.command()
@file
@click.argument("id", metavar="ITEM")
@yes
@json
def drop(file: Path, id: str, yes: bool, json: bool) -> None:
    """Take an item out of FILE; the item of a file that FILE extends is set to null."""
    scenario = _known(read(file, None), id)
    from escalade.report.evidence import print_item, print_worth

    (print_item if json else print_worth)(scenario, id)
    _store(file, _dropping(file, id), f"drop {id} from {file}?", yes=yes, json=json)


def _known(scenario: Scenario, id: str) -> Scenario:
    """The scenario, if it has the item."""
    from escalade.scenario.faults import suggest

    names = [report.id for report in scenario.evidence]
    if id not in names:
        raise EscaladeError(f"there is no item '{id}' in {scenario.path}. {suggest(id, names)}")
    return scenario


def _line(key: str, value: Any) -> Any:
    """An option, if it is one line of text."""
    if isinstance(value, str) and not (value.strip() and value.isprintable()):
        raise EscaladeError(f"--{key} must be one line of text, not {value!a}")
    return value.strip() if isinstance(value, str) else value


def _free(scenario: Scenario, source: str) -> str:
    """A name for a new item."""
    taken = {report.id for report in scenario.evidence}
    return next(name for n in range(1, len(taken) + 2) if (name := f"{source}_{n}") not in taken)


def _adding(file: Path, id: str, item: dict[str, Any], reliability: str | None) -> Change:
    """What puts an item into a file, and its source, if that is new."""
    from escalade.scenario.edit import insert

    def change(content: bytes, scenario: Scenario) -> bytes:
        if any(report.id == id for report in scenario.evidence):
            raise EscaladeError(f"there is already an item '{id}' in {file}; choose another --id")
        if _new_source(scenario, item["source"], reliability):
            entry = {"reliability": reliability}
            content = insert(content, ("sources", item["source"]), entry, str(file))
        return insert(content, ("evidence", id), item, str(file))

    return change


def _new_source(scenario: Scenario, name: str, reliability: str | None) -> bool:
    """Whether a source has yet to be registered; a source is graded once."""
    from escalade.scenario.faults import suggest
    from escalade.scenario.reading import NAME
    from escalade.scenario.source import load_source

    source = load_source(scenario.path)
    known = source.data.get("sources", {})
    if name not in known and reliability is None:
        advice = suggest(name, known)
        raise EscaladeError(f"there is no source '{name}' yet; grade it once with --reliability. "
                            f"{advice}".rstrip())  # fmt: skip
    if name not in known and not NAME.fullmatch(name):
        raise EscaladeError(f"'{name}' cannot name a source: use small letters, digits and _")
    if name in known and reliability not in (None, known[name]["reliability"]):
        advice = "A source is graded once: leave out --reliability, or change the grade here."
        message = f"the source '{name}' is graded {known[name]['reliability']}, not {reliability}"
        raise ScenarioError([source.fault(("sources", name, "reliability"), message, advice)])
    return name not in known


def _dropping(file: Path, id: str) -> Change:
    """What takes an item out of a file; one that a file below has stays away by null."""
    from escalade.scenario.document import read_document
    from escalade.scenario.edit import insert, remove
    from escalade.scenario.source import load_source

    def change(content: bytes, scenario: Scenario) -> bytes:
        _known(scenario, id)
        if id in (read_document(content, str(file)).data.get("evidence") or {}):
            content = remove(content, ("evidence", id), str(file))
        below = [load_source(path).data.get("evidence") for path in scenario.files[1:2]]
        if any(id in (items or {}) for items in below):
            content = insert(content, ("evidence", id), None, str(file))
        return content

    return change


@contextmanager
def _alone(file: Path) -> Generator[None]:
    """Nobody else edits the file meanwhile; the lock leaves nothing beside the file."""
    from filelock import FileLock

    locks = cache_folder() / "locks"
    lock = FileLock(locks / f"{sha256(str(file.resolve()).encode()).hexdigest()[:32]}.lock")
    try:
        locks.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise EscaladeError(
            f"cannot keep other editors out: {locks}: {error.strerror}\n"
            "    Name a folder that can be written in ESCALADE_CACHE."
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _edited(file: Path, change: Change) -> Generator[tuple[Path, Scenario]]:
    """A changed copy beside the file, and the scenario that it holds; gone afterwards."""
    if file.is_symlink():
        raise EscaladeError(f"{file} is a link; name the file itself")
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    with _alone(file):
        try:
            stream = partial.open("wb")
        except OSError as error:
            raise EscaladeError(f"cannot write {file}: {error.strerror}") from None
        try:
            with stream:
                stream.write(change(file.read_bytes(), read(file, None)))
                stream.flush()
                os.fsync(stream.fileno())
            shutil.copymode(file, partial)
            yield partial, read(partial, None)
        except ScenarioError as error:  # the lines of a new item are in no file yet
            faults = (replace(f, file="", line=0) if f.file == str(partial) else f
                      for f in error.faults)  # fmt: skip
            raise ScenarioError(faults) from None
        finally:
            partial.unlink(missing_ok=True)


def _store(file: Path, change: Change, question: str, *, yes: bool, json: bool) -> None:
    """Change a file once the user agrees, whole or not at all, after whoever is at it now.

    Where JSON is printed, what is said to people goes to the error stream.
    """
    if not (yes or click.confirm(question, err=json)):
        click.echo("nothing is stored", err=json)
        return
    with _edited(file, change) as (partial, _):
        partial.replace(file)
    click.echo(f"wrote {file}", err=json)


@click.command()
@file
@draws
@seed
@click.option("--theatre", default="", help="Print only the outcomes of this theatre.")
@json
def timeline(file: Path, draws: int, seed: int, theatre: str, json: bool) -> None:
    """Forecast after each thing that was seen. Says what changed the forecast, and how far."""
    scenario = read(file, None)
    one_theatre(scenario, theatre)
    load_numba()
    from escalade.forecast.timeline import timeline as run

    solver = memory()
    found = run(scenario, lambda known: run_forecast(known, draws, seed, solver=solver))
    if json:
        from escalade.report.plain import to_json

        click.echo(to_json(found))
    else:
        from escalade.report.timeline import print_timeline

        print_timeline(found, theatre)


VERBS = (evidence, timeline)
