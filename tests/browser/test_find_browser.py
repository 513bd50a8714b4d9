import os
from pathlib import Path

import pytest

from tests.browser import find_browser as finder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the path; the machine has no app bundles and Playwright has no browser."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(finder, "MAC_APPS", ())
    monkeypatch.setattr(finder, "find_playwright_browser", lambda: None)
    return tmp_path


def add_program(path: Path, script: str = "exit 0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_order_of_the_search(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = add_program(folder / "playwright" / "chrome")
    monkeypatch.setattr(finder, "find_playwright_browser", lambda: str(own))
    assert finder.find_browser() == own
    app = add_program(folder / "Chrome.app" / "Google Chrome")
    monkeypatch.setattr(finder, "MAC_APPS", (str(app),))
    assert finder.find_browser() == app
    for name in reversed(finder.SYSTEM_NAMES):
        program = add_program(folder / name)
        assert finder.find_browser() == program
    chosen = add_program(folder / "elsewhere" / "my-browser")
    monkeypatch.setenv("CHROMIUM", str(chosen))
    assert finder.find_browser() == chosen


def test_chromium_may_be_a_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_program(folder / "chromium")
    program = add_program(folder / "brave")
    monkeypatch.setenv("CHROMIUM", "brave")
    assert finder.find_browser() == program


def test_a_program_that_does_not_start_is_passed_over(folder: Path) -> None:
    add_program(folder / "chromium", "echo 'requires the snap to be installed' >&2; exit 1")
    works = add_program(folder / "google-chrome")
    assert finder.find_browser() == works


def test_what_was_asked_for_by_name_is_not_replaced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_program(folder / "chromium")
    monkeypatch.setenv("CHROMIUM", "/nowhere/chrome")
    with pytest.raises(finder.BrowserMissing, match="CHROMIUM is /nowhere/chrome, which does not start"):
        finder.find_browser()
    monkeypatch.setattr(finder, "install_browser", lambda: pytest.fail("nothing is to be installed"))
    assert finder.main(["--install"]) == 0


def test_playwright_is_asked_for_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    assert str(finder.find_playwright_browser()).startswith(str(tmp_path))


@pytest.mark.parametrize(
    ("user", "has_apt", "expected"),
    [
        (0, True, ["apt-get update", "apt-get install", "playwright install"]),
        (0, False, ["playwright install"]),
        (1000, True, ["playwright install"]),
    ],
)
def test_installers_of_a_machine(
    folder: Path, monkeypatch: pytest.MonkeyPatch, user: int, has_apt: bool, expected: list[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    if has_apt:
        add_program(folder / "apt-get")
    commands = [" ".join(command) for way in finder.list_installers() for command in way]
    assert [part in command for part, command in zip(expected, commands, strict=True)] == [True] * len(expected)


def test_install_goes_on_to_the_next_way(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing = add_program(folder / "no", "exit 1")
    never = add_program(folder / "never", "exit 0")
    made = folder / "chromium"
    # The shell's own words only: the path of this test holds no other program.
    making = add_program(folder / "yes", f"echo '#!/bin/sh' > {made}; /bin/chmod +x {made}")
    monkeypatch.setattr(finder, "list_installers", lambda: [[[str(failing)], [str(never)]], [[str(making)]]])
    assert finder.install_browser() == made


@pytest.mark.parametrize(("ci", "status"), [("true", 1), (None, 0)])
def test_no_browser_and_no_way_to_get_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ci: str | None, status: int
) -> None:
    failing = add_program(folder / "no", "exit 1")
    monkeypatch.setattr(finder, "list_installers", lambda: [[[str(failing)]]])
    if ci:
        monkeypatch.setenv("CI", ci)
    assert finder.main(["--install"]) == status
    said = capsys.readouterr().err
    assert f"none could be installed; tried: {failing}" in said
    assert ("will be skipped" in said) == (status == 0)
