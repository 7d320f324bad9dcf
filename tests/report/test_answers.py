"""What a forecast hinges on, as sections of the report."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from crises import changed, crisis
from escalade.explain.compare import Comparisons, compare
from escalade.explain.flip import flip
from escalade.explain.learn import learn
from escalade.explain.why import why
from escalade.forecast.forecast import Forecast, forecast
from escalade.forecast.timeline import timeline
from escalade.ledger.ledger import read_ledger
from escalade.ledger.record import resolve
from escalade.ledger.score import score
from escalade.report.answers import Answers
from escalade.report.page import render_page
from escalade.report.phrases import share
from ledger.books import day, recorded
from report.html_page import Page
from report.test_markdown import tables
from report.test_page import rich

ORDER = (
    "outcomes",
    "hinges",
    "flip",
    "watch",
    "rivals",
    "series",
    "types",
    "history",
    "text",
    "inputs",
)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Forecast, Answers]:
    """A forecast with everything asked of it."""
    from escalade.scenario.read import read_scenario

    folder = tmp_path_factory.mktemp("rich")
    made = forecast(read_scenario(rich(folder)), draws=64)
    return made, asked(made)


def asked(made: Forecast) -> Answers:
    rival = compare(made.scenario, made.scenario, draws=16)
    series = timeline(made.scenario, partial(forecast, draws=made.draws))
    return Answers(why(made), (flip(made, "order"),), learn(made), Comparisons((rival,)), series)


def test_the_sections_stand_in_the_order_of_the_report(told: tuple[Forecast, Answers]) -> None:
    page = render_page(told[0], answers=told[1])
    places = [page.index(f'<h2 id="{anchor}">') for anchor in ORDER]
    assert places == sorted(places)
    for anchor in ORDER:
        assert f'href="#{anchor}"' in page


def test_the_two_charts_say_which_question_they_answer(told: tuple[Forecast, Answers]) -> None:
    page = render_page(told[0], answers=told[1])
    hinges, watch = page.index('id="hinges"'), page.index('id="watch"')
    assert hinges < page.index("If this number were different") < watch
    assert watch < page.index("If we learned this")


def test_every_sentence_named_is_a_link_that_leads_somewhere(
    told: tuple[Forecast, Answers],
) -> None:
    page = Page(render_page(told[0], answers=told[1]))
    targets = {a["href"].removeprefix("#") for a in page.all("a")}
    assert targets <= set(page.ids())
    assert len(page.ids()) == len(set(page.ids()))


def test_an_outcome_is_named_in_words_after_that_of_which_it_is_a_part(
    told: tuple[Forecast, Answers],
) -> None:
    text = render_page(told[0], answers=told[1], form="md")
    parts = [row for row in told[0].outcomes if row.part_of]
    assert parts
    for row in parts:
        assert row.outcome.replace(".", ": ").replace("_", " ").lower() in text.lower()
        assert f"### {row.outcome}" not in text


def test_markdown_has_the_same_sections_in_tables(told: tuple[Forecast, Answers]) -> None:
    text = render_page(told[0], answers=told[1], form="md")
    for section in ("What it hinges on", "The smallest change", "What to watch", "Rivals",
                    "How the forecast came about"):  # fmt: skip
        assert f"\n## {section}" in text
    assert "Both in 16 model worlds at the same points." in text
    for table in tables(text):
        assert len({len(row) for row in table}) == 1


def test_json_holds_what_the_verbs_print(told: tuple[Forecast, Answers]) -> None:
    found = json.loads(render_page(told[0], answers=told[1], form="json"))
    assert {"outcomes", "why", "learn", "compare", "flip", "timeline"} <= set(found)
    assert found["timeline"]["steps"][-1]["outcomes"][0]["probability"] == pytest.approx(
        found["outcomes"][0]["probability"]
    )


def test_json_holds_the_record_as_plain_data(
    told: tuple[Forecast, Answers], tmp_path: Path
) -> None:
    path = tmp_path / "ledger.jsonl"
    resolve(path, recorded(path), "war", at=day(1))
    answers = Answers(scores=score(read_ledger(path)))
    (found,) = json.loads(render_page(told[0], answers=answers, form="json"))["score"]
    assert (found["by"], found["questions"][0]["outcome"]) == ("an author", "war")


def test_the_series_has_a_row_for_everything_seen_and_its_cause(
    told: tuple[Forecast, Answers],
) -> None:
    series = told[1].series
    assert series is not None
    assert len(series.steps) > 2
    text = Page(render_page(told[0], answers=told[1])).text
    for step in series.steps[1:]:
        assert step.cause in text
        assert step.reason in text
    (theatre, *_) = told[0].scenario.theatres
    for row in [row for row in series.last.outcomes if row.theatre == theatre.id]:
        assert share(row.probability).replace("\u00a0", " ") in text


def test_the_same_questions_give_the_same_bytes(tmp_path: Path) -> None:
    change = changed("actors", "us", "precision", to="5 to 9")
    scenario = crisis(tmp_path, claims={"order": "P(win) > P(war)"}, **change)
    pages = set()
    for _ in range(2):
        made = forecast(scenario, draws=32)
        pages.add(render_page(made, answers=asked(made)))
    assert len(pages) == 1
