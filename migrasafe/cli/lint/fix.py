"""`lint --fix` and `--diff`: what edits would change, on the disk or on the screen."""

from __future__ import annotations

from migrasafe.cli.lint.run import Linted, Run
from migrasafe.cli.terminal import put, say
from migrasafe.lint import LintResult
from migrasafe.quantities import say_count


def fix(run: Run, *, quiet: bool) -> Linted:
    from migrasafe.cli.lint.changed_files import changed_files, text_of, write_changed
    from migrasafe.fixing import fix_all

    fixed = fix_all(lambda unsaved: run.lint(unsaved).result, text_of)
    files = changed_files(fixed.texts)
    write_changed(files)
    if not quiet or files:
        what = (
            f"Fixed {say_count(fixed.fixed, 'finding')} in {say_count(len(files), 'file')}."
            if files
            else "Nothing to fix."
        )
        say(what, err=True)
    return run.lint()


def show_diff(run: Run) -> LintResult:
    """Prints the diff; gives the findings as they are."""
    from migrasafe.cli.lint.changed_files import changed_files, text_of, unified_diff
    from migrasafe.fixing import fix_all

    before = run.lint().result
    fixed = fix_all(lambda unsaved: run.lint(unsaved).result, text_of)
    files = changed_files(fixed.texts)
    put(unified_diff(files))
    would = (
        f"Would fix {fixed.fixed} of {say_count(len(before.findings), 'finding')} in {say_count(len(files), 'file')}."
    )
    say(would, err=True)
    return before
