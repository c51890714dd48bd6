"""Every command ends as others of its machine do, whatever becomes of its output."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from services.base.command_line import tells_errors
from services.base.errors import StorageError

ROOT = Path(__file__).parents[3]
HEAD = "import sys; from services.base.command_line import run_command\n"
JOURNAL = "2026-11-24 08:00:01,000 WARNING app GET /qualit\u00e9/ 200 in 1830 ms\n"


def ended(*arguments, **options):
    """A command whose output is a pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            stdout=writing,
            stderr=options.pop("stderr", subprocess.PIPE),
            # Both ways that a stream may be written: at once, and when it is full or flushed.
            env=os.environ | {"PYTHONUNBUFFERED": options.pop("unbuffered", "")},
            check=False,
            **options,
        )
    finally:
        os.close(writing)


def piped(body):
    command = [sys.executable, "-c", f"{HEAD}{body}\nrun_command(main)"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False)


def test_every_command_of_the_project_goes_through_it():
    folders = ("services", "models", "benchmarks", "tests")
    found = [ROOT / "app.py", *(p for f in folders for p in (ROOT / f).rglob("*.py"))]
    # One becomes another command before it could say anything; the other is this file.
    silent = {ROOT / "services" / "roles" / "follow.py", Path(__file__)}
    sources = [path for path in found if path not in silent]
    guarded = {p: p.read_text("utf-8").partition('__name__ == "__main__"')[2] for p in sources}
    bodies = {path: body for path, body in guarded.items() if body}
    assert len(bodies) > 15
    for path, body in bodies.items():
        assert re.fullmatch(r":\n    run_command\(main\)\n", body), path


def test_every_command_of_those_who_run_it_tells_its_errors_in_one_way():
    found = [p for f in ("services", "models") for p in (ROOT / f).rglob("*.py")]
    # It tells which file its error is about.
    other = ROOT / "services" / "observe" / "demo" / "__main__.py"
    for path in [ROOT / "app.py", *(path for path in found if path != other)]:
        source = path.read_text("utf-8")
        if "\n    run_command(main)\n" in source and "\ndef main(" in source:
            assert "\n@tells_errors\ndef main(" in source, path


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "body",
    [
        "run_command(lambda: sys.stdout.write('x') and 0)",
        "run_command(lambda: sys.stdout.write('x' * 99999) and 0)",
    ],
)
def test_an_output_that_nobody_reads_ends_the_command_without_a_word(body, unbuffered):
    found = ended("-c", HEAD + body, unbuffered=unbuffered)
    assert (found.returncode, found.stderr) == (141, b"")


def test_help_that_nobody_reads_ends_without_a_word():
    body = "import argparse; run_command(lambda: argparse.ArgumentParser().parse_args(['--help']))"
    assert ended("-c", HEAD + body).stderr == b""


def test_so_does_a_closed_output_of_errors():
    body = "run_command(lambda: sys.stderr.write('x') and sys.stdout.write('y') and 0)"
    assert ended("-c", HEAD + body, stderr=subprocess.STDOUT).returncode == 141


def test_a_broken_pipe_of_the_command_itself_is_seen():
    body = (
        "import os\ndef main(): r, w = os.pipe(); os.close(r); os.write(w, b'x')\nrun_command(main)"
    )
    found = subprocess.run(
        [sys.executable, "-c", HEAD + body], cwd=ROOT, capture_output=True, check=False
    )
    assert found.returncode == 1
    assert b"BrokenPipeError" in found.stderr


def test_its_user_ends_it_without_a_traceback():
    found = piped("def main(): raise KeyboardInterrupt")
    assert (found.returncode, found.stderr) == (130, b"")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_terminal_that_knows_only_ascii_is_shown_what_it_can(tmp_path, form):
    path = tmp_path / "app.log"
    path.write_text(JOURNAL, "utf-8")
    command = [sys.executable, "-m", "services.base.journal", "report", str(path), "--format", form]
    ascii_only = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    found = subprocess.run(command, cwd=ROOT, env=ascii_only, capture_output=True, check=False)
    assert (found.returncode, found.stderr) == (0, b"")
    assert b"/qualit\\" in found.stdout


def test_an_error_of_this_project_is_one_line_and_the_code_of_a_wrong_option(capsys):
    @tells_errors
    def main(outcome):
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert main(0) == 0
    assert main(StorageError("the disk is full")) == 2
    assert capsys.readouterr().err == "the disk is full\n"
    with pytest.raises(ZeroDivisionError):
        main(ZeroDivisionError())


def test_so_is_a_file_that_the_machine_does_not_give(tmp_path, capsys):
    @tells_errors
    def main(path):
        path.read_bytes()
        raise OSError(errno.EIO, "of no file")

    (tmp_path / "file").touch()
    assert main(tmp_path) == 2
    assert main(tmp_path / "file" / "below") == 2
    told = capsys.readouterr().err
    assert told == f"{tmp_path}: Is a directory\n{tmp_path}/file/below: Not a directory\n"
    with pytest.raises(OSError, match="of no file"):
        main(tmp_path / "file")
