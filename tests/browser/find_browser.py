"""`python -m tests.browser.find_browser [--install]`: the Chromium that the browser tests drive.

The order: `$CHROMIUM`, a Chromium or Chrome of the system, Playwright's own. Used by the Makefile, which
installs one where there is none, and by the fixtures, which only look.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# The shell has no windows to keep up to date: a page costs it a fifth less.
SYSTEM_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_APPS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
INSTALL_SECONDS = 900


class BrowserMissing(RuntimeError):
    """No Chromium can be started; the message says where it was looked for."""


def find_browser(environ: Mapping[str, str] = os.environ) -> Path:
    """The first Chromium that starts.

    Args:
        environ: where `CHROMIUM` (a path or a command) and `PATH` are read.

    Raises:
        BrowserMissing: there is none, or `$CHROMIUM` names one that does not start. What a person asked
            for by name is never silently replaced by another browser.
    """
    wanted = environ.get("CHROMIUM")
    if wanted:
        found = shutil.which(wanted, path=environ.get("PATH"))
        if found and starts(found):
            return Path(found)
        raise BrowserMissing(f"CHROMIUM is {wanted}, which does not start.")
    on_path = [shutil.which(name, path=environ.get("PATH", "")) for name in SYSTEM_NAMES]
    for candidate in (*on_path, *MAC_APPS):
        if candidate and starts(candidate):
            return Path(candidate)
    own = find_playwright_browser()
    if own and starts(own):
        return Path(own)
    raise BrowserMissing("No Chromium: CHROMIUM is not set, the system has none, and neither has Playwright.")


def find_playwright_browser() -> str | None:
    """Where Playwright's own Chromium would lie; None where Playwright itself does not run.

    Asked in a process of its own, because Playwright refuses to start twice in one.
    """
    code = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return answer.stdout.strip() if answer.returncode == 0 else None


def starts(browser: str) -> bool:
    """Whether the program answers `--version`; Ubuntu's `chromium-browser` without its snap does not."""
    try:
        return subprocess.run([browser, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def list_installers() -> list[list[list[str]]]:
    """Ways to install a Chromium on this machine, the preferred one first; each is a list of commands."""
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    if os.geteuid() != 0:
        return [[playwright]]
    apt = shutil.which("apt-get")
    if apt is None:
        return [[playwright]]
    debian = [[apt, "update"], [apt, "install", "--yes", "--no-install-recommends", "chromium-headless-shell"]]
    return [debian, [[*playwright, "--with-deps"]]]


def install_browser() -> Path:
    """Install a Chromium and return it.

    Raises:
        BrowserMissing: every way failed; the message names the last command of each.
    """
    tried = []
    for commands in list_installers():
        for command in commands:
            tried.append(" ".join(command))
            print("Browser tests need a Chromium:", tried[-1], flush=True)
            if not succeeds(command):
                break
        try:
            return find_browser()
        except BrowserMissing:
            continue
    raise BrowserMissing(f"No Chromium, and none could be installed; tried: {'; '.join(tried)}.")


def succeeds(command: Sequence[str]) -> bool:
    """Run an installer to its end, its output shown."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(command, env=quiet, timeout=INSTALL_SECONDS).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def required(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a missing browser is a failure (`CI=true`) rather than a reason to skip."""
    return environ.get("CI") == "true"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the browser's path; without one print why, and fail where it is required."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true", help="install one where there is none")
    options = parser.parse_args(arguments)
    try:
        try:
            browser = find_browser()
        except BrowserMissing:
            if not options.install or os.environ.get("CHROMIUM"):
                raise
            browser = install_browser()
    except BrowserMissing as missing:
        print(missing if required() else f"{missing} The browser tests will be skipped.", file=sys.stderr)
        return 1 if required() else 0
    print("Browser:", browser)
    return 0


if __name__ == "__main__":
    sys.exit(main())
