"""``python -m tests.audit_dependencies``: known vulnerabilities of what the requirements lock.

pip-audit ends with 0 and "No known vulnerabilities found" when it could ask about nothing at all.
So its report is read: a package that was not looked up is not taken for a sound one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.base.command_line import run_command

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "requirements-dev.txt"
PIP_AUDIT = (sys.executable, "-m", "pip_audit")
FOUND, NOT_AUDITED = 1, 3


def main(arguments: Sequence[str] | None = None, command: Sequence[str] = PIP_AUDIT) -> int:
    """Audit; 0: no vulnerability, 1: some, 3: the advisory service did not answer for all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--may-be-offline",
        action="store_true",
        help="end with 0, and say so, where the advisory service cannot be reached",
    )
    options = parser.parse_args(arguments)
    packages = report_of(command)
    vulnerable = [package for package in packages if package.get("vulns")]
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    for package in vulnerable:
        for each in package["vulns"]:
            fixed = ", ".join(each["fix_versions"]) or "no version yet"
            tell(f"{package['name']} {package['version']}: {each['id']}, mended in {fixed}")
    if vulnerable:
        return FOUND
    if skipped or not packages:
        who = f"{len(skipped)} of {len(packages)} packages were not" if packages else "nothing was"
        tell(f"NOT AUDITED: the advisory service could not be asked, {who} looked up")
        return 0 if options.may_be_offline else NOT_AUDITED
    tell(f"{len(packages)} packages looked up: no known vulnerability")
    return 0


def report_of(command: Sequence[str]) -> list[dict[str, Any]]:
    """What pip-audit found of each package; empty when it wrote no report."""
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.json"
        options = ["--requirement", str(REQUIREMENTS), "--require-hashes", "--disable-pip"]
        options += ["--format", "json", "--output", str(report), "--progress-spinner", "off"]
        done = subprocess.run([*command, *options], capture_output=True, text=True)
        if not report.exists():
            tell((done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1])
            return []
        dependencies: list[dict[str, Any]] = json.loads(report.read_text("utf-8"))["dependencies"]
        return dependencies


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    run_command(main)
