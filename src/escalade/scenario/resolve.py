"""From a checked file to a `Scenario`: every name bound, every fault found."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from escalade.errors import Fault, ScenarioError
from escalade.scenario import schema
from escalade.scenario.claims import Claim, read_claim
from escalade.scenario.estimates import read_estimates
from escalade.scenario.evidence import check_moves, read_evidence
from escalade.scenario.expressions import Bound
from escalade.scenario.faults import LanguageFault, quote, suggest
from escalade.scenario.history import follow
from escalade.scenario.play import Rules
from escalade.scenario.reading import SENTENCE, Reading
from escalade.scenario.scenario import (
    Actor,
    Assessment,
    Belief,
    Fitted,
    Report,
    Scenario,
    Statement,
    Theatre,
    Type,
)
from escalade.scenario.source import Source
from escalade.scenario.stage import read_stage
from escalade.scenario.values import Kind

SINGLE = "main"
MAX_ACTORS = 24
MAX_PROFILES = 4096


def resolve(reading: Reading, path: Path) -> Scenario:
    """Bind every name of a file.

    Args:
        reading: The file, checked key by key.
        path: Where it stands.

    Returns:
        The scenario.

    Raises:
        ScenarioError: With every fault found.
    """
    file = reading.file
    if file.horizon:
        reading.day(("horizon",), file.horizon)
    reading.day(("assessment", "date"), file.assessment.date)
    if file.horizon and not reading.faults and file.horizon < file.assessment.date:
        reading.fault(("horizon",), f"the horizon lies before the assessment, "
                      f"{file.assessment.date}")  # fmt: skip
    fitted = read_estimates(reading)
    actors = _actors(reading, fitted)
    quantity = _quantities(reading, fitted)
    theatres = _theatres(reading, actors, quantity)
    beliefs = tuple(_beliefs(reading, actors))
    evidence = read_evidence(reading, actors, theatres, quantity)
    statements = tuple(_statements(reading, actors))
    claims = tuple(_claims(reading, actors, theatres))
    theatres = tuple(_track(t, i, claims) for i, t in enumerate(theatres))
    if not reading.faults:
        _check_histories(reading, theatres, evidence)
    if reading.faults:
        raise ScenarioError(sorted(reading.faults, key=lambda f: (f.file, f.line, f.column)))
    return Scenario(
        path=path,
        files=reading.source.files,
        digest=_digest(reading),
        title=file.title,
        question=file.question,
        horizon=file.horizon,
        assessment=_assessment(reading),
        actors=actors,
        beliefs=beliefs,
        theatres=theatres,
        inputs=tuple(reading.inputs),
        evidence=evidence,
        statements=statements,
        claims=claims,
        citations={s: tuple(names) for s, names in sorted(reading.citations.items())},
    )


def _digest(reading: Reading) -> str:
    """The digest of the files, and of the estimates that they take priors from."""
    fits = [item.value.digest for item in reading.inputs if isinstance(item.value, Fitted)]
    digest = reading.source.digest
    return hashlib.sha256("".join([digest, *fits]).encode()).hexdigest() if fits else digest


def _assessment(reading: Reading) -> Assessment:
    given = reading.file.assessment
    return Assessment(
        by=given.by,
        date=given.date,
        title=given.title,
        text=beside(reading.source, "text", given.text),
        sentences=beside(reading.source, "sentences", given.sentences),
    )


def beside(source: Source, key: str, name: str) -> Path | None:
    """A file that the assessment names, beside the file that names it; None for none."""
    if not name:
        return None
    written = source.place(("assessment", key)).file or source.files[0]
    return Path(written).parent / name


def _actors(reading: Reading, fitted: Mapping[str, Bound]) -> tuple[Actor, ...]:
    reading.names(("actors",), dict(reading.file.actors), "an actor")
    actors = tuple(_actor(reading, id, given, fitted) for id, given in reading.file.actors.items())
    combinations = math.prod(len(actor.types) for actor in actors)
    if combinations > MAX_PROFILES or len(actors) > MAX_ACTORS:
        reading.fault(("actors",), f"{len(actors)} actors make {combinations:,} combinations of "
                      "types", f"Keep to {MAX_ACTORS} actors and {MAX_PROFILES:,} combinations: "
                      "give types only to those who hide something that matters.")  # fmt: skip
    return actors


def _actor(reading: Reading, id: str, given: schema.Actor, fitted: Mapping[str, Bound]) -> Actor:
    path = ("actors", id)
    reading.names((*path, "types"), dict(given.types), "a type")
    types = []
    for name, type_ in given.types.items():
        here = (*path, "types", name)
        share = None
        if type_.share is not None:
            share = reading.number((*here, "share"), type_.share, "probability", cite=type_.cite,
                                   means=type_.means, name=".".join((*here, "share")))  # fmt: skip
        cite = reading.cite(here, type_.cite, ".".join(here))
        types.append(Type(name, type_.means, share, cite))
    if len(types) == 1 and types[0].share is not None:
        reading.fault((*path, "types"), f"{quote(id)} has one type only; it needs no share")
    precision = reading.prior(
        (*path, "precision"), given.precision.value, "precision", fitted,
        cite=given.precision.cite, means=f"how seldom {given.name or id} errs",
    )  # fmt: skip
    reading.cite((*path, "precision"), given.precision.cite, f"actors.{id}.precision")
    cite = reading.cite(path, given.cite, f"actors.{id}")
    return Actor(id, given.name or id, given.means, tuple(types) or (Type("any", "", None),),
                 precision, cite)  # fmt: skip


def _quantities(reading: Reading, fitted: Mapping[str, Bound]) -> dict[str, Bound]:
    reading.names(("quantities",), dict(reading.file.quantities), "a quantity")
    kinds: dict[str, Kind] = {
        "utility": "cost",
        "probability": "probability",
        "precision": "precision",
    }
    found = dict(fitted)
    for id, given in reading.file.quantities.items():
        path = ("quantities", id)
        kind: Kind = kinds.get(given.unit, "real")
        if kind == "real" and isinstance(given.value, str) and " to " in given.value:
            kind = "cost"  # an interval of a positive quantity is lognormal
        cite = reading.cite(path, given.cite, f"quantities.{id}")
        found[id] = reading.prior(
            (*path, "value"), given.value, kind, fitted,
            cite=cite, means=given.means, name=f"quantities.{id}", unit=given.unit,
        )  # fmt: skip
    return found


def _theatres(
    reading: Reading, actors: tuple[Actor, ...], quantity: Mapping[str, Bound]
) -> tuple[Theatre, ...]:
    file = reading.file
    if not file.theatres:
        wants = {id: actor.wants for id, actor in file.actors.items()}
        return (
            read_stage(reading, (), file, actors, quantity, name=SINGLE, means=file.title,
                       wants=wants),
        )  # fmt: skip
    reading.names(("theatres",), dict(file.theatres), "a theatre")
    for name in ("state", "moves", "costs", "play", "outcomes", "history"):
        if getattr(file, name):
            reading.fault((name,), f"`{name}` stands beside `theatres`",
                          "Put it into one of the theatres.")  # fmt: skip
    for id, actor in file.actors.items():
        if actor.wants is not None:
            reading.fault(("actors", id, "wants"), "with several theatres, wants belong to each",
                          f"Move it to theatres.NAME.wants.{id}.")  # fmt: skip
    return tuple(
        read_stage(
            reading,
            ("theatres", name),
            stage,
            actors,
            quantity,
            name=name,
            means=stage.means or name,
            wants=stage.wants,
        )
        for name, stage in file.theatres.items()
    )


def _find_type(
    reading: Reading, path: tuple[str | int, ...], text: str, actors: tuple[Actor, ...]
) -> tuple[int, int] | None:
    """Actor and type of a name such as ``us.resolute``."""
    known = {
        f"{actor.id}.{type_.id}": (a, t)
        for a, actor in enumerate(actors)
        for t, type_ in enumerate(actor.types)
    }
    return reading.named(path, text.strip(), known, "type")


def _beliefs(reading: Reading, actors: tuple[Actor, ...]) -> list[Belief]:
    beliefs, holders = [], {actor.id: i for i, actor in enumerate(actors)}
    for index, given in enumerate(reading.file.beliefs):
        path = ("beliefs", index)
        by = reading.named((*path, "by"), given.by, holders, "actor")
        about = _find_type(reading, (*path, "about"), given.about, actors)
        name = f"beliefs.{given.by}.{given.about}"
        cite = reading.cite(path, given.cite, name)
        value = reading.number((*path, "is"), given.value, "probability", cite=cite, name=name)
        if by is None or about is None:
            continue
        if by == about[0]:
            reading.fault(path, f"{given.by} knows its own type")
        if any((b.by, b.actor, b.type) == (by, *about) for b in beliefs):
            reading.fault(path, f"{given.by} already has a view about {given.about}")
        beliefs.append(Belief(by, *about, value, cite))
    return beliefs


def _statements(reading: Reading, actors: tuple[Actor, ...]) -> list[Statement]:
    known = {actor.id for actor in actors}
    statements = []
    for id, given in reading.file.statements.items():
        path = ("statements", id)
        if not SENTENCE.fullmatch(id):
            reading.fault(path, f"{quote(id)} is no sentence",
                          "Write p2.s3 for sentence 3 of paragraph 2.")  # fmt: skip
        elif reading.sentences is not None and id not in reading.sentences:
            reading.fault(path, f"the assessment has no sentence {quote(id)}",
                          suggest(id, reading.sentences))  # fmt: skip
        if given.status == "claim" and not given.by:
            reading.fault(path, "a claim needs the party that makes it", f"Add `by:`, such as "
                          f"`by: {min(known)}`; write judgement for the author's own.")  # fmt: skip
        statements.append(Statement(id, given.status, given.gist, given.by, given.opinion))
    return statements


def _claims(
    reading: Reading,
    actors: tuple[Actor, ...],
    theatres: tuple[Theatre, ...],
) -> list[Claim]:
    claims = []
    for id, given in reading.file.claims.items():
        path = ("claims", id)
        cite = reading.cite(path, given.cite, f"claims.{id}")
        try:
            claims.append(
                read_claim(
                    id, given.holds, says=given.says, cite=cite, actors=actors, theatres=theatres
                )
            )
        except LanguageFault as fault:
            reading.fault((*path, "holds"), fault.message, fault.advice, offset=fault.offset)
    return claims


def _track(theatre: Theatre, index: int, claims: tuple[Claim, ...]) -> Theatre:
    """The theatre, remembering also the moves that claims ask about."""
    asked = {move for claim in claims for at, move in claim.moves if at == index}
    return replace(theatre, tracked=tuple(sorted({*theatre.tracked, *asked})))


def ask(scenario: Scenario, text: str) -> tuple[Scenario, Claim]:
    """A claim about a scenario: one of its own by its name or its text, or a new one.

    Args:
        scenario: The scenario.
        text: Name of a claim in the file, or any claim such as ``P(war) < unlikely``.

    Returns:
        The scenario with the claim among its own, and the claim.

    Raises:
        ScenarioError: If it cannot be read, or names nothing that is known.
    """
    for claim in scenario.claims:
        if text.strip() in (claim.id, claim.text):
            return scenario, claim
    if scenario.claims and text.strip().isidentifier():
        near = suggest(
            text.strip(), [c.id for c in scenario.claims], otherwise="Claims of the file"
        )
        wrong = Fault(f"there is no claim {quote(text.strip())}", near, source=text)
        raise ScenarioError([wrong])
    try:
        claim = read_claim("asked", text, says="", cite=(), actors=scenario.actors,
                           theatres=scenario.theatres)  # fmt: skip
    except LanguageFault as fault:
        names = ", ".join(quote(claim.id) for claim in scenario.claims)
        advice = f"{fault.advice} Claims of the file: {names}." if names else fault.advice
        place = fault.offset + 1
        wrong = Fault(fault.message, advice.strip(), column=place, source=text)
        raise ScenarioError([wrong]) from None
    theatres = tuple(_track(t, i, (claim,)) for i, t in enumerate(scenario.theatres))
    return replace(scenario, claims=(*scenario.claims, claim), theatres=theatres), claim


def _check_histories(
    reading: Reading, theatres: tuple[Theatre, ...], evidence: tuple[Report, ...]
) -> None:
    """The history must fit the play, and reports of moves the history."""
    laid = [follow(Rules(theatre, reading.inputs)) for theatre in theatres]
    for theatre, followed in zip(theatres, laid, strict=True):
        base = ("theatres", theatre.id) if reading.file.theatres else ()
        if followed.fault:
            index, message, advice = followed.fault
            reading.fault((*base, "history", index), message, advice)
    if not reading.faults:
        check_moves(reading, evidence, theatres, laid)
