"""The file: what was written is found as it was written, or the fault is found."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import textwrap
from itertools import permutations
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from escalade.errors import LedgerError
from escalade.ledger import ledger as room
from escalade.ledger.entries import Recorded
from escalade.ledger.ledger import append, inspect, read_ledger, repair
from escalade.ledger.lines import seal
from escalade.ledger.record import record, resolve, withdraw
from ledger.books import THREE, day, forecast, recorded


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with one line of each kind, and one forecast more."""
    path = tmp_path / "ledger.jsonl"
    first = recorded(path)
    second = recorded(path, {"a": 0.25, "b": 0.75}, theatre="küste")
    resolve(path, first, "win", at=day(3), source="two agencies")
    withdraw(path, second, at=day(4), reason="it was badly put")
    return path


def test_every_line_holds_the_digest_of_the_one_before(path: Path) -> None:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["n"] for line in lines] == [1, 2, 3, 4]
    assert lines[0]["before"] == "0" * 64
    assert [line["before"] for line in lines[1:]] == [line["digest"] for line in lines[:-1]]
    assert read_ledger(path).head == lines[-1]["digest"]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.text(), st.text(min_size=1), st.floats(0, 1)), max_size=5))
def test_what_is_written_is_read_again(tmp_path: Path, said: list[tuple[str, str, float]]) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"")
    for question, by, p in said:
        found = forecast({"a": p, "b": 1 - p}, question=question, assessment_by=by)
        record(path, found, at=day(0))
    lines = [line for line in read_ledger(path).entries if isinstance(line, Recorded)]
    assert [(line.question, line.by, line.outcomes[0].probability) for line in lines] == said


def test_a_change_of_any_byte_is_found(path: Path) -> None:
    data = path.read_bytes()
    for place in range(len(data)):
        other = b"\n" if place % 9 == 0 and data[place] != 0x0A else bytes([data[place] ^ 1])
        path.write_bytes(data[:place] + other + data[place + 1 :])
        line = data.count(b"\n", 0, place) + 1
        assert [fault.line for fault in inspect(path).faults][:1] in ([line], [line + 1])


def test_a_line_taken_out_put_in_or_moved_is_found(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    orders = [list(order) for order in permutations(range(4)) if order != (0, 1, 2, 3)]
    orders += [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 0, 1, 2, 3], [0, 1, 2, 3, 3]]
    for order in orders:
        path.write_bytes(b"".join(lines[i] for i in order))
        first = next(i for i, line in enumerate(order) if i >= 4 or line != i)
        assert [fault.line for fault in inspect(path).faults][:1] == [first + 1]


def test_a_line_sealed_anew_is_found_by_the_next(path: Path) -> None:
    lines = path.read_bytes().splitlines()
    content = json.loads(lines[1])
    content["outcomes"][0]["probability"], content["outcomes"][1]["probability"] = 0.75, 0.25
    lines[1] = seal({k: v for k, v in content.items() if k != "digest"}, 2, content["before"])
    path.write_bytes(b"\n".join(lines) + b"\n")
    found = inspect(path)
    (fault,) = found.faults
    assert fault.line == 3
    assert "does not follow the line before" in fault.message
    assert len(found.ledger.entries) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "rumour"}, "rumour"),
        ({"probability": 1}, "unknown field `probability`"),
        ({"id": "0123456789ab"}, "0123456789ab"),
        ({"outcome": "peace"}, "has no outcome 'peace'"),
        ({"at": "2019-12-31T00:00:00Z"}, "cannot have been resolved before"),
        ({"at": "2020-01-04"}, "RFC3339"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "not in UTC"),
        ({"corrects": True}, "nothing to correct"),
    ],
)
def test_a_line_that_is_sealed_but_makes_no_sense_is_found(
    path: Path, change: dict[str, object], message: str
) -> None:
    lines = path.read_bytes().splitlines()
    before = json.loads(lines[2])["before"]
    content = {k: v for k, v in json.loads(lines[2]).items() if k != "digest"} | change
    path.write_bytes(b"\n".join([*lines[:2], seal(content, 3, before)]) + b"\n")
    (fault,) = inspect(path).faults
    assert fault.line == 3
    assert message in fault.message


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[1]", b"\xff", b"[" * 100_000, b'{"n":NaN}', b"1" * 5000]
)
def test_what_is_no_line_is_found(path: Path, line: bytes) -> None:
    path.write_bytes(path.read_bytes() + line + b"\n")
    (fault,) = inspect(path).faults
    assert (fault.line, fault.message) == (5, "the line is no line of a ledger")


def test_a_crash_at_any_byte_of_a_write_is_found_and_mended_on_request(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    resolve(path, recorded(path, {"ä": 0.5, "b": 0.5}), "ä", at=day(1))
    whole = path.read_bytes()
    ends = {i + 1 for i, byte in enumerate(whole) if byte == 0x0A} | {0}
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        kept = max(end for end in ends if end <= size)
        if size in ends:
            assert repair(path) == ""
        else:
            found = inspect(path)
            assert "the last line is torn" in found.faults[0].message
            assert found.torn == whole[kept:size]
            with pytest.raises(LedgerError, match="--repair"):
                read_ledger(path)
            assert path.read_bytes() == whole[:size]
            assert repair(path)
        assert path.read_bytes() == whole[: size + 1 if size + 1 in ends else kept]
        read_ledger(path)


def test_nothing_else_is_ever_repaired(path: Path) -> None:
    broken = path.read_bytes().replace(b'"win"', b'"war"', 1) + b'{"torn'
    path.write_bytes(broken)
    with pytest.raises(LedgerError, match="was changed"):
        repair(path)
    assert path.read_bytes() == broken


def test_nothing_is_added_to_a_ledger_at_fault(path: Path) -> None:
    broken = path.read_bytes()[:-10]
    path.write_bytes(broken)
    with pytest.raises(LedgerError, match="the last line is torn"):
        recorded(path, theatre="another")
    assert path.read_bytes() == broken


WRITER = """
import sys
from pathlib import Path
from escalade.ledger.record import record
from ledger.books import day, forecast
for i in range(100):
    p = (i + 0.5) / 100
    record(Path(sys.argv[1]), forecast({"a": p, "b": 1 - p}, assessment_by=sys.argv[2]), at=day(i))
"""


def test_two_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    tests = Path(__file__).parents[1]
    code = f"import sys; sys.path.insert(0, {str(tests)!r})" + WRITER
    names = ("one", "other")
    both = [subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in names]
    assert [process.wait() for process in both] == [0, 0]
    found = read_ledger(path)
    assert len(found.entries) == 200
    ((question),) = found.questions.values()
    for name in names:
        own = [line.outcomes[0].probability for line in question.forecasts if line.by == name]
        assert own == [(i + 0.5) / 100 for i in range(100)]


def test_a_writer_waits_for_another_and_then_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PATIENCE", 0.1)
    before = path.read_bytes()
    with FileLock(f"{path}.lock"), pytest.raises(LedgerError, match="a program that holds"):
        recorded(path, theatre="another")
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "new.jsonl.lock").mkdir()  # permissions bind not everybody, this does
    with pytest.raises(LedgerError, match=r"cannot write .*new\.jsonl\.lock, which keeps other"):
        recorded(tmp_path / "new.jsonl")


def test_a_full_disk_leaves_the_ledger_as_it_was(path: Path) -> None:
    """The limit on the size of a file stands for the disk: it ends in the midst of a line."""
    before = path.read_bytes()
    code = textwrap.dedent(f"""
        import resource, signal, sys
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parents[1])!r})
        from ledger.books import recorded
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before) + 100}, {resource.RLIM_INFINITY}))
        try:
            recorded(Path({str(path)!r}), theatre="another")
        except OSError as error:
            print(error.strerror)
    """)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "large" in run.stdout
    assert path.read_bytes() == before


def test_several_lines_are_added_or_none(path: Path) -> None:
    before = path.read_bytes()
    id = recorded(path, theatre="another")
    after = path.read_bytes()
    good = {"kind": "withdrawal", "id": id, "at": "2020-02-01T00:00:00Z", "reason": "x"}
    with pytest.raises(LedgerError, match="was withdrawn"):
        append(path, [good, good])
    assert path.read_bytes() == after
    assert after.startswith(before)


def test_a_ledger_that_is_not_there_is_a_clear_fault(tmp_path: Path) -> None:
    for use in (read_ledger, inspect):
        with pytest.raises(LedgerError, match="there is no ledger"):
            use(tmp_path / "none.jsonl")
    with pytest.raises(LedgerError, match="there is no folder"):
        recorded(tmp_path / "nowhere" / "ledger.jsonl", THREE)
