"""The page: whole, self-contained, inert, the same for the same forecast, and readable."""

from __future__ import annotations

import copy
import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from crises import CRISIS, changed, crisis
from escalade.errors import ScenarioError, TextError
from escalade.forecast.forecast import Forecast, forecast
from escalade.report.page import render_page, write_page
from escalade.scenario.read import read_scenario
from escalade.text.pins import take_in
from report.html_page import Page

DRAWS = 16
ESSAY = "They will likely yield. War is unlikely.\n\nWho knows?\nThe sea is “blue” & <b>deep</b>.\n"
HOSTILE = "<script>alert('1')</script>\"><img src=x onerror=alert(2)>"


def rich(folder: Path) -> Path:
    """A crisis with everything that a page can show, its assessment beside it."""
    essay = folder / "essay.txt"
    essay.write_text(ESSAY, encoding="utf-8")
    take_in(essay)
    data: dict[str, Any] = copy.deepcopy(CRISIS)
    data["question"] = "Who holds the island?"
    data["assessment"] |= {"text": "essay.txt", "sentences": "essay.sentences.json"}
    data["actors"]["us"] |= {"name": "Oceania", "precision": "deliberate"}
    data["actors"]["us"]["types"]["tough"] = {"share": "likely", "cite": "p1.s1", "means": "bold"}
    data["actors"]["us"]["wants"] = {"tough": "win > war > lose", "soft": "win > lose > war"}
    data["quantities"] = {"pride": {"value": "small", "unit": "utility", "cite": "p1.s1"}}
    data["costs"] = [{"to": "us", "of": "lose", "after": "threaten", "size": "pride",
                      "means": "a threat not kept", "cite": "p1.s1"}]  # fmt: skip
    data["beliefs"] = [{"by": "ru", "about": "us.tough", "is": "unlikely"}]
    data["outcomes"]["war"] |= {
        "said": "unlikely", "cite": "p1.s2", "means": "shots are fired",
        "includes": {"short": {"when": "made(wait)", "resolved_by": "it ends within a week"},
                     "long": {"otherwise": True}},
    }  # fmt: skip
    del data["outcomes"]["lose"]["resolved_by"]
    data["history"] = [{"date": "2020-02-01", "us": "threaten", "cite": "p1.s1"}]
    data["sources"] = {"cook": {"reliability": "B", "name": "the cook"}}
    report = {"date": "2020-02-02", "source": "cook", "credibility": 2, "says": "us.tough"}
    data["evidence"] = {
        "overheard": report | {"origin": "kitchen", "cite": "p1.s2"},
        "repeated": report | {"origin": "kitchen"},
        "denial": report | {"credibility": 6, "says": "not us.soft"},
    }
    data["statements"] = {
        "p1.s1": {"status": "judgement", "gist": "they give way"},
        "p2.s1": {"status": "question"},
        "p2.s2": {"status": "claim", "by": "us", "gist": "on the colour of the sea"},
    }
    data["claims"] = {
        "order": {"holds": "P(win) > P(war)", "says": "they yield", "cite": "p1.s1"},
        "stand": {"holds": "P(war | stand) < 0.5"},
        "never": {"holds": "P(war | us.tough and us.soft) < 0.5"},
    }
    path = folder / "rich.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Forecast:
    return forecast(read_scenario(rich(tmp_path_factory.mktemp("rich"))), draws=DRAWS)


@pytest.fixture(scope="module")
def page(told: Forecast) -> Page:
    return Page(render_page(told))


def hide_text(found: Forecast) -> Forecast:
    """The forecast, of a scenario whose text is not at hand."""
    assessment = replace(found.scenario.assessment, text=Path("nowhere.txt"))
    return replace(found, scenario=replace(found.scenario, assessment=assessment))


def test_the_page_is_whole_and_says_what_language_it_is_in(told: Forecast, page: Page) -> None:
    html = render_page(told)
    assert html.lstrip().startswith("<!DOCTYPE html>")
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == len(page.all("main")) == 1
    assert [n for n, count in Counter(page.ids()).items() if count > 1] == []


def test_headings_skip_no_level(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_link_leads_to_a_place_on_the_page(page: Page) -> None:
    targets = {link["href"] for link in page.all("a")}
    assert targets
    assert {target.removeprefix("#") for target in targets} <= set(page.ids())


def test_the_page_needs_nothing_else(told: Forecast, page: Page) -> None:
    assert not page.all("script")
    assert not page.all("link")
    assert not page.all("img")
    assert not any({"src", "srcset", "data", "action"} & set(a) for _, a in page.elements)
    assert not any(name.startswith("on") for _, a in page.elements for name in a)
    html = render_page(told)
    assert "url(" not in html
    assert "@import" not in html
    assert "http" not in html.replace("http-equiv", "")
    policy = next(m for m in page.all("meta") if "http-equiv" in m)
    assert policy["content"].startswith("default-src 'none'")


def test_tables_have_captions_and_scopes(page: Page) -> None:
    assert len(page.all("table")) == len(page.all("caption")) >= 8
    assert all(head.get("scope") in ("col", "row") for head in page.all("th"))


def test_figures_have_a_title_a_description_and_a_table_behind_them(page: Page) -> None:
    figures = page.all("svg")
    assert len(figures) == len(page.all("title")) - 1 == len(page.all("desc")) > 5
    for figure in figures:
        assert figure["role"] == "img"
        assert set(figure["aria-labelledby"].split()) <= set(page.ids())
    assert "The dots as a table" in page.text
    assert "The belief paths as a table" in page.text


def test_the_same_forecast_gives_the_same_bytes(told: Forecast, tmp_path: Path) -> None:
    again = forecast(read_scenario(told.scenario.path), draws=DRAWS)
    write_page(told, tmp_path / "one.html")
    write_page(again, tmp_path / "two.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_the_page_says_nothing_of_the_machine_it_was_made_on(told: Forecast) -> None:
    assert str(told.scenario.path.parent) not in render_page(told)


def test_a_page_that_cannot_be_written_leaves_nothing(told: Forecast, tmp_path: Path) -> None:
    with pytest.raises(TextError, match="cannot write"):
        write_page(told, tmp_path / "no folder" / "page.html")
    with pytest.raises(TextError, match="cannot read"):
        write_page(told, tmp_path / "page.html", text=tmp_path / "missing.txt")
    assert list(tmp_path.iterdir()) == []


def test_words_of_the_file_are_inert(tmp_path: Path) -> None:
    data = changed("outcomes", "war", to={"when": "rung == fight", "means": HOSTILE,
                                          "resolved_by": HOSTILE})  # fmt: skip
    data |= changed("actors", "us", "types", to={"tough": {"means": HOSTILE}, "soft": {}})
    claims = {"c": {"holds": "P(war) < 0.5", "says": HOSTILE}}
    history = [{"date": "2020-02-01", "us": "threaten"}]
    data["actors"]["us"]["name"] = HOSTILE
    scenario = crisis(
        tmp_path, title=HOSTILE, question=HOSTILE, claims=claims, history=history,
        assessment={"by": HOSTILE, "date": "2020-01-01", "title": HOSTILE}, **data,
    )  # fmt: skip
    page = Page(render_page(forecast(scenario, draws=DRAWS)))
    assert not page.all("script")
    assert not page.all("img")
    assert page.text.count("<script>alert('1')</script>") > 8


def test_the_heading_tells_how_the_numbers_were_made(told: Forecast, page: Page) -> None:
    for words in ("A crisis over an island", "Who holds the island?",
                  "An assessment by an analyst, 2020-01-01", f"{DRAWS} model worlds drawn",
                  "effective, weighted by history and evidence", f"{told.failed_draws} failed",
                  "largest residual", "seed 0"):  # fmt: skip
        assert words in page.text


def test_warnings_and_failed_draws_are_shown(told: Forecast) -> None:
    failing = replace(told, failed_draws=3, warnings=("3 of 16 failed", "<read> as rough"))
    text = Page(render_page(failing)).text
    assert "3 failed" in text
    assert "Before you use these numbers 3 of 16 failed <read> as rough" in text
    assert "Before you use" not in Page(render_page(replace(told, warnings=()))).text


def test_worlds_that_failed_are_left_out_of_the_dots(told: Forecast) -> None:
    worlds = told.worlds
    failed = np.arange(DRAWS) < 3
    broken = replace(
        worlds,
        weight=np.where(failed, 0.0, worlds.weight),
        outcomes=tuple(np.where(failed, np.nan, table) for table in worlds.outcomes),
    )
    page = Page(render_page(replace(told, worlds=broken)))
    assert not any("nan" in dot[name] for dot in page.all("circle") for name in ("cx", "cy"))
    assert [c.get("class") for c in page.all("circle")].count("dot") == 20 * len(told.outcomes)


def test_every_outcome_stands_with_its_numbers_and_its_resolver(told: Forecast, page: Page) -> None:
    for row in told.outcomes:
        assert f"outcome-main-{row.outcome}" in page.ids()
        assert row.resolved_by in page.text
    war = next(row for row in told.outcomes if row.outcome == "war")
    assert f"war shots are fired {100 * war.probability:.0f} % ±" in page.text
    assert f"{war.word} (" in page.text
    assert "unlikely ( 4–48 % )" in page.text
    assert "unscorable no resolver; 2020-12-31" in page.text
    assert "war: short" in page.text
    assert "1st of 2" in page.text


def test_dots_are_twenty_for_every_outcome(told: Forecast, page: Page) -> None:
    assert [c.get("class") for c in page.all("circle")].count("dot") == 20 * len(told.outcomes)


def test_the_natural_frequency_is_the_forecast(told: Forecast, page: Page) -> None:
    win = next(row for row in told.outcomes if row.outcome == "win")
    assert 0.005 < win.probability < 0.995
    assert (
        f"{100 * win.probability:.0f} of 100 model worlds would end so, on average, if each were "
        "played out once."
    ) in page.text


def test_every_claim_stands_with_its_share_terms_and_sentence(told: Forecast, page: Page) -> None:
    for row in told.claims:
        assert f"claim-{row.claim}" in page.ids()
        assert row.holds in page.text
        assert all(term.term in page.text for term in row.terms)
    assert "they yield P(win) > P(war)" in page.text
    assert "p1.s1 They will likely yield." in page.text
    assert "never determined" in page.text
    assert "cites no sentence" in page.text


def test_types_stand_before_and_now(told: Forecast, page: Page) -> None:
    tough = told.types[0]
    assert (
        f"Oceania: tough bold {100 * tough.prior:.0f} % {100 * tough.probability:.0f} %"
    ) in page.text
    assert "what the others leave" in page.text


def test_belief_paths_and_lessons_are_told(told: Forecast, page: Page) -> None:
    bits = {row.observer: row.bits for row in told.beliefs}
    assert f"taught about Oceania: {bits['analyst']:.2f} bits to analyst" in page.text
    before, after = told.beliefs[0].before, told.beliefs[0].after
    assert f"Oceania: tough analyst {100 * before:.0f} % {100 * after:.0f} %" in page.text
    for row in told.teaching:
        assert f"Oceania: {row.move}" in page.text


def test_the_text_stands_beside_what_rests_on_it(page: Page) -> None:
    assert "p1.s1 They will likely yield. judgement they give way type: Oceania, tough" in page.text
    assert "cost: a threat not kept" in page.text
    assert "history: 2020-02-01, Oceania: threaten" in page.text
    assert "The sea is “blue” & <b>deep</b>. claim by Oceania" in page.text
    assert "Who knows? question nothing cites this sentence" in page.text
    assert len(page.all("mark")) == 2
    assert "2 of 4 sentences are cited. Nothing cites p2.s2 . Nothing need cite p2.s1" in page.text


def test_without_the_text_ids_digests_and_gists_stand(told: Forecast) -> None:
    page = Page(render_page(hide_text(told)))
    assert "The text is not at hand" in page.text
    assert "They will likely yield" not in page.text
    assert "they give way" in page.text
    pins = take_in(told.scenario.path.parent / "essay.txt")
    assert all(f"{pin.digest}" in page.text and pin.id in page.ids() for pin in pins.sentences)


def test_a_text_from_elsewhere_is_used_and_checked(told: Forecast, tmp_path: Path) -> None:
    elsewhere = tmp_path / "copy.txt"
    elsewhere.write_text(ESSAY, encoding="utf-8")
    assert "They will likely yield" in render_page(hide_text(told), text=elsewhere)
    elsewhere.write_text(ESSAY.replace("likely", "surely"), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"p1\.s1"):
        render_page(hide_text(told), text=elsewhere)


def test_a_text_without_pinned_sentences_is_refused(tmp_path: Path) -> None:
    found = forecast(crisis(tmp_path), draws=DRAWS)
    essay = tmp_path / "essay.txt"
    essay.write_text(ESSAY, encoding="utf-8")
    with pytest.raises(TextError, match="names no side file of sentences"):
        render_page(found, text=essay)


def test_every_input_stands_with_its_value_and_line(told: Forecast, page: Page) -> None:
    joined = page.text.replace(". ", ".")
    for item in told.scenario.inputs:
        assert f"rich.yaml:{item.line} {item.name}" in joined
        assert item.value.text in page.text
    free = [item for item in told.scenario.inputs if not item.cite]
    assert f"{len(free)} of {len(told.scenario.inputs)} inputs rest on no sentence" in page.text
    assert "belief: ru about Oceania, tough" in page.text
    assert "21.2 (14 to 32)" in page.text


def test_evidence_says_what_it_is_worth_and_whether_it_counts(page: Page) -> None:
    assert "for Oceania: tough" in page.text
    assert "against Oceania: soft" in page.text
    assert "the cook B2: usually reliable; probably true" in page.text
    assert "no: overheard has the same origin" in page.text


def test_provenance_lets_somebody_make_the_page_again(told: Forecast, page: Page) -> None:
    for words in (told.scenario.digest, f"escalade {told.provenance['version']}",
                  f"escalade report rich.yaml --draws {DRAWS} --seed 0"):  # fmt: skip
        assert words in page.text
    assert "Limits of the method" in page.text
    assert "conditional on the model" in page.text


def test_several_theatres_stand_one_by_one(tmp_path: Path) -> None:
    stage = {key: copy.deepcopy(CRISIS[key]) for key in ("state", "moves", "play", "outcomes")}
    actors = copy.deepcopy(CRISIS["actors"])
    stage["wants"] = {id: actor.pop("wants") for id, actor in actors.items()}
    quiet = stage | {"means": "far away"}
    seen = stage | {"history": [{"date": "2020-02-01", "us": "threaten"}]}
    top = dict.fromkeys(("state", "moves", "play", "outcomes"))
    scenario = crisis(tmp_path, actors=actors, theatres={"north": seen, "deep_south": quiet}, **top)
    found = forecast(scenario, draws=DRAWS)
    page = Page(render_page(found))
    for theatre in ("north", "deep_south"):
        rows = [row.outcome for row in found.outcomes if row.theatre == theatre]
        assert {f"outcome-{theatre}-{row}" for row in rows} <= set(page.ids())
    assert "Deep south far away" in page.text
    assert "The file records no moves here." in page.text
    assert "The dots as a table: North" in page.text
    assert [n for n, count in Counter(page.ids()).items() if count > 1] == []


def test_a_crisis_without_hidden_types_or_claims_is_shorter(tmp_path: Path) -> None:
    data = changed("actors", "us", "types", to={})
    data["actors"]["us"]["wants"] = "win > war > lose"
    page = Page(render_page(forecast(crisis(tmp_path, **data), draws=DRAWS)))
    headings = {"claims", "types", "teaching", "evidence"}
    assert not headings & set(page.ids())
    assert "The file cites no sentence" in page.text


def test_colours_are_told_apart_in_light_and_in_dark(told: Forecast) -> None:
    light, dark = re.findall(r":root \{(.*?)\}", render_page(told), re.DOTALL)[:2]
    for scheme in (light, dark):
        colour = dict(re.findall(r"--(\w[\w-]*): (#[0-9a-f]{6})", scheme))
        paper = luminance(colour["paper"])
        for name in ("ink", "soft", "link", "alarm", "s0", "s1", "s2", "s3", "s4", "s5"):
            assert contrast(luminance(colour[name]), paper) >= 4.5, name
        for name in ("dot", "band"):
            assert contrast(luminance(colour[name]), paper) >= 3, name
        assert contrast(luminance(colour["ink"]), luminance(colour["mark"])) >= 4.5
        assert contrast(luminance(colour["alarm"]), luminance(colour["alarm-wash"])) >= 4.5


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: float, other: float) -> float:
    """Contrast ratio, WCAG 2.2."""
    light, dark = max(one, other), min(one, other)
    return (light + 0.05) / (dark + 0.05)


def test_print_keeps_a_heading_with_its_table_and_a_row_in_one_piece(tmp_path: Path) -> None:
    """What a browser does with these rules was looked at in Chromium's print."""
    page = render_page(forecast(crisis(tmp_path), draws=DRAWS))
    rules = page[page.index("@media print") : page.index("</style>")]
    after, inside = ("h2 + p, h3 + p, thead, tbody tr:first-child { break-after: avoid; }",
                     "p, tr, figure, .sentence, .steps > li { break-inside: avoid; }")  # fmt: skip
    assert after in rules
    assert inside in rules
