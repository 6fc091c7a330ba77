"""Runs `tfcaps bench` in this process."""

import json

from click.testing import CliRunner

from tfcaps.cli.main import cli

KEYS = [
    *("target", "exact", "instructions", "macs", "arena_bytes", "ram_bytes", "code_bytes", "weight_bytes"),
    *("stack_bytes", "layers"),
]


def bench(*arguments):
    return CliRunner().invoke(cli, ["bench", *map(str, arguments)])


def bench_json(*arguments):
    result = bench(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)
