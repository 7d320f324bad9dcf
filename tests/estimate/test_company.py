"""Searches that ask one solver side by side."""

from __future__ import annotations

import pytest

from escalade.estimate.company import Company, side_by_side


def test_searches_in_company_are_answered_together() -> None:
    asked: list[int] = []

    def answer(questions: list[int]) -> list[int]:
        asked.append(len(questions))
        return [10 * question for question in questions]

    company = Company(answer)

    def climb(item: int) -> int:
        return sum(company.ask(item) for _ in range(1 + item % 2))

    assert side_by_side(company, climb, range(6)) == [0, 20, 20, 60, 40, 100]
    assert asked == [6, 3]


def test_a_fault_reaches_all_that_asked() -> None:
    def answer(_: list[int]) -> list[int]:
        raise ValueError("no answer")

    with pytest.raises(ValueError, match="no answer"):
        side_by_side(Company(answer), Company(answer).ask, range(3))
