#!/usr/bin/env bash
# The lint step of action.yml. Everything that a workflow says comes in through the environment (IN_*), so that no value of
# an input is ever read as shell. Ends with 0 whatever is found: the last step of the action decides, when all is reported.
set -euo pipefail

list() { # the lines of a text, without those that are empty
  printf '%s\n' "$1" | sed -e 's/^[[:space:]]*//' -e 's/[[:space:]]*$//' -e '/^$/d'
}

fail() { # with a sentence, and the exit status that the last step ends with
  printf '::error title=migrasafe::%s\n' "$(printf '%s' "$1" | tr '\n\r' '  ' | sed -e 's/%/%25/g')"
  printf 'status=%s\n' "${2:-2}" >> "$GITHUB_OUTPUT"
  if [ "${IN_SUMMARY:-true}" = true ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    printf '### migrasafe: nothing was checked\n\n```text\n%s\n```\n' "${1//\`/\'}" >> "$GITHUB_STEP_SUMMARY"
  fi
  exit 0
}

if [ "${GITHUB_EVENT_NAME:-}" = pull_request_target ]; then
  # reading Alembic revisions runs them: with this event, a fork's code would run beside the repository's secrets
  fail "on pull_request_target the code of forks would run with your secrets: use the event pull_request"
fi

cd "${IN_WORKING_DIRECTORY:-.}" 2> /dev/null || fail "working-directory: there is no folder $IN_WORKING_DIRECTORY"
reports="${RUNNER_TEMP:?}/migrasafe-reports"
mkdir -p "$reports"

arguments=(lint --format text --color never)
for format in json sarif markdown github; do
  arguments+=(--output "$format=$reports/$format")
done
option() { # --name value, where the workflow gives one
  if [ -n "$2" ]; then arguments+=("$1=$2"); fi
}
option --pg-version "${IN_PG_VERSION:-}"
option --layout "${IN_LAYOUT:-}"
option --schema "${IN_SCHEMA:-}"
option --config "${IN_CONFIG:-}"
option --select "${IN_SELECT:-}"
option --ignore "${IN_IGNORE:-}"
option --fail-on "${IN_FAIL_ON:-}"
option --old "${IN_OLD:-}"
option --baseline "${IN_BASELINE:-}"

since="${IN_SINCE:-}"
if [ -z "$since" ] && [ -n "${GITHUB_BASE_REF:-}" ]; then
  since="origin/$GITHUB_BASE_REF"
  if ! git merge-base "$since" HEAD > /dev/null 2>&1; then
    # a shallow checkout does not hold what the branches have in common; if this may not fetch, --since says what to do
    refs="+refs/heads/$GITHUB_BASE_REF:refs/remotes/origin/$GITHUB_BASE_REF"
    if [ "$(git rev-parse --is-shallow-repository 2> /dev/null)" = true ]; then
      git fetch --quiet --no-tags --unshallow origin "$refs" || true
    else
      git fetch --quiet --no-tags origin "$refs" || true
    fi
  fi
fi
if [ -n "$since" ] && [ "$since" != none ]; then option --since "$since"; fi

while IFS= read -r line; do
  if [ -n "$line" ]; then arguments+=("$line"); fi
done <<< "$(list "${IN_ARGS:-}")"
arguments+=(--)
while IFS= read -r line; do
  if [ -n "$line" ]; then arguments+=("$line"); fi
done <<< "$(list "${IN_PATHS:-}")"

# What is printed holds lines of the pull request: none of them may be taken for a command to the runner.
token="$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')"
printf '::stop-commands::%s\n' "$token"
status=0
migrasafe "${arguments[@]}" 2> "$reports/stderr" || status=$?
cat "$reports/stderr" >&2
printf '::%s::\n' "$token"

if [ "$status" -ge 2 ]; then
  fail "$(sed -e 's/^migrasafe: //' "$reports/stderr")" "$status"
fi

if [ "${IN_ANNOTATIONS:-true}" = true ]; then cat "$reports/github"; fi
if [ "${IN_SUMMARY:-true}" = true ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  cat "$reports/markdown" >> "$GITHUB_STEP_SUMMARY"
fi
python -I - "$reports" "$status" >> "$GITHUB_OUTPUT" << 'PYTHON'
import json
import pathlib
import sys

folder, status = pathlib.Path(sys.argv[1]), sys.argv[2]
severities = [one["severity"] for one in json.loads((folder / "json").read_text(encoding="utf-8"))["findings"]]
print(f"status={status}")
print(f"findings={len(severities)}")
for name, severity in {"errors": "error", "warnings": "warning", "advice": "info"}.items():
    print(f"{name}={severities.count(severity)}")
for name in ("json", "sarif", "markdown"):
    print(f"{name}={folder / name}")
PYTHON
