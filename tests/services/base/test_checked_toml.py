"""Files that operators edit: whatever is in them, one line without a secret says what is wrong."""

from __future__ import annotations

import pytest

from services.base.errors import ConfigurationError
from services.base.settings import load_settings
from services.city.rennes import RENNES
from services.watch.reports import reports_of
from services.watch.rules import rules_of
from services.watch.traffic_rules import traffic_rules_of

ADDRESS = "mailto://bob:pa55word@mail.example.org?to=x@example.org"
RULE = '[[rule]]\nname = "a{0}"\ncorridor = "rocade"\nminutes_above = 20\n'
REPORT = '[[report]]\nname = "a{0}"\nplace = "reseau"\nperiod = "week"\ntell = ["json://h"]\n'
FILES = [
    ("alerts_file", "TRAFFIC_ALERTS_FILE", '[[rule]]\nname = "a{0}"\n', rules_of),
    ("rules_file", "TRAFFIC_RULES_FILE", RULE, lambda s: traffic_rules_of(s, RENNES)),
    ("reports_file", "TRAFFIC_REPORTS_FILE", REPORT, lambda s: reports_of(s, RENNES)),
]
WRONG = {
    "lists in lists": "x = " + "[" * 5_000,
    "as deep, and closed": "x = " + "[" * 900 + "]" * 900,
    "bytes": b"\xff\xfe\0",
    "half a line": "[[rule]\n",
    "an address as a key": f'{{entry}}"{ADDRESS}" = 1\n',
    "an address as the name of a person": f'[people]\n"{ADDRESS}" = "json://h"\n',
    "an address as a name": f'[[rule]]\nname = "{ADDRESS}"\n[[report]]\nname = "{ADDRESS}"\n',
    "twice": f'"{ADDRESS}" = 1\n"{ADDRESS}" = 2\n',
    "twice in a row": f'x = {{{{ "{ADDRESS}" = 1, "{ADDRESS}" = 2 }}}}\n',
    "a table twice": f'["{ADDRESS}"]\nx = 1\n["{ADDRESS}"]\n',
    "a quote too few": f'[people]\nx = "{ADDRESS}\n',
}


@pytest.mark.parametrize(("name", "setting", "entry", "read"), FILES, ids=lambda one: str(one)[:13])
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_one_line_that_repeats_no_address(
    tmp_path, name, setting, entry, read, wrong
):
    path = tmp_path / "edited.toml"
    text = wrong if isinstance(wrong, bytes) else wrong.replace("{entry}", entry.format(1)).encode()
    path.write_bytes(text.replace(b"{{", b"{").replace(b"}}", b"}"))
    settings = load_settings(data_dir=tmp_path, _env_file=None, **{name: path})
    with pytest.raises(ConfigurationError) as refused:
        read(settings)
    told = str(refused.value)
    assert told.startswith(f"{setting}: {path}: ")
    assert "\n" not in told
    assert "pa55word" not in told


@pytest.mark.parametrize(("name", "_setting", "entry", "read"), FILES[1:], ids=["rules", "reports"])
def test_a_thousand_entries_are_taken_and_more_are_not(tmp_path, name, _setting, entry, read):
    path = tmp_path / "edited.toml"
    settings = load_settings(data_dir=tmp_path, _env_file=None, **{name: path})
    path.write_text("".join(entry.format(number) for number in range(1_000)))
    read(settings)
    path.write_text("".join(entry.format(number) for number in range(1_001)))
    with pytest.raises(ConfigurationError, match="at most 1000 items"):
        read(settings)
