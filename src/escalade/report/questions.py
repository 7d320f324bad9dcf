"""Questions as files for other programs: a table, or the fields of a question on Metaculus."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from escalade.errors import EscaladeError
from escalade.explain.learn import Lessons, QuestionRow
from escalade.explain.observations import NONE
from escalade.explain.wording import option

FIELDS = (
    "title", "type", "description", "resolution_criteria", "fine_print", "options", "open_time",
    "scheduled_close_time", "scheduled_resolve_time",
)  # fmt: skip
"""What one may say of a binary or multiple-choice question there, by the names of its fields in
Metaculus' public code (questions/serializers/common.py, `QuestionWriteSerializer`)."""

LONGEST = 200
"""Characters of an option there (questions/models.py)."""


def as_table(found: Lessons) -> str:
    """CSV: one row per question, answer and outcome."""
    columns = ("id", "kind", "theatre", "who", "question", "opens", "date", "public", "grade",
               "gain", "error", "share")  # fmt: skip
    rows: list[dict[str, Any]] = []
    for row in found.questions:
        head = {name: getattr(row, name) for name in columns}
        for answer in row.answers:
            said = {"answer": answer.answer, "probability": answer.probability}
            for now, after in zip(row.outcomes, answer.outcomes, strict=True):
                outcome = f"{now.theatre}.{now.outcome}"
                after_ = {"outcome": outcome, "now": now.probability, "then": after.probability}
                rows.append({**head, **said, **after_})
    more = ("answer", "probability", "outcome", "now", "then")
    return _csv(rows, (*columns, *more))


def as_metaculus(found: Lessons, *, table: bool) -> str:
    """The public questions as those fields: JSON, or CSV with the options as JSON in their cell.

    Raises:
        EscaladeError: If a question has no day, or none is public.
    """
    public = [row for row in found.questions if row.public]
    if not public:
        raise EscaladeError("nothing that lies ahead would be seen by everybody: no question")
    if not all(row.date for row in public):
        raise EscaladeError("a question needs a day by which it is answered\n"
                            "    Add `horizon: YYYY-MM-DD` to the scenario.")  # fmt: skip
    questions = [_fields(found, row) for row in public]
    if not table:
        return json.dumps(questions, indent=2, ensure_ascii=False) + "\n"
    cells = [{**q, "options": json.dumps(q["options"], ensure_ascii=False)} for q in questions]
    return _csv(cells, FIELDS)


def _fields(found: Lessons, row: QuestionRow) -> dict[str, Any]:
    """One question in the words of that form."""
    binary = row.kind == "event"
    options = [option(a.answer, a.means)[:LONGEST] for a in row.answers if a.answer != NONE]
    other = f"None of these by {row.date}"
    criteria = (
        f"Resolves Yes if this happens after {row.opens} and by {row.date}: "
        f"{row.answers[0].means}. Otherwise it resolves No."
        if binary
        else f"Resolves as the option that comes about first after {row.opens}, if one does by "
        f"{row.date}, and otherwise as '{other}'."
    )
    about = (
        f"A question that the assessment '{found.title}' turns on. The options are those of its "
        "author's scenario."
    )
    fine = (
        "What counts is what two independent news agencies report in public; an act that is hidden "
        "counts as what it looks like."
    )
    kind, others = ("binary", None) if binary else ("multiple_choice", [*options, other])
    opens = f"{row.opens}T00:00:00Z" if row.opens < row.date else None
    closes = f"{row.date}T00:00:00Z"
    values = (row.question, kind, about, criteria, fine, others, opens, closes, closes)
    return dict(zip(FIELDS, values, strict=True))


def _csv(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
