"""The grammar of a scenario file: which keys there are, what they hold, what they mean.

One class per part of the file. Keys are checked here one by one; what they say about each other
(names, rankings, turns) is checked in `resolve`. The JSON Schema for editors is drawn from here.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import core_schema

Number = Annotated[float, Field(strict=True)] | Annotated[str, Field(strict=True)]
Text = Annotated[str, Field(strict=True)]
Names = list[Text]
Status = Literal["fact", "judgement", "claim", "rumour", "question"]
EventCode = Literal[
    "AGREE", "CONSULT", "SUPPORT", "CONCEDE", "COOPERATE", "AID", "RETREAT", "REQUEST",
    "ACCUSE", "REJECT", "THREATEN", "PROTEST", "SANCTION", "MOBILIZE", "COERCE", "ASSAULT",
]  # fmt: skip


def key(description: str, default: Any = ..., **more: Any) -> Any:
    """A documented key of the file."""
    return Field(default, description=description, **more)


class Part(BaseModel):
    """A part of the file; a class with `short` may also be written as that key's value alone."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    short: ClassVar[str] = ""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if value is None:
            return {}
        if cls.short and not isinstance(value, dict):
            return {cls.short: value}
        return value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        full = handler.resolve_ref_schema(handler(core))
        brief = full.get("properties", {}).get(cls.short)
        return {"anyOf": [brief, full]} if brief else full


class Cited(Part):
    """A part that may rest on sentences of the assessment."""

    cite: Names = key("Sentences it rests on, such as p2.s3; without one it is an assumption.", [])

    @model_validator(mode="before")
    @classmethod
    def _one_citation(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("cite"), str):
            return {**value, "cite": [value["cite"]]}
        return value


class Assessment(Part):
    """The prose that the file makes runnable, and whose it is."""

    by: Text = key("Author of the assessment; everything in the file is attributed to them.")
    date: Text = key("Day of writing, YYYY-MM-DD.")
    title: Text = key("Title of the text.", "")
    text: Text = key("File of the text, beside this file; it may be absent.", "")
    sentences: Text = key("Side file with the pinned sentences.", "")


class Quoted(Cited):
    """An uncertain number with its sentence; the number alone will do."""

    short = "value"
    value: Number = key("A number, a word, an interval such as 5 to 20, or a distribution.")
    means: Text = key("What it is, in words.", "")


class Quantity(Quoted):
    """A named number shared by several places."""

    unit: Text = key("Its unit, such as missiles or utility.", "")


class Type(Cited):
    """What an actor may privately want; drawn once, before play, unseen by others."""

    short = "share"
    share: Number | None = key("How likely the author holds it; without one, the rest.", None)
    means: Text = key("What this type wants, in words.", "")


class Want(Cited):
    """What an actor (of one type) wants of the outcomes."""

    short = "ranking"
    ranking: Text = key("Outcomes from best to worst: a > b ~ c (~ means as good as).", "")
    values: dict[str, Number] = key("Utilities from 0 to 1, instead of a ranking.", {})


class Wants(Part):
    """One want for every type, or one for each type by name."""

    short = "all"
    all: Want | None = key("The want of every type.", None)
    by_type: dict[str, Want] = key("The want of each type, by its name.", {})

    @model_validator(mode="before")
    @classmethod
    def _by_type(cls, value: Any) -> Any:
        if isinstance(value, dict) and not set(value) & {"ranking", "values", "cite"}:
            return {"by_type": value}
        return {"all": value}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        full = handler.resolve_ref_schema(handler(core))["properties"]
        return {"anyOf": [full["all"]["anyOf"][0], full["by_type"]]}


class Actor(Cited):
    """Somebody who chooses."""

    name: Text = key("The name people read.", "")
    means: Text = key("Who this is, in words.", "")
    precision: Quoted = key(
        "How seldom it errs, per unit of utility: impulsive, erratic, deliberate, calculating, "
        "a number or an interval.",
        Quoted(value="deliberate"),
    )
    types: dict[str, Type] = key("What it may privately want; without any, one type.", {})
    wants: Wants | None = key("What it wants of the outcomes, for every type or each.", None)


class Belief(Cited):
    """A view that differs from the share the author gives."""

    by: Text = key("The actor who holds the view.")
    about: Text = key("Whose type, such as us.resolute.")
    value: Number = key("How likely the holder thinks it.", alias="is")


class Variable(Cited):
    """A part of the state of play: a ladder, a stock or a flag."""

    means: Text = key("What it is, in words.", "")
    levels: Names | None = key("Ordered levels, lowest first.", None, min_length=2)
    start: Text | None = key("The level at the start; the first one if not given.", None)
    number: Annotated[float, Field(strict=True)] | None = key("A number at the start.", None)
    min: Annotated[float, Field(strict=True)] = key("The number never falls below this.", 0.0)
    max: Annotated[float, Field(strict=True)] = key("Nor rises above this.", 1e6)
    flag: Annotated[bool, Field(strict=True)] | None = key("A yes or no at the start.", None)


class Effect(Cited):
    """What moves and chance events have in common."""

    means: Text = key("What people read for it.", "")
    when: Text = key("Condition under which it is possible.", "")
    sets: dict[str, bool | Number] = key("New values of state variables.", {})
    costs: dict[str, Number] = key("What it costs whom: actor or actor.type.", {})
    seen_by: Names | None = key("Who sees it; everybody if not given.", None)
    looks_like: Text = key("What those who do not see it see instead.", "")
    shows: Names = key("State variables that everyone who sees it learns.", [])
    code: EventCode | None = key("PLOVER event category.", None)


class Move(Effect):
    """Something an actor can do."""

    by: Text = key("Who may make it; any actor whose turn lists it if not given.", "")
    habit: Number = key("Weight by default: rare, unusual, usual, or a number.", 1.0)
    variant_of: Text = key("Group of variants that share one habit weight.", "")


class Event(Effect):
    """Something that happens by chance."""

    probability: Number = key("How likely, when it is possible.")


class CostRule(Cited):
    """A cost of backing down, betraying, or ending badly after something done earlier."""

    to: Text = key("Who pays: actor or actor.type.")
    of: Names = key("The moves or outcomes that cost.")
    after: Names = key("Only if one of these moves was made before.", [])
    when: Text = key("Only under this condition.", "")
    size: Number = key("How much.")
    means: Text = key("What kind of cost it is, in words.", "")

    @model_validator(mode="before")
    @classmethod
    def _one_name(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        single = {k: [value[k]] for k in ("of", "after") if isinstance(value.get(k), str)}
        return {**value, **single}


class Turn(Part):
    """One turn: `ACTOR: [moves]`, or one of chance, together, repeat."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)
    __pydantic_extra__: dict[str, Names] = Field(init=False)  # pyright: ignore[reportIncompatibleVariableOverride]
    when: Text = key("The turn is skipped unless this holds.", "")
    called: Text = key("A name for the turn.", "")
    unaware_of: Names = key("Moves the mover has not yet heard of.", [])
    chance: dict[str, Event] | None = key("Events of which at most one happens.", None)
    together: dict[str, Names] | None = key("Moves made at the same time.", None)
    repeat: Repeat | None = key("Turns played several times.", None)


class Repeat(Part):
    """Turns played several times over."""

    times: Annotated[int, Field(strict=True, ge=1, le=100)] = key("How often.")
    play: list[Turn] = key("The turns.", min_length=1)


Turn.model_rebuild()


class Outcome(Cited):
    """A way the crisis can end; the first that matches wins."""

    means: Text = key("What it is, in words.", "")
    when: Text = key("Condition that ends the play as soon as it holds.", "")
    finally_: Text = key("Condition judged only when the play is over.", "", alias="finally")
    otherwise: Annotated[bool, Field(strict=True)] = key("Everything else.", False)
    resolved_by: Text = key("How a stranger decides whether it happened.", "")
    date: Text = key("Day by which; the horizon if not given.", "")
    said: Number | None = key("The author's own word or interval for it.", None)
    includes: dict[str, Outcome] = key("Sub-outcomes, judged in order.", {})


class Observation(Cited):
    """Moves already made at one turn: `ACTOR: move` or `chance: event`."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)
    __pydantic_extra__: dict[str, Text] = Field(init=False)  # pyright: ignore[reportIncompatibleVariableOverride]
    date: Text = key("Day of the move, YYYY-MM-DD.")
    means: Text = key("What happened, in words.", "")


class ReportSource(Part):
    """Where reports come from, graded once."""

    name: Text = key("The name people read.", "")
    reliability: Literal["A", "B", "C", "D", "E", "F"] = key("Admiralty grade of the source.")


class Evidence(Cited):
    """A report about something hidden."""

    date: Text = key("Day of the report, YYYY-MM-DD.")
    source: Text = key("Which of the sources.")
    credibility: Annotated[int, Field(strict=True, ge=1, le=6)] = key("Admiralty grade, 1 to 6.")
    says: Text = key("What it speaks for: actor.type, or not actor.type.")
    origin: Text = key("Common origin: items that share one count once.", "")
    status: Status = key("Fact, judgement, claim, rumour or question.", "claim")
    means: Text = key("What the report says, in words.", "")


class Statement(Part):
    """What kind of sentence a sentence of the assessment is."""

    short = "status"
    status: Status = key("fact, judgement, claim (by a party), rumour, or question.")
    gist: Text = key("What it says, in neutral words.", "")
    by: Text = key("The party that claims it.", "")
    opinion: Annotated[bool, Field(strict=True)] = key("Opinion that nothing can compute.", False)


class Claim(Cited):
    """A statement of the author, made formal."""

    short = "holds"
    holds: Text = key("A comparison of probabilities: P(a) > P(b), P(a | b) < unlikely.")
    says: Text = key("The statement in words.", "")


class Stage(Part):
    """What one theatre has of its own."""

    state: dict[str, Variable] = key("State variables: ladders, stocks, flags.", {})
    moves: dict[str, Move] = key("What actors can do.", {})
    costs: list[CostRule] = key("Costs that follow from earlier moves.", [])
    play: list[Turn] = key("Who moves when.", [])
    outcomes: dict[str, Outcome] = key("How it can end.", {})
    history: list[Observation] = key("Moves already made, in the order of play.", [])


class Theatre(Stage):
    """One of several theatres over the same actors."""

    means: Text = key("What this theatre is, in words.", "")
    wants: dict[str, Wants] = key("What each actor wants of this theatre's outcomes.", {})


class ScenarioFile(Stage):
    """A written assessment as a runnable strategic model."""

    format: Literal[1] = key("Version of this grammar: 1.")
    extends: Text = key("A file of which this one is a rival or variant.", "")
    title: Text = key("Title of the scenario.")
    assessment: Assessment = key("The prose it rests on.")
    question: Text = key("The question the forecast answers.", "")
    horizon: Text = key("Day at which it ends, YYYY-MM-DD.", "")
    actors: dict[str, Actor] = key("Who chooses.", min_length=1)
    beliefs: list[Belief] = key("Views that differ from the author's shares.", [])
    quantities: dict[str, Quantity] = key("Named numbers shared by several places.", {})
    sources: dict[str, ReportSource] = key("Where reports come from.", {})
    evidence: dict[str, Evidence] = key("Reports about something hidden.", {})
    statements: dict[str, Statement] = key("What kind of sentence each sentence is.", {})
    claims: dict[str, Claim] = key("The author's own statements, made formal.", {})
    theatres: dict[str, Theatre] = key("Several theatres, instead of state, moves, play …", {})


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a scenario file, for editors."""
    schema = ScenarioFile.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Escalade scenario, format 1"
    return schema


def keys_at(path: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys that may stand in the mapping at a path of the file, for "did you mean"."""
    parts: list[Any] = [ScenarioFile]
    for step in path:
        parts = [inner for part in parts for inner in _inside(part, step)]
    return tuple(
        dict.fromkeys(
            field.alias or name
            for part in parts
            if isinstance(part, type) and issubclass(part, Part)
            for name, field in part.model_fields.items()
        )
    )


def _inside(annotation: Any, step: str | int) -> list[Any]:
    """Annotations reachable from one by a key or an index, with short forms seen through."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        for name, field in annotation.model_fields.items():
            if step in (field.alias or name, name):
                return _bare(field.annotation)
        if annotation is Wants:
            return [Want]
        return []
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is dict:
        return _bare(arguments[1])
    return _bare(arguments[0]) if origin is list else []


def _bare(annotation: Any) -> list[Any]:
    """The members of a union, without None and annotations."""
    arguments = get_args(annotation)
    if arguments and get_origin(annotation) not in (dict, list):
        return [bare for argument in arguments for bare in _bare(argument)]
    return [annotation]
