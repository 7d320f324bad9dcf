"""The grammar of a scenario file: which keys there are, what they hold, what they mean.

One class per part of the file. Keys are checked one by one in `parts`; what they say about each
other (names, rankings, turns) is checked in `resolve`. The JSON Schema for editors is drawn from
here. Annotations are read whenever a file is, so they are not kept as text.
"""

from typing import Annotated, Any, ClassVar, Literal, dataclass_transform

from msgspec import Meta, Struct, field, json

Number = float | str
Names = list[str]
Levels = Annotated[Names, Meta(min_length=2)]
Status = Literal["fact", "judgement", "claim", "rumour", "question"]
EventCode = Literal[
    "AGREE", "CONSULT", "SUPPORT", "CONCEDE", "COOPERATE", "AID", "RETREAT", "REQUEST",
    "ACCUSE", "REJECT", "THREATEN", "PROTEST", "SANCTION", "MOBILIZE", "COERCE", "ASSAULT",
]  # fmt: skip


def key(description: str, **bounds: Any) -> Meta:
    """What a key of the file holds, and its bounds."""
    return Meta(description=description, **bounds)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the file.

    Attributes:
        short: The key whose value may stand for the whole part.
        others: The field that takes the keys which are names.
    """

    short: ClassVar[str] = ""
    others: ClassVar[str] = ""

    @classmethod
    def expand(cls, given: Any) -> Any:
        """What is written for this part with its short forms written out."""
        if given is None:
            return {}
        return {cls.short: given} if cls.short and not isinstance(given, dict) else given


class Cited(Part, kw_only=True):
    """A part that may rest on sentences of the assessment."""

    lists: ClassVar[tuple[str, ...]] = ("cite",)
    cite: Annotated[
        Names, key("Sentences it rests on, such as p2.s3; without one it is an assumption.")
    ] = []

    @classmethod
    def expand(cls, given: Any) -> Any:
        """As for every part; a list of one name may be written as the name."""
        found = super().expand(given)
        if not isinstance(found, dict):
            return found
        return found | {k: [found[k]] for k in cls.lists if isinstance(found.get(k), str)}


class Assessment(Part):
    """The prose that the file makes runnable, and whose it is."""

    by: Annotated[
        str, key("Author of the assessment; everything in the file is attributed to them.")
    ]
    date: Annotated[str, key("Day of writing, YYYY-MM-DD.")]
    title: Annotated[str, key("Title of the text.")] = ""
    text: Annotated[str, key("File of the text, beside this file; it may be absent.")] = ""
    sentences: Annotated[str, key("Side file with the pinned sentences.")] = ""


class Quoted(Cited):
    """An uncertain number with its sentence; the number alone will do."""

    short = "value"
    value: Annotated[
        Number, key("A number, a word, an interval such as 5 to 20, or a distribution.")
    ]
    means: Annotated[str, key("What it is, in words.")] = ""


class Quantity(Quoted):
    """A named number shared by several places."""

    unit: Annotated[str, key("Its unit, such as missiles or utility.")] = ""


class Estimate(Cited, kw_only=True):
    """Coefficients that were fitted to past cases, uncertain together."""

    file: Annotated[
        str, key("File that `escalade estimate --out` wrote, by its path from this file.")
    ]
    terms: Annotated[
        dict[str, str],
        key(
            "Names for some of its coefficients; `scale` and `precision` stand for what a "
            "`log scale` says.",
            min_length=1,
        ),
    ]
    form: Annotated[
        Literal["normal", "sample"] | None,
        key(
            "`normal` by estimates and covariance, or `sample` of the posterior; the sample where "
            "the file has one."
        ),
    ] = None
    means: Annotated[str, key("Which past cases these are, in words.")] = ""


class Type(Cited):
    """What an actor may privately want; drawn once, before play, unseen by others."""

    short = "share"
    share: Annotated[
        Number | None, key("How likely the author holds it; without one, the rest.")
    ] = None
    means: Annotated[str, key("What this type wants, in words.")] = ""


class Want(Cited):
    """What an actor (of one type) wants of the outcomes."""

    short = "ranking"
    ranking: Annotated[str, key("Outcomes from best to worst: a > b ~ c (~ means as good as).")] = (
        ""
    )
    values: Annotated[dict[str, Number], key("Utilities from 0 to 1, instead of a ranking.")] = {}


class Wants(Part):
    """One want for every type, or one for each type by name."""

    short = "all"
    all: Annotated[Want | None, key("The want of every type.")] = None
    by_type: Annotated[dict[str, Want], key("The want of each type, by its name.")] = {}

    @classmethod
    def expand(cls, given: Any) -> Any:
        """The want of every type, unless its keys are names of types."""
        several = isinstance(given, dict) and not {"ranking", "values", "cite"} & set(given)
        return {"by_type" if several else cls.short: given}


class Actor(Cited):
    """Somebody who chooses."""

    name: Annotated[str, key("The name people read.")] = ""
    means: Annotated[str, key("Who this is, in words.")] = ""
    precision: Annotated[
        Quoted,
        key(
            "How seldom it errs, per unit of utility: impulsive, erratic, deliberate, calculating, "
            "a number or an interval."
        ),
    ] = Quoted(value="deliberate")
    types: Annotated[
        dict[str, Type], key("What it may privately want; without any, one type.")
    ] = {}
    wants: Annotated[
        Wants | None, key("What it wants of the outcomes, for every type or each.")
    ] = None


class Belief(Cited):
    """A view that differs from the share the author gives."""

    by: Annotated[str, key("The actor who holds the view.")]
    about: Annotated[str, key("Whose type, such as us.resolute.")]
    value: Annotated[Number, key("How likely the holder thinks it.")] = field(name="is")


class Variable(Cited):
    """A part of the state of play: a ladder, a stock or a flag."""

    means: Annotated[str, key("What it is, in words.")] = ""
    levels: Annotated[Levels | None, key("Ordered levels, lowest first.")] = None
    start: Annotated[str | None, key("The level at the start; the first one if not given.")] = None
    number: Annotated[float | None, key("A number at the start.")] = None
    min: Annotated[float, key("The number never falls below this.")] = 0.0
    max: Annotated[float, key("Nor rises above this.")] = 1e6
    flag: Annotated[bool | None, key("A yes or no at the start.")] = None


class Effect(Cited, kw_only=True):
    """What moves and chance events have in common."""

    means: Annotated[str, key("What people read for it.")] = ""
    when: Annotated[str, key("Condition under which it is possible.")] = ""
    sets: Annotated[dict[str, bool | Number], key("New values of state variables.")] = {}
    costs: Annotated[dict[str, Number], key("What it costs whom: actor or actor.type.")] = {}
    seen_by: Annotated[Names | None, key("Who sees it; everybody if not given.")] = None
    looks_like: Annotated[str, key("What those who do not see it see instead.")] = ""
    shows: Annotated[Names, key("State variables that everyone who sees it learns.")] = []
    code: Annotated[EventCode | None, key("PLOVER event category.")] = None


class Move(Effect):
    """Something an actor can do."""

    by: Annotated[str, key("Who may make it; any actor whose turn lists it if not given.")] = ""
    habit: Annotated[Number, key("Weight by default: rare, unusual, usual, or a number.")] = 1.0
    variant_of: Annotated[str, key("Group of variants that share one habit weight.")] = ""


class Event(Effect):
    """Something that happens by chance."""

    probability: Annotated[Number, key("How likely, when it is possible.")]


class CostRule(Cited, kw_only=True):
    """A cost of backing down, betraying, or ending badly after something done earlier."""

    lists = ("cite", "of", "after")
    to: Annotated[str, key("Who pays: actor or actor.type.")]
    of: Annotated[Names, key("The moves or outcomes that cost.")]
    after: Annotated[Names, key("Only if one of these moves was made before.")] = []
    when: Annotated[str, key("Only under this condition.")] = ""
    size: Annotated[Number, key("How much.")]
    means: Annotated[str, key("What kind of cost it is, in words.")] = ""


class Turn(Part):
    """One turn: `ACTOR: [moves]`, or one of chance, together, repeat."""

    others = "movers"
    when: Annotated[str, key("The turn is skipped unless this holds.")] = ""
    called: Annotated[str, key("A name for the turn.")] = ""
    unaware_of: Annotated[Names, key("Moves the mover has not yet heard of.")] = []
    chance: Annotated[dict[str, Event] | None, key("Events of which at most one happens.")] = None
    together: Annotated[dict[str, Names] | None, key("Moves made at the same time.")] = None
    repeat: Annotated["Repeat | None", key("Turns played several times.")] = None
    movers: dict[str, Names] = {}


class Repeat(Part):
    """Turns played several times over."""

    times: Annotated[int, key("How often.", ge=1, le=100)]
    play: Annotated[list[Turn], key("The turns.", min_length=1)]


class Outcome(Cited):
    """A way the crisis can end; the first that matches wins."""

    means: Annotated[str, key("What it is, in words.")] = ""
    when: Annotated[str, key("Condition that ends the play as soon as it holds.")] = ""
    finally_: Annotated[str, key("Condition judged only when the play is over.")] = field(
        default="", name="finally"
    )
    otherwise: Annotated[bool, key("Everything else.")] = False
    resolved_by: Annotated[str, key("How a stranger decides whether it happened.")] = ""
    date: Annotated[str, key("Day by which; the horizon if not given.")] = ""
    said: Annotated[Number | None, key("The author's own word or interval for it.")] = None
    includes: Annotated[dict[str, "Outcome"], key("Sub-outcomes, judged in order.")] = {}


class Observation(Cited):
    """Moves already made at one turn: `ACTOR: move` or `chance: event`."""

    others = "moves"
    date: Annotated[str, key("Day of the move, YYYY-MM-DD.")]
    means: Annotated[str, key("What happened, in words.")] = ""
    moves: dict[str, str] = {}


class ReportSource(Part, kw_only=True):
    """Where reports come from, graded once."""

    name: Annotated[str, key("The name people read.")] = ""
    reliability: Annotated[
        Literal["A", "B", "C", "D", "E", "F"], key("Admiralty grade of the source.")
    ]


class Evidence(Cited):
    """A report about something hidden."""

    date: Annotated[str, key("Day of the report, YYYY-MM-DD.")]
    source: Annotated[str, key("Which of the sources.")]
    credibility: Annotated[int, key("Admiralty grade, 1 to 6.", ge=1, le=6)]
    says: Annotated[
        str, key("A type, made(move) or a comparison of quantities; `not` before it denies it.")
    ]
    origin: Annotated[str, key("Common origin: items that share one count once.")] = ""
    status: Annotated[Status, key("Fact, judgement, claim, rumour or question.")] = "claim"
    means: Annotated[str, key("What the report says, in words.")] = ""


class Statement(Part):
    """What kind of sentence a sentence of the assessment is."""

    short = "status"
    status: Annotated[Status, key("fact, judgement, claim (by a party), rumour, or question.")]
    gist: Annotated[str, key("What it says, in neutral words.")] = ""
    by: Annotated[str, key("The party that claims it.")] = ""
    opinion: Annotated[bool, key("Opinion that nothing can compute.")] = False


class Claim(Cited):
    """A statement of the author, made formal."""

    short = "holds"
    holds: Annotated[str, key("A comparison of probabilities: P(a) > P(b), P(a | b) < unlikely.")]
    says: Annotated[str, key("The statement in words.")] = ""


class Stage(Part, kw_only=True):
    """What one theatre has of its own."""

    state: Annotated[dict[str, Variable], key("State variables: ladders, stocks, flags.")] = {}
    moves: Annotated[dict[str, Move], key("What actors can do.")] = {}
    costs: Annotated[list[CostRule], key("Costs that follow from earlier moves.")] = []
    play: Annotated[list[Turn], key("Who moves when.")] = []
    outcomes: Annotated[dict[str, "Outcome"], key("How it can end.")] = {}
    history: Annotated[list[Observation], key("Moves already made, in the order of play.")] = []


class Theatre(Stage):
    """One of several theatres over the same actors."""

    means: Annotated[str, key("What this theatre is, in words.")] = ""
    wants: Annotated[
        dict[str, Wants], key("What each actor wants of this theatre's outcomes.")
    ] = {}


class ScenarioFile(Stage, kw_only=True):
    """A written assessment as a runnable strategic model."""

    format: Annotated[Literal[1], key("Version of this grammar: 1.")]
    extends: Annotated[str, key("A file of which this one is a rival or variant.")] = ""
    title: Annotated[str, key("Title of the scenario.")]
    assessment: Annotated[Assessment, key("The prose it rests on.")]
    question: Annotated[str, key("The question the forecast answers.")] = ""
    horizon: Annotated[str, key("Day at which it ends, YYYY-MM-DD.")] = ""
    actors: Annotated[dict[str, Actor], key("Who chooses.", min_length=1)]
    beliefs: Annotated[list[Belief], key("Views that differ from the author's shares.")] = []
    estimates: Annotated[
        dict[str, Estimate], key("Fits to past cases, whose coefficients are priors.")
    ] = {}
    quantities: Annotated[dict[str, Quantity], key("Named numbers shared by several places.")] = {}
    sources: Annotated[dict[str, ReportSource], key("Where reports come from.")] = {}
    evidence: Annotated[dict[str, Evidence], key("Reports about something hidden.")] = {}
    ratios: Annotated[
        dict[str, Number], key("Likelihood ratios of grades, instead of the table's.")
    ] = {}
    statements: Annotated[dict[str, Statement], key("What kind of sentence each sentence is.")] = {}
    claims: Annotated[dict[str, Claim], key("The author's own statements, made formal.")] = {}
    theatres: Annotated[
        dict[str, Theatre], key("Several theatres, instead of state, moves, play …")
    ] = {}


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a scenario file, for editors."""
    _, components = json.schema_components([ScenarioFile], ref_template="#/$defs/{name}")
    parts = {name: _with_short_form(globals()[name], full) for name, full in components.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **parts.pop("ScenarioFile"),
        "title": "Escalade scenario, format 1",
        "$defs": parts,
    }


def _with_short_form(part: type[Part], full: dict[str, Any]) -> dict[str, Any]:
    keys = full["properties"]
    if part.others:
        full["additionalProperties"] = keys.pop(part.others)["additionalProperties"]
    if not part.short:
        return full
    return {"anyOf": [keys[part.short], keys["by_type"] if part is Wants else full]}
