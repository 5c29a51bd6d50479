"""``leaklint dask memory ADDRESS``: where the memory of a running Dask cluster went."""

from __future__ import annotations

import argparse
import json

from leaklint.cli import output, parsing, targets
from leaklint.cli.parsing import Parser
from leaklint.cli.usage import UsageError
from leaklint_runtime import wire


def add_arguments(parser: Parser) -> None:
    """Declare the arguments of ``run``."""
    parser.add_argument("what", choices=("memory",), help="memory: split the memory of each worker and of the cluster")
    parser.add_argument("address", metavar="ADDRESS", help="the scheduler: tcp://HOST:PORT")
    targets.add_findings(parser)
    group = parser.add_argument_group("measuring")
    text = "how long to wait for a worker that is busy (default: 60)"
    group.add_argument("--timeout", type=parsing.seconds, default=60.0, metavar="SECONDS", help=text)
    text = "do not start an interpreter on each worker to see what the libraries take"
    group.add_argument("--no-baseline", action="store_true", help=text)
    targets.add_output(parser, "a bar for each worker")


def run(args: argparse.Namespace) -> int:
    """Ask the workers and print. The status is 0, or 2 if the scheduler does not answer. Raises ``UsageError``."""
    from leaklint_runtime import charts, dask_cluster, dask_tables

    found = targets.findings(args)
    try:
        rows = dask_cluster.collect(args.address, targets.probes(found), args.timeout, not args.no_baseline)
    except dask_cluster.ClusterError as error:
        raise UsageError(str(error)) from None
    if args.plot:
        title = f"Memory of the workers of {args.address}"
        targets.draw(charts.ledgers(dask_tables.bars(rows), title), args.plot)
    if args.output_format == "json":
        text = json.dumps(json.loads(wire.dumps(dask_tables.to_json(rows))), indent=2) + "\n"
    else:
        text = dask_tables.table(rows)
    if args.output_file:
        output.write_file(args.output_file, text)
    else:
        output.write(text)
    return output.CLEAN
