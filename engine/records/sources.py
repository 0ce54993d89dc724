"""Sources outside (数据共享): another office's data, asked so that nobody brings a paper. One interface for all of
them.

A source is anything with `ask` and `collect`. It may answer at once, or later: then the answer is pushed to
`/api/v1/answers/…` with the question's own token, or collected by a job that looks again. Each question has a key:
asked again after a crash it is the same question.
"""

from __future__ import annotations

import json
import logging
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from engine import crypto
from engine.records import http_calls
from engine.store import keys

log = logging.getLogger("yizhan.sources")


@dataclass(frozen=True, slots=True)
class Question:
    """What a case asks."""

    key: str  # the same question always has the same key
    source: str  # the service's name, as the diagram says it
    query: Mapping[str, Any]
    purpose: str
    number: str  # of the case: the other office logs for which one it told
    answer_to: str  # path an answer may be sent to later
    token: str  # bearer token for it: opens this one question


@dataclass(frozen=True, slots=True)
class Answer:
    """What the source says: a record, or that there is none."""

    found: bool
    data: Mapping[str, Any] | None = None


class Source(Protocol):
    def ask(self, question: Question) -> Answer | None:
        """The answer, or None: it comes later. Raises OSError to be asked again."""
        ...

    def collect(self, question: Question) -> Answer | None:
        """Whether the answer to an asked question is there by now."""
        ...


class Demo:
    """No source is connected: the log says what would be asked (names of fields, never values); a minute later it is
    answered that there is no record, so that the diagram goes on and asks for the paper."""

    def ask(self, question: Question) -> Answer | None:
        log.info(
            "case %s would ask %s for %s (%s)",
            question.number,
            question.source,
            ", ".join(sorted(question.query)) or "nothing",
            question.purpose or "no purpose",
        )
        return None

    def collect(self, question: Question) -> Answer | None:
        return Answer(False)


@dataclass(frozen=True, slots=True)
class Exchange:
    """The county's data exchange, by HTTP: POST the question as JSON; 200 {found, data} is the answer, 202 means later.

    Later ones are pushed to `answer_to`, or found by GET <url>?key=….
    """

    url: str
    token: str = ""
    public_url: str = ""  # of the hall: where the exchange reaches it
    total_s: float = http_calls.TOTAL_S

    def ask(self, question: Question) -> Answer | None:
        body = {
            "key": question.key,
            "source": question.source,
            "query": dict(question.query),
            "purpose": question.purpose,
            "case": question.number,
            "answer_to": f"{self.public_url}{question.answer_to}",
            "answer_token": question.token,
        }
        return self._call(self.url, json.dumps(body, ensure_ascii=False, default=str), question)

    def collect(self, question: Question) -> Answer | None:
        return self._call(f"{self.url}?key={urllib.parse.quote(question.key)}", None, question)

    def _call(self, url: str, said: str | None, question: Question) -> Answer | None:
        request = http_calls.asking(url, said, token=self.token, key=question.key)
        answer = http_calls.call(request, total_s=self.total_s)
        if answer.status == 202:
            return None
        try:
            said = json.loads(answer.body) if answer.whole else None
        except (ValueError, RecursionError):  # no JSON, or brackets without end
            said = None
        if not isinstance(said, dict) or not isinstance(said.get("found"), bool):
            raise OSError("the exchange answered something else than {found, data}")
        data = said.get("data")
        return Answer(said["found"], data if isinstance(data, dict) else None)


def token(case_number: str, effect: str) -> str:
    """The bearer token that lets an answer in: it opens this one question and nothing else. Made from the hall's
    key."""
    return keys.blind("answer", f"{case_number}:{effect}")


def opens(given: str, case_number: str, effect: str) -> bool:
    """While the data key is being changed, what was asked before may still be answered."""
    good = keys.blinds("answer", f"{case_number}:{effect}")
    return any(crypto.same(given.encode(), one.encode()) for one in good)
