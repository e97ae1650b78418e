"""The comment step of action.yml: one comment on the pull request, written once and then kept up to date.

Uses the standard library only. What the token may not do, as on pull requests from forks, is said and fails nothing.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PER_PAGE = 100
_REFUSED = (401, 403, 404)
_TIMEOUT_SECONDS = 30


def main() -> int:
    environment = os.environ
    number = _pull_request(Path(environment["GITHUB_EVENT_PATH"]))
    if number is None:
        print("migrasafe: no pull request to comment on")
        return 0
    report = Path(environment["REPORT"]).read_text(encoding="utf-8")
    mark = f"<!-- migrasafe: {_plain(environment.get('COMMENT_KEY') or 'lint')} -->"
    where = f"{environment['GITHUB_API_URL']}/repos/{environment['GITHUB_REPOSITORY']}"
    api = _Api(where, environment["GITHUB_TOKEN"])
    try:
        print(f"migrasafe: {_tell(api, number, mark, report, found=environment.get('FINDINGS', '0') != '0')}")
    except urllib.error.HTTPError as error:
        if error.code not in _REFUSED:
            raise
        print(
            f"::notice title=migrasafe::The token may not write comments ({error.code}), as on pull requests from forks: the "
            "summary of the job has the report. Elsewhere, give the job the permission pull-requests: write"
        )
    return 0


def _pull_request(event: Path) -> int | None:
    number = json.loads(event.read_text(encoding="utf-8")).get("pull_request", {}).get("number")
    return number if isinstance(number, int) else None


def _plain(key: str) -> str:
    """A key that cannot end the HTML comment that it stands in."""
    return "".join(one for one in key if one.isalnum() or one in "._/ ")


def _tell(api: _Api, number: int, mark: str, report: str, *, found: bool) -> str:
    """Brings our comment up to date, or makes it where there is something to say; says what was done."""
    body = f"{mark}\n{report}"
    for comment in api.comments(number):
        if not str(comment.get("body", "")).startswith(mark):
            continue
        if comment["body"].replace("\r\n", "\n").rstrip() == body.rstrip():
            return "the comment is up to date"
        try:
            api.send("PATCH", f"/issues/comments/{int(comment['id'])}", {"body": body})
        except urllib.error.HTTPError as error:
            if error.code not in _REFUSED:
                raise
            continue  # somebody else wrote it, with our mark
        return "the comment is brought up to date"
    if not found:
        return "nothing found, and no comment to change"
    api.send("POST", f"/issues/{number}/comments", {"body": body})
    return "the comment is written"


class _Api:
    """GitHub's REST API for one repository. https://docs.github.com/en/rest/issues/comments"""

    def __init__(self, repository: str, token: str) -> None:
        self._repository = repository
        self._token = token

    def comments(self, number: int) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            found = self.send("GET", f"/issues/{number}/comments?per_page={_PER_PAGE}&page={page}", None)
            yield from found
            if len(found) < _PER_PAGE:
                return
            page += 1

    def send(self, method: str, path: str, body: dict[str, str] | None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "Content-Type": "application/json",
        }
        request = urllib.request.Request(self._repository + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
            return json.load(answer)


if __name__ == "__main__":
    sys.exit(main())
