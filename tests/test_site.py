"""The site is built from pages whose links lead somewhere, and the commands that the guides show can be run."""

from __future__ import annotations

import fcntl
import re
import shlex
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from migrasafe.cli.commands import cli
from tests.in_process import migrasafe
from tools.build_site import with_facts

ROOT = Path(__file__).parent.parent
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands(page: Path) -> list[list[str]]:
    """The words of each command of migrasafe in the shell blocks of a page, up to a pipe or a redirection."""
    blocks = re.findall(r"^```(?:sh|shell|bash)\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    parts = [part for line in lines for part in re.split(r"\||&&|;", line.partition(" #")[0])]
    ours = (part.partition(">")[0] for part in parts if re.match(r"\s*(?:\S+/)?migrasafe\b", part))
    return [shlex.split(part)[1:] for part in ours]


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("script", "img", "iframe") or (tag == "link" and values.get("rel") == "stylesheet"):
            self.fetched.append(values.get("src") or values.get("href") or "")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build" / "site.lock").open("w") as lock:  # each worker of pytest builds it, from pages in one folder
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = subprocess.run(
            [sys.executable, "tools/build_site.py", str(folder)], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    return folder


def test_every_page_is_there_and_no_link_leads_nowhere(site: Path) -> None:
    names = {page.relative_to(site).as_posix() for page in site.rglob("*.html")}
    assert {
        "index.html",
        "docs/guides/index.html",
        "docs/guides/django.html",
        "docs/changes/rename-column.html",
    } <= names
    rules = {f"rules/{page.stem}.html" for page in (ROOT / "rules").glob("*.md") if page.stem != "README"}
    assert rules <= names


def test_every_link_of_a_page_leads_to_a_file_of_the_site(site: Path) -> None:
    """mkdocs looks at links between pages, and not at those to other files."""
    lost = []
    for page in site.rglob("*.html"):
        for link in set(re.findall(r'<a[^>]* href="([^"#:?]+)["#?]', page.read_text(encoding="utf-8"))):
            target = page.parent / unquote(link)
            if page.name != "404.html" and not target.exists():
                lost.append(f"{page.relative_to(site)}: {link}")
    assert lost == []


def test_nothing_is_fetched_from_elsewhere_and_no_fence_is_left(site: Path) -> None:
    for name in ("index.html", "rules/set-not-null-by-full-scan.html", "docs/guides/first-migration.html"):
        page = _Page()
        page.feed((site / name).read_text(encoding="utf-8"))
        assert [one for one in page.fetched if "//" in one] == []
        assert "```" not in page.text


def test_the_keyboard_reaches_code_and_search_has_a_name(site: Path) -> None:
    page = (site / "index.html").read_text()
    assert not re.search(r"<pre[^>]*>(<span></span>)?<code>", page)
    assert 'role="dialog" aria-label="Search"' in page
    assert "docs/assets/site.css" in page and "docs/assets/site.js" in page


def test_the_menu_of_a_narrow_screen_is_a_button_and_its_panels_have_names(site: Path) -> None:
    page = (site / "docs/guides/django.html").read_text()
    assert page.count('class="md-header__button md-icon menu" aria-label="Menu"') == 1
    switches = re.findall(r'<input class="md-nav__toggle[^>]*>', page)
    assert len(switches) > 2
    assert all("aria-label=" in one for one in switches)
    assert 'aria-labelledby="__nav_2_label"' not in page, "that label is an icon"


def test_a_link_that_leads_nowhere_ends_the_build(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "README.md").write_text("[gone](gone.md) and [no such heading](other.md#gone)\n")
    (tmp_path / "pages" / "other.md").write_text("# Other\n")
    config, _, _ = (ROOT / "mkdocs.yml").read_text().partition("\nnav:")
    for was, now in (
        ("build/site-pages", tmp_path / "pages"),
        ("site_dir: build/site", f"site_dir: {tmp_path / 'out'}"),
        ("[tools/", f"[{ROOT}/tools/"),
    ):
        assert was in config
        config = config.replace(was, str(now))
    (tmp_path / "mkdocs.yml").write_text(config)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(tmp_path / "mkdocs.yml")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "gone.md" in ran.stderr
    assert "'#gone'" in ran.stderr or "no such anchor" in ran.stderr


def test_the_facts_of_a_rule_are_a_table_for_people() -> None:
    text = with_facts('# a-rule\n\n```toml\ntitle = "It waits"\nseverity = "error"\nlock = "SHARE"\n```\n\n## Why\n')
    assert text == "# a-rule\n\n**It waits**\n\n| severity | lock |\n|---|---|\n| error | SHARE |\n\n## Why\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_have_options_that_there_are(page: Path) -> None:
    for words in commands(page):
        group: click.Command = cli
        context = click.Context(cli)
        left = list(words)
        while isinstance(group, click.Group) and left and not left[0].startswith("-"):
            found = group.get_command(context, left[0])
            assert found is not None, words
            group, left = found, left[1:]
        options = {name for one in group.params for name in (*one.opts, *one.secondary_opts)} | {"--help", "--version"}
        assert [
            word for word in left if word.startswith("-") and word != "-" and word.partition("=")[0] not in options
        ] == []


def test_the_first_ten_minutes_can_be_repeated(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "fixtures" / "demo", tmp_path / "shop")
    shown = [words for words in commands(ROOT / "docs/guides/first-migration.md") if words]
    assert [words[0] for words in shown] == ["--version", "init", "lint", "lint"]
    statuses = [migrasafe(tmp_path / "shop", *words).returncode for words in shown]
    assert statuses == [0, 0, 1, 0]
    assert migrasafe(tmp_path / "shop", "lint").returncode == 0  # all of it is in the baseline


def test_what_the_guide_to_django_shows_can_be_run(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "fixtures" / "django-shop", tmp_path / "shop")
    shown = commands(ROOT / "docs/guides/django.md")
    assert shown[:2] == [["lint"], ["lint", "orders/migrations"]]
    assert [migrasafe(tmp_path / "shop", *words).returncode for words in shown[:2]] == [1, 1]


def test_what_the_guide_to_rails_shows_can_be_run(tmp_path: Path) -> None:
    (tmp_path / "before.sql").write_text("CREATE TABLE users (id bigint PRIMARY KEY, email text);\n")
    (tmp_path / "change.sql").write_text("ALTER TABLE users RENAME COLUMN email TO address;\n")
    since, all_of_them, piped = commands(ROOT / "docs/guides/rails.md")
    ran = migrasafe(tmp_path, *piped)
    assert (ran.returncode, "rename-column-in-use" in ran.stdout) == (1, True)
    shutil.copytree(ROOT / "fixtures" / "rails", tmp_path / "shop")
    ran = migrasafe(tmp_path / "shop", *all_of_them)
    assert (ran.returncode, "set-not-null-by-full-scan" in ran.stdout) == (1, True)
    assert since == ["lint", "--since", "main"]
