"""The essay of October 2025 and its rival: complete, honest about its source, and runnable."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from escalade.forecast.forecast import Forecast, forecast
from escalade.scenario.read import read_scenario
from escalade.scenario.source import load_source
from escalade.text.pins import Pins, read_pins, read_text, take_in, verify

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "scenarios" / "budapest-2025"
ESSAY, RIVAL = FOLDER / "essay.yaml", FOLDER / "baserates.yaml"
TEXT = "text/budapest-2025.txt"
DRAWS = 256
LONGEST_COMMON_RUN = 7
ROW = re.compile(r"^\| (p\d+\.s\d+) \| `([0-9a-f]{16})` \|(.*)\|$", re.MULTILINE)

# Each strand of the essay (the list stands in the README) and the elements that carry it.
STRANDS: dict[str, tuple[str, ...]] = {
    "Russia's belief turns from hope to certainty": (
        "beliefs.0", "actors.us.types.set_on_defeat", "theatres.ukraine.history.0",
        "theatres.budapest.history.2",
    ),
    "statements that are theatrics": (
        "theatres.budapest.moves.announce_meeting", "theatres.budapest.history.0",
    ),
    "three end states with their order": (
        "theatres.ukraine.outcomes.larger_war", "theatres.ukraine.outcomes.russian_climb_down",
        "theatres.ukraine.outcomes.us_climb_down", "claims.order_of_ends", "claims.only_three_ends",
    ),
    "stalled talks": (
        "theatres.ukraine.state.talks", "theatres.ukraine.moves.let_talks_lapse",
    ),
    "no Tomahawks": ("theatres.ukraine.moves.send_tomahawks.costs.us", "claims.no_tomahawks"),
    "permission for Storm Shadow with US intelligence": (
        "theatres.ukraine.state.permission", "theatres.ukraine.moves.lift_restrictions.sets",
        "theatres.ukraine.moves.release_storm_shadow.when",
    ),
    "the strike": ("theatres.ukraine.moves.release_storm_shadow", "theatres.ukraine.history.2"),
    "the massive answer": ("theatres.ukraine.moves.massive_attack", "theatres.ukraine.history.3"),
    "sanctions that change nothing": (
        "theatres.budapest.moves.sanction_oil.costs", "theatres.budapest.history.3",
        "quantities.no_effect",
    ),
    "doubt about remaining stocks": (
        "theatres.ukraine.state.storm_shadows", "theatres.ukraine.play.4.chance.stocks_remain",
        "quantities.stocks_left",
    ),
    "extension of the war": (
        "theatres.ukraine.moves.extend_war", "quantities.unanswered",
    ),
    "flattery as a useless signal": (
        "theatres.budapest.moves.flatter", "claims.flattery_useless",
    ),
    "deals that get betrayed": (
        "theatres.ukraine.moves.betray_deal", "claims.deals_are_betrayed",
        "theatres.ukraine.outcomes.war_goes_on.includes.after_betrayal",
    ),
    "limited attention": ("actors.us.precision",),
    "talking on versus a demonstration of force": (
        "theatres.ukraine.moves.keep_talking", "theatres.ukraine.moves.fire_oreshnik",
        "claims.talking_has_lost", "claims.force_beats_talk",
    ),
    "Oreshnik and a nuclear answer": (
        "theatres.ukraine.moves.answer_with_nuclear_weapons", "claims.no_nuclear_answer",
        "theatres.ukraine.outcomes.larger_war.includes.nuclear", "actors.europe.precision",
    ),
    "elites that could climb down": (
        "actors.us_elites", "actors.russian_elites", "theatres.ukraine.moves.press_washington",
        "theatres.ukraine.moves.press_moscow",
    ),
    "Gaza": (
        "theatres.gaza_and_west_bank.outcomes.new_governance",
        "theatres.gaza_and_west_bank.moves.promise_expulsion", "claims.campaign_goes_on",
    ),
    "the West Bank": ("theatres.gaza_and_west_bank.state.west_bank", "claims.attacks_stay_up"),
    "Venezuela": ("theatres.venezuela.moves.threaten_land", "theatres.venezuela.moves.strike_land"),
    "Iran": ("theatres.iran.moves.confer_with_iran", "claims.next_attack_on_iran"),
    "rumours about Iran": (
        "evidence.gulf_rumour", "theatres.iran.play.2.chance.gulf_pressure",
    ),
    "the precedent of deterrence": ("quantities.deterrence", "claims.weapon_stabilises"),
}  # fmt: skip


@pytest.fixture(scope="module")
def pins() -> Pins:
    return read_pins(FOLDER / "essay.sentences.json")


@pytest.fixture(scope="module")
def readme() -> str:
    return (FOLDER / "README.md").read_text(encoding="utf-8")


def element(data: Any, path: str) -> Any:
    for step in path.split("."):
        data = data[int(step)] if isinstance(data, list) else data[step]
    return data


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower().replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", ""))  # fmt: skip  # noqa: E501


def runs(text: str, length: int) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[i : i + length]) for i in range(len(found) - length + 1)}


@pytest.mark.parametrize("path", [ESSAY, RIVAL], ids=lambda path: path.stem)
def test_every_sentence_has_a_status_and_a_gist(path: Path, pins: Pins) -> None:
    statements = {s.sentence: s for s in read_scenario(path).statements}
    assert list(statements) == [pin.id for pin in pins.sentences]
    assert all(statement.gist for statement in statements.values())


def test_every_sentence_is_cited_by_an_element(pins: Pins) -> None:
    assert set(read_scenario(ESSAY).citations) == {pin.id for pin in pins.sentences}


def test_the_readme_maps_every_sentence_by_id_and_digest(readme: str, pins: Pins) -> None:
    rows = [(id_, digest) for id_, digest, _ in ROW.findall(readme)]
    assert rows == [(pin.id, pin.digest) for pin in pins.sentences]


def test_the_readme_names_only_elements_that_exist(readme: str) -> None:
    data = load_source(ESSAY).data
    named = [(id_, name) for id_, _, rest in ROW.findall(readme)
             for name in re.findall(r"`([a-z][\w.]*)`", rest)]  # fmt: skip
    assert {id_ for id_, _ in named} == {id_ for id_, _, _ in ROW.findall(readme)}
    for _, name in named:
        assert element(data, name) is not None, name


@pytest.mark.parametrize("strand", STRANDS)
def test_every_strand_of_the_essay_has_its_elements(strand: str) -> None:
    data = load_source(ESSAY).data
    for path in STRANDS[strand]:
        assert element(data, path) is not None


def test_a_rumour_is_graded_as_a_rumour() -> None:
    (report,) = read_scenario(ESSAY).evidence
    assert (report.status, report.grade) == ("rumour", "F6")


def test_words_alone_have_no_effect_and_no_cost() -> None:
    moves = element(load_source(ESSAY).data, "theatres.budapest.moves")
    for name in ("announce_meeting", "announce_nothing", "flatter", "speak_plainly"):
        assert not set(moves[name]) & {"sets", "costs", "habit"}


def test_the_pins_fit_the_essay(shared: Path, tmp_path: Path, pins: Pins) -> None:
    text = shared / TEXT
    assert verify(pins, read_text(text)) == []
    copy = tmp_path / text.name
    shutil.copyfile(text, copy)
    assert take_in(copy).sentences == pins.sentences


def test_no_passage_of_the_essay_is_in_the_repository(shared: Path) -> None:
    length = LONGEST_COMMON_RUN + 1
    essay = runs(read_text(shared / TEXT), length)
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    copied = {}
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        content = path.read_bytes() if path.is_file() else b"\0"
        if b"\0" not in content:
            common = runs(content.decode("utf-8", errors="replace"), length) & essay
            copied |= {name: sorted(common)} if common else {}
    assert copied == {}


def test_the_rival_has_its_own_claims_and_shares_the_outcomes() -> None:
    essay, rival = read_scenario(ESSAY), read_scenario(RIVAL)
    assert not {claim.id for claim in essay.claims} & {claim.id for claim in rival.claims}
    assert len(rival.claims) >= 8
    assert rival.assessment.by == "base rates (ICB v13, MID)"
    for one, other in zip(essay.theatres, rival.theatres, strict=True):
        assert [o.id for o in one.outcomes] == [o.id for o in other.outcomes]


def test_the_counts_of_the_rival_are_in_the_tables(shared: Path) -> None:
    tables = [shared / "data" / "reference" / f"{name}_base_rates.csv" for name in ("icb", "mid")]
    rows = [line.split('"')[-1] for path in tables for line in path.read_text("utf-8").splitlines()]
    counts = {tuple(map(int, found)) for row in rows
              for found in re.findall(r",(\d+),(\d+),[\d.]+,[\d.]+,[\d.]+$", row)}  # fmt: skip
    quoted = re.findall(r"(?:share|is|said|probability): (\d+) of (\d+)", RIVAL.read_text("utf-8"))
    assert len(quoted) >= 10
    assert {(int(n), int(k)) for k, n in quoted} <= counts


def test_every_habit_of_the_rival_is_the_count_beside_it() -> None:
    lines = [line for line in RIVAL.read_text("utf-8").splitlines() if 'habit: "beta(' in line]
    assert len(lines) >= 30
    for line in lines:
        hits, misses = map(float, re.findall(r"beta\(([\d.]+), ([\d.]+)\)", line)[0])
        counted = re.findall(r"(\d+) of (\d+)", line.split("#")[1])[0]
        assert (hits - 0.5, hits + misses - 1) == tuple(map(float, counted)), line


@pytest.fixture(scope="module")
def forecasts() -> dict[str, Forecast]:
    return {path.stem: forecast(read_scenario(path), draws=DRAWS) for path in (ESSAY, RIVAL)}


def test_hardly_a_draw_fails(forecasts: dict[str, Forecast]) -> None:
    assert all(result.failed_draws <= 0.01 * DRAWS for result in forecasts.values())


def test_the_readme_tells_what_the_forecasts_say(
    readme: str, forecasts: dict[str, Forecast]
) -> None:
    rows = re.findall(r"^\| `(\w+)\.([\w.]+)` \|.*\| (\d+) % \| (\d+) % \|$", readme, re.MULTILINE)
    said = {(t, o): (int(essay) / 100, int(rival) / 100) for t, o, essay, rival in rows}
    assert len(said) >= 10
    for column, name in enumerate(("essay", "baserates")):
        found = {(row.theatre, row.outcome): row.probability for row in forecasts[name].outcomes}
        for outcome, shares in said.items():
            assert found[outcome] == pytest.approx(shares[column], abs=0.06), outcome
    claims = re.findall(r"^\| `(\w+)` \| (\d+) % \|$", readme, re.MULTILINE)
    shares = {row.claim: row.share for row in forecasts["essay"].claims}
    assert [id_ for id_, _ in claims] == list(shares)
    for id_, share in claims:
        assert shares[id_] == pytest.approx(int(share) / 100, abs=0.12), id_


def test_russia_goes_from_hope_towards_certainty(forecasts: dict[str, Forecast]) -> None:
    asked = ("russia", "us", "set_on_defeat")
    rows = forecasts["essay"].beliefs
    path = [row for row in rows if (row.observer, row.actor, row.type) == asked]
    after = {row.move: row.after for row in path}
    assert path[0].before < 0.3
    assert after["us: let_talks_lapse"] < after["us: lift_restrictions"] < after["us: call_off"]
    assert path[-1].after > 0.65
    assert [row.date for row in path] == sorted(row.date for row in path)


def test_words_alone_teach_nothing(forecasts: dict[str, Forecast]) -> None:
    words_ = ("us: announce_meeting", "russia: flatter", "israel: promise_expulsion")
    rows = [row for row in forecasts["essay"].beliefs if row.move in words_]
    assert {row.move for row in rows} == set(words_)
    assert max(abs(row.bits) for row in rows) < 1e-6
