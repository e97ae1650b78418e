"""action.yml and the GitLab include: their scripts are run as a runner runs them, in repositories, with an API on this machine
for the comments."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = ACTION["runs"]["steps"]
UNSAFE = "CREATE INDEX orders_note ON orders (note);\n"
EXPRESSION = re.compile(r"\$\{\{(.+?)\}\}", re.DOTALL)


class Runner:
    """As much of a runner as composite actions of bash steps need: inputs, outputs, environment files."""

    def __init__(self, repository: Path, place: Path) -> None:
        self.repository, self.place = repository, place
        self.inputs = {name: self.value(str(one.get("default", ""))) for name, one in ACTION["inputs"].items()}
        self.env = {
            "GITHUB_EVENT_NAME": "push",
            "GITHUB_REPOSITORY": "shop/shop",
            "GITHUB_EVENT_PATH": str(place / "event"),
        }
        self.outputs: dict[str, dict[str, str]] = {}
        self.log = ""
        (place / "event").write_text("{}")
        # what the step “Install migrasafe” would put there
        programs = place / "temp/migrasafe/bin"
        programs.mkdir(parents=True)
        for name, line in {"python": 'exec "$PYTHON" "$@"', "migrasafe": 'exec "$PYTHON" -m migrasafe "$@"'}.items():
            (programs / name).write_text(f"#!/bin/sh\nexport PYTHONPATH={ROOT}\nPYTHON={sys.executable}\n{line}\n")
            (programs / name).chmod(0o755)

    def pull_request(self, base: str) -> None:
        self.env |= {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_BASE_REF": base}
        (self.place / "event").write_text(json.dumps({"pull_request": {"number": 7}}))

    def value(self, text: str) -> str:
        """A value of `env` with its expressions replaced."""

        def known(match: re.Match[str]) -> str:
            match match[1].strip().split("."):
                case ["inputs", name]:
                    return self.inputs[name]
                case ["github", "action_path"]:
                    return str(ROOT)
                case ["github", "token"]:
                    return "secret"
                case ["steps", step, "outputs", name]:
                    return self.outputs.get(step, {}).get(name, "")
            raise AssertionError(match[1])

        return EXPRESSION.sub(known, text)

    def run(self, name: str) -> int:
        (step,) = [one for one in STEPS if one["name"] == name]
        assert step["shell"] == "bash"
        files = {key: self.place / key for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for key, file in files.items():
            if key == "GITHUB_OUTPUT" or not file.exists():
                file.write_text("")
        env = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        env |= self.env | {key: str(file) for key, file in files.items()}
        env |= {"RUNNER_TEMP": str(self.place / "temp"), "GITHUB_WORKSPACE": str(self.repository)}
        env |= {key: self.value(str(value)) for key, value in step.get("env", {}).items()}
        script = self.place / "step.sh"
        script.write_text(step["run"])  # as it stands: a runner would have replaced expressions in it
        ran = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.repository, env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.log += ran.stdout + ran.stderr
        if "id" in step:
            lines = files["GITHUB_OUTPUT"].read_text().splitlines()
            self.outputs[step["id"]] = dict(line.split("=", 1) for line in lines)
        return ran.returncode

    def wanted(self, step: dict[str, Any]) -> bool:
        """The condition of a step, as a runner decides it: comparisons with && between them."""
        condition = str(step.get("if", "")).strip().removeprefix("${{").removesuffix("}}")
        return all(self._holds(term) for term in condition.split("&&") if term.strip())

    def _holds(self, term: str) -> bool:
        left, operator, right = re.split(r"\s*(==|!=)\s*", term.strip())
        return (self._operand(left) == self._operand(right)) is (operator == "==")

    def _operand(self, text: str) -> str | bool:
        if text in ("true", "false"):
            return text == "true"
        if text.startswith("'"):
            return text.strip("'")
        event = json.loads((self.place / "event").read_text())
        match text.split("."):
            case ["github", "event_name"]:
                return self.env["GITHUB_EVENT_NAME"]
            case ["github", "event", *names]:
                for name in names:
                    event = event.get(name, {}) if isinstance(event, dict) else ""
                return event or ""
        return self.value(f"${{{{ {text} }}}}")

    def run_all(self) -> tuple[int, list[str]]:
        """Every step in order, up to one that fails: the status of the job, and which steps ran. What other actions do is
        what this machine has: the Python that runs here; an upload is a line in the list."""
        ran = []
        for step in STEPS:
            if not self.wanted(step):
                continue
            ran.append(step["name"])
            if "uses" in step:
                if step.get("id") == "python":
                    self.outputs["python"] = {"python-path": sys.executable}
                else:
                    file = Path(self.value(step["with"]["sarif_file"]))
                    assert json.loads(file.read_text())["version"] == "2.1.0"
                continue
            status = self.run(step["name"])
            if status:
                return status, ran
        return 0, ran

    @property
    def summary(self) -> str:
        return (self.place / "GITHUB_STEP_SUMMARY").read_text()

    @property
    def annotations(self) -> list[str]:
        """The commands that a runner obeys."""
        obeyed, token = [], None
        for line in (one.lstrip() for one in self.log.splitlines()):
            if token is not None:
                token = None if line == f"::{token}::" else token
            elif line.startswith("::stop-commands::"):
                token = line.removeprefix("::stop-commands::")
            elif line.startswith("::"):
                obeyed.append(line)
        return obeyed


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "protocol.file.allow=always"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository with a migration on main, and another on the branch topic."""
    folder = tmp_path / "origin"
    (folder / "db").mkdir(parents=True)
    (folder / "db/V1__orders.sql").write_text(
        f"CREATE TABLE orders (id bigint, note text);\n{UNSAFE}TRUNCATE orders;\n"
    )
    git(folder, "init", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "orders")
    git(folder, "checkout", "-b", "topic")
    (folder / "db/V2__index.sql").write_text(UNSAFE)
    git(folder, "add", ".")
    git(folder, "commit", "-m", "index")
    return folder


@pytest.fixture
def runner(origin: Path, tmp_path: Path) -> Runner:
    git(tmp_path, "clone", "--branch", "topic", f"file://{origin}", "checkout")
    return Runner(tmp_path / "checkout", tmp_path)


def without_install(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip is asked for in `test_every_step_runs_from_an_empty_machine` only."""
    monkeypatch.setattr(sys.modules[__name__], "STEPS", [one for one in STEPS if one["name"] != "Install migrasafe"])


def test_the_steps_run_in_order_and_the_last_one_decides(
    runner: Runner, comments: type[Comments], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_install(runner, monkeypatch)
    runner.inputs |= {"comment": "true", "upload-sarif": "true"}
    status, ran = runner.run_all()
    assert (status, ran) == (
        1,
        ["Set up Python", "Lint", "Comment on the pull request", "Upload to code scanning", "Decide"],
    )
    assert len(comments.kept) == 1
    runner.inputs["fail-on"] = "never"
    assert runner.run_all()[0] == 0


def test_a_fork_gets_no_upload_and_a_push_no_comment(
    runner: Runner, comments: type[Comments], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_install(runner, monkeypatch)
    comments.read_only = True
    runner.inputs |= {"comment": "true", "upload-sarif": "true"}
    fork = {"pull_request": {"number": 7, "head": {"repo": {"fork": True}}}}
    (runner.place / "event").write_text(json.dumps(fork))
    assert runner.run_all() == (1, ["Set up Python", "Lint", "Comment on the pull request", "Decide"])
    runner.env["GITHUB_EVENT_NAME"] = "push"
    (runner.place / "event").write_text("{}")
    assert runner.run_all() == (1, ["Set up Python", "Lint", "Upload to code scanning", "Decide"])


def test_a_thousand_findings_still_fit_into_the_comment_and_the_summary(
    runner: Runner, comments: type[Comments], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_install(runner, monkeypatch)
    many = "".join(f"CREATE INDEX orders_note_{number} ON orders (note);\n" for number in range(1000))
    (runner.repository / "db/V2__index.sql").write_text(many)
    runner.inputs["comment"] = "true"
    runner.run_all()
    (comment,) = comments.kept
    assert runner.outputs["lint"]["errors"] == "1000"
    assert len(comment["body"]) <= 65_536
    assert "1,000 errors" in comment["body"]
    assert re.search(r"\d+ errors, .*more: the log of the job has all of it", comment["body"]), comment["body"][-300:]
    assert len(runner.summary.encode()) <= 1_048_576


@pytest.mark.soak
def test_every_step_runs_from_an_empty_machine(runner: Runner, comments: type[Comments]) -> None:
    shutil.rmtree(runner.place / "temp")
    (runner.place / "temp").mkdir()
    runner.env["HOME"] = str(runner.place / "home")
    runner.inputs |= {"comment": "true", "upload-sarif": "true"}
    status, ran = runner.run_all()
    assert (status, ran) == (1, [step["name"] for step in STEPS])
    assert comments.kept[0]["body"].startswith("<!-- migrasafe: lint -->\n### migrasafe: 1 error\n")


def test_only_what_a_pull_request_brings_is_reported_everywhere(runner: Runner) -> None:
    runner.pull_request("main")
    assert runner.run("Lint") == 0
    lint = runner.outputs["lint"]
    assert (lint["status"], lint["findings"], lint["errors"], lint["warnings"]) == ("1", "1", "1", "0")
    (annotation,) = runner.annotations
    assert annotation.startswith(
        "::error file=db/V2__index.sql,line=1,endLine=1,title=create-index-without-concurrently"
    )
    assert runner.summary.startswith("### migrasafe: 1 error\n")
    assert json.loads(Path(lint["sarif"]).read_text())["version"] == "2.1.0"
    assert runner.run("Decide") == 1


def test_fail_on_never_lets_the_job_pass(runner: Runner) -> None:
    runner.inputs |= {"fail-on": "never", "annotations": "false", "summary": "false", "paths": "db\n"}
    runner.run("Lint")
    assert (runner.outputs["lint"]["errors"], runner.annotations, runner.summary) == ("1", [], "")
    assert runner.run("Decide") == 0


def test_a_shallow_checkout_is_completed(origin: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--depth", "1", "--branch", "topic", f"file://{origin}", "shallow")
    runner = Runner(tmp_path / "shallow", tmp_path)
    runner.pull_request("main")
    runner.run("Lint")
    assert runner.outputs["lint"]["findings"] == "1"


def test_where_nothing_can_be_fetched_it_says_what_to_do(origin: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--depth", "1", "--branch", "topic", f"file://{origin}", "shallow")
    git(tmp_path / "shallow", "remote", "set-url", "origin", f"file://{tmp_path}/gone")
    runner = Runner(tmp_path / "shallow", tmp_path)
    runner.pull_request("main")
    runner.run("Lint")
    assert runner.outputs["lint"] == {"status": "2"}
    assert any("fetch-depth: 0" in one for one in runner.annotations)
    summary = (tmp_path / "GITHUB_STEP_SUMMARY").read_text()
    assert summary.startswith("### migrasafe: nothing was checked\n\n```text\n")
    assert "fetch-depth: 0" in summary
    assert runner.run("Decide") == 2


def test_no_input_is_read_as_shell(runner: Runner) -> None:
    hostile = "$(touch pwned)`touch pwned`\"; touch pwned; #' || touch pwned"
    for names in (
        ["working-directory"],
        [name for name in runner.inputs if name not in ("working-directory", "paths")],
    ):
        runner.inputs |= dict.fromkeys(runner.inputs, "") | dict.fromkeys(names, hostile)
        assert runner.run("Lint") == 0
        assert runner.outputs["lint"]["status"] == "2"
    runner.inputs |= dict.fromkeys(runner.inputs, "") | {"paths": hostile}
    assert runner.run("Lint") == 0
    assert "there is no such file or folder" in runner.log
    assert not list(runner.repository.rglob("pwned"))


def test_lines_of_the_pull_request_are_no_commands(runner: Runner) -> None:
    text = "ALTER TABLE orders ADD CHECK (id > 0\n::error::spoofed\n::add-mask::e\n);\n"
    (runner.repository / "db/V3__check.sql").write_text(text)
    runner.run("Lint")
    assert "::add-mask::e" in runner.log
    assert not [one for one in runner.annotations if "spoofed" in one.split("::")[2] or one.startswith("::add-mask")]


def test_on_pull_request_target_nothing_is_read(runner: Runner) -> None:
    runner.env["GITHUB_EVENT_NAME"] = "pull_request_target"
    runner.run("Lint")
    assert runner.outputs["lint"] == {"status": "2"}
    assert runner.run("Decide") == 2


def test_in_a_folder_paths_are_still_those_of_the_repository(runner: Runner) -> None:
    runner.inputs |= {"working-directory": "db", "since": "origin/main"}
    runner.run("Lint")
    assert runner.annotations[0].startswith("::error file=db/V2__index.sql,")


class Comments(BaseHTTPRequestHandler):
    """The comments of one pull request, as GitHub's API keeps them."""

    kept: list[dict[str, Any]]
    read_only: bool

    def do_GET(self) -> None:
        assert self.headers["Authorization"] == "Bearer secret"
        page = int(self.path.rpartition("page=")[2])
        self._answer(200, self.kept[(page - 1) * 100 : page * 100])

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.read_only:
            return self._answer(403, {"message": "Resource not accessible by integration"})
        self.kept.append({"id": len(self.kept) + 1, **body})
        return self._answer(201, self.kept[-1])

    def do_PATCH(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        comment = self.kept[int(self.path.rpartition("/")[2]) - 1]
        if comment.get("foreign") or self.read_only:
            return self._answer(403, {})
        comment.update(body)
        return self._answer(200, comment)

    def _answer(self, status: int, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture
def comments(runner: Runner) -> Iterator[type[Comments]]:
    handler = type("Handler", (Comments,), {"kept": [], "read_only": False})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    runner.pull_request("main")
    runner.env["GITHUB_API_URL"] = f"http://127.0.0.1:{server.server_port}"
    yield handler
    server.shutdown()
    thread.join()
    server.server_close()


def commented(runner: Runner) -> int:
    runner.run("Lint")
    return runner.run("Comment on the pull request")


def test_the_comment_is_written_once_and_then_brought_up_to_date(runner: Runner, comments: type[Comments]) -> None:
    comments.kept.extend({"id": number, "body": "fine"} for number in range(1, 151))
    assert commented(runner) == 0
    assert comments.kept[-1]["body"].startswith("<!-- migrasafe: lint -->\n### migrasafe: 1 error\n")
    commented(runner)
    assert (len(comments.kept), "is up to date" in runner.log) == (151, True)
    (runner.repository / "db/V2__index.sql").write_text("SELECT 1;\n")
    commented(runner)
    assert len(comments.kept) == 151
    assert comments.kept[-1]["body"].startswith("<!-- migrasafe: lint -->\n### migrasafe: nothing found\n")


def test_without_findings_no_comment_is_made(runner: Runner, comments: type[Comments]) -> None:
    (runner.repository / "db/V2__index.sql").write_text("SELECT 1;\n")
    assert commented(runner) == 0
    assert comments.kept == []


def test_a_pull_request_from_a_fork_gets_its_summary_and_does_not_fail(
    runner: Runner, comments: type[Comments]
) -> None:
    comments.read_only = True
    assert commented(runner) == 0
    assert any(
        one.startswith("::notice title=migrasafe::The token may not write comments") for one in runner.annotations
    )
    assert runner.summary.startswith("### migrasafe: 1 error\n")


def test_a_comment_of_somebody_else_with_our_mark_is_left_alone(runner: Runner, comments: type[Comments]) -> None:
    comments.kept.append({"id": 1, "body": "<!-- migrasafe: lint -->\nmine", "foreign": True})
    assert commented(runner) == 0
    assert [one["body"].splitlines()[1] for one in comments.kept] == ["mine", "### migrasafe: 1 error"]


def test_inputs_reach_scripts_through_the_environment_only_and_actions_are_pinned() -> None:
    for step in STEPS:
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step["uses"]), step["uses"]
    used = {name for step in STEPS for name in re.findall(r"inputs\.([\w-]+)", json.dumps(step))}
    assert used == set(ACTION["inputs"])


@pytest.mark.parametrize(
    ("schema", "file"), [("vendor.github-actions", "action.yml"), ("vendor.gitlab-ci", "ci/gitlab/migrasafe.yml")]
)
def test_the_files_for_ci_are_what_their_schema_says(schema: str, file: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(ROOT / file)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_the_gitlab_job_writes_both_reports_about_the_merge_request(runner: Runner) -> None:
    job = yaml.safe_load((ROOT / "ci/gitlab/migrasafe.yml").read_text())["migrasafe"]
    base = subprocess.run(
        ["git", "rev-parse", "origin/main"], cwd=runner.repository, capture_output=True, text=True, check=True
    )
    env = {**os.environ, "PATH": f"{runner.place}/temp/migrasafe/bin:{os.environ['PATH']}"}
    asks = next(line for line in job["before_script"] if "MIGRASAFE_PACKAGE" in line and "pip" in line)
    unsaid = subprocess.run(
        ["sh", "-ec", asks], env={**env, "MIGRASAFE_PACKAGE": ""}, capture_output=True, text=True, check=False
    )
    assert (unsaid.returncode, "say in MIGRASAFE_PACKAGE" in unsaid.stdout) == (2, True)
    env |= {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base.stdout.strip(), "MIGRASAFE_ARGS": "db --pg-version=16"}
    command = ["sh", "-e", "-c", "\n".join(job["script"])]
    ran = subprocess.run(command, cwd=runner.repository, env=env, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "1 error in 1 migration, 1 statement, for PostgreSQL 16." in ran.stdout
    (issue,) = json.loads((runner.repository / job["artifacts"]["reports"]["codequality"]).read_text())
    assert issue["location"]["path"] == "db/V2__index.sql"
    assert "<testsuites" in (runner.repository / job["artifacts"]["reports"]["junit"]).read_text()
