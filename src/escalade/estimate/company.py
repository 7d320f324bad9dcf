"""Searches side by side, whose questions to the solver are answered all at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Condition
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 128  # that wait for each other


class Company:
    """Threads that ask one at a time each, and wait until all of them have asked.

    One call for many questions costs little more than for one; what each thread is answered must
    not depend on what the others ask. A thread that is alone is answered at once.

    Args:
        answer: What answers a list of questions.
    """

    def __init__(self, answer: Callable[[list[Any]], list[Any]]) -> None:
        self._answer = answer
        self._change = Condition()
        self._present = 0
        self._asked: list[tuple[Any, list[Any]]] = []

    def expect(self, n: int) -> None:
        """Have so many more threads waited for; each is to ask within `leaving`."""
        with self._change:
            self._present += n

    @contextmanager
    def leaving(self) -> Generator[None]:
        """An expected thread is waited for in here, and no longer after."""
        try:
            yield
        finally:
            with self._change:
                self._present -= 1
                self._settle()

    def ask(self, question: Any) -> Any:
        """The answer to a question, when all who are present have asked one."""
        given: list[Any] = []
        with self._change:
            self._asked.append((question, given))
            self._settle()
            self._change.wait_for(lambda: bool(given))
        (found,) = given
        if isinstance(found, BaseException):
            raise found
        return found

    def _settle(self) -> None:
        """Answer everybody, if nobody is still to ask."""
        if not self._asked or len(self._asked) < self._present:
            return
        asked, self._asked = self._asked, []
        try:
            answers: list[Any] = self._answer([question for question, _ in asked])
        except Exception as error:  # noqa: BLE001 - raised again in every thread that asked
            answers = [error] * len(asked)
        for (_, given), found in zip(asked, answers, strict=True):
            given.append(found)
        self._change.notify_all()


def side_by_side(
    company: Company | None,
    function: Callable[[Item], Result],
    items: Sequence[Item],
    threads: int | None = None,
) -> list[Result]:
    """What a function finds for every item, in their order.

    Args:
        company: Whom the function asks, if it does: then items wait for each other.
        function: Called on threads.
        items: What for.
        threads: How many at a time where nobody is asked; all cores by default.
    """
    if company is None:
        with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
            return list(pool.map(function, items))
    left = iter(enumerate(items))
    found: dict[int, Result] = {}

    def work(_: int) -> None:
        with company.leaving():
            for number, item in left:  # one step of an iterator over a list is not interrupted
                found[number] = function(item)

    workers = max(1, min(len(items), MOST))
    company.expect(workers)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))
    return [found[number] for number in range(len(items))]
