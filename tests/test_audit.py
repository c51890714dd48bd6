"""The audit of dependencies can fail, and never calls passed what it could not look up."""

from __future__ import annotations

import json
import sys

import pytest

from tests import audit_dependencies

SOUND = {"name": "flask", "version": "3.1.0", "vulns": []}
VULNERABLE = {
    "name": "jinja2",
    "version": "2.4.1",
    "vulns": [{"id": "PYSEC-2014-8", "fix_versions": ["2.7.2"]}],
}
SKIPPED = {"name": "absl-py", "skip_reason": "Dependency not found on PyPI"}

# Stands for pip-audit: writes a report where it is told to, or none, and ends as it does.
STAND_IN = """
import json, sys
packages = json.loads(sys.argv[1])
if packages is None:
    sys.exit("ERROR: Could not connect to PyPI's vulnerability feed")
path = sys.argv[sys.argv.index("--output") + 1]
open(path, "w").write(json.dumps({"dependencies": packages, "fixes": []}))
sys.exit(any(package.get("vulns") for package in packages))
"""


def audit(packages, *options: str) -> int:
    command = [sys.executable, "-c", STAND_IN, json.dumps(packages)]
    return audit_dependencies.main(options, command)


@pytest.mark.parametrize("options", [(), ("--may-be-offline",)])
def test_a_known_vulnerability_fails_and_is_named(capsys, options):
    assert audit([SOUND, VULNERABLE, SKIPPED], *options) == audit_dependencies.FOUND
    assert capsys.readouterr().out == "jinja2 2.4.1: PYSEC-2014-8, mended in 2.7.2\n"


def test_none_passes(capsys):
    assert audit([SOUND]) == 0
    assert capsys.readouterr().out == "1 packages looked up: no known vulnerability\n"


@pytest.mark.parametrize(
    ("packages", "told"),
    [
        (None, "nothing was looked up"),
        ([SOUND, SKIPPED], "1 of 2 packages were not looked up"),
        ([SKIPPED], "1 of 1 packages were not looked up"),
    ],
)
def test_what_could_not_be_looked_up_is_not_called_sound(capsys, packages, told):
    assert audit(packages) == audit_dependencies.NOT_AUDITED
    line = f"NOT AUDITED: the advisory service could not be asked, {told}"
    assert capsys.readouterr().out.splitlines()[-1] == line
    assert audit(packages, "--may-be-offline") == 0
    assert capsys.readouterr().out.splitlines()[-1] == line
