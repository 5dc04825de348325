"""A whole run beside a page of hand-written SQL that answers three questions on the same logs: harvest ratio, diversity, accounts that act together.

    python benchmarks/by_hand.py --folder FOLDER --copies 6 [--text 4] [--pairs 3] [--out benchmarks/results/by_hand.json]

The page gives three ranked lists. It keeps no record of where a row comes from, compares with nothing, and writes no report; so the ratio says what
those cost. Runs are interleaved, each in a process of its own; processor time is that of all its threads and processes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from end_to_end import keep, measure
from large_logs import metadata_logs, text_logs, watched

if TYPE_CHECKING:
    from large_logs import LargeLogs

DUCKDB = """
import sys
import duckdb
logs, content = sys.argv[1:]
connection = duckdb.connect(config={"threads": 2, "memory_limit": "4GB"})
connection.execute(f'''
create table calls as
select account_id, "timestamp"::timestamp as moment, regexp_extract(client_ip, '^(.*)[.:]', 1) as network, {content} as content,
    input_tokens, output_tokens
from read_json('{logs}/**/*.jsonl.zst', format = 'newline_delimited', union_by_name = true);

create table ratios as
select account_id, count(*) as n, sum(output_tokens) / nullif(sum(input_tokens), 0) as ratio from calls group by account_id order by ratio desc;

create table diversity as
select account_id, count(distinct content) / count(*) as share from calls group by account_id having count(*) >= 20 order by share desc;

create table together as
with present as (select distinct account_id, network, time_bucket(interval 10 minutes, moment) as bucket from calls where network <> '')
select a.account_id, b.account_id as other, count(*) as n
from present as a join present as b on a.network = b.network and a.bucket = b.bucket and a.account_id < b.account_id
group by all having count(*) >= 3 order by n desc
''')
print([connection.execute(f"select count(*) from {name}").fetchone()[0] for name in ("ratios", "diversity", "together")])
"""

POLARS = """
import io, sys
from pathlib import Path
import polars as pl
import zstandard
logs, content = sys.argv[1:]
of_content = ["messages"] if content.startswith("m") else ["model", "max_tokens", "temperature"]
names = ["account_id", "timestamp", "client_ip", "input_tokens", "output_tokens", *of_content]
schema = {name: pl.Int64 if name.endswith("tokens") else pl.Float64 if name == "temperature" else pl.String for name in names}
if "messages" in schema:
    schema["messages"] = pl.List(pl.Struct({"role": pl.String, "content": pl.String}))
frames = []
for path in sorted(Path(logs).rglob("*.jsonl.zst")):
    lines = zstandard.ZstdDecompressor().stream_reader(path.open("rb")).read()
    frames.append(pl.read_ndjson(io.BytesIO(lines), schema=schema).select(
        "account_id", "input_tokens", "output_tokens",
        moment=pl.col("timestamp").str.to_datetime(time_zone="UTC", strict=False),
        network=pl.col("client_ip").str.extract("^(.*)[.:]", 1),
        content=pl.col("messages").list.last().struct.field("content").hash() if "messages" in schema
            else pl.struct("model", "max_tokens", "temperature").hash()))
calls = pl.concat(frames)
ratios = calls.group_by("account_id").agg(n=pl.len(), ratio=pl.col("output_tokens").sum() / pl.col("input_tokens").sum()).sort("ratio")
diversity = calls.group_by("account_id").agg(n=pl.len(), share=pl.col("content").n_unique() / pl.len()).filter(pl.col("n") >= 20).sort("share")
present = calls.filter(pl.col("network") != "").select("account_id", "network", bucket=pl.col("moment").dt.truncate("10m")).unique()
together = (present.join(present, on=["network", "bucket"]).filter(pl.col("account_id") < pl.col("account_id_right"))
    .group_by("account_id", "account_id_right").len().filter(pl.col("len") >= 3).sort("len"))
print([ratios.height, diversity.height, together.height])
"""

CONTENT = {"metadata": "(model, max_tokens, temperature)", "text": "messages[-1].content"}


def compare(kind: str, made: LargeLogs, folder: Path, n_pairs: int) -> dict[str, Any]:
    """Run the program and both pages on the same logs, in turn, and return what each took."""
    took: dict[str, list[dict[str, Any]]] = {"run": [], "duckdb": [], "polars": []}
    for _ in range(n_pairs):
        whole = measure(kind, made, folder, "4GB")
        took["run"].append(whole)
        for name, page in (("duckdb", DUCKDB), ("polars", POLARS)):
            done = watched([sys.executable, "-c", page, str(made.logs), CONTENT[kind]])
            if done.exit_code:
                raise SystemExit(f"the page for {name} ended with {done.exit_code}")
            took[name].append(asdict(done))
    found = {"kind": kind, "exchanges": took["run"][0]["exchanges"]}
    for name in ("duckdb", "polars"):
        ratios = [run["cpu_s"] / page["cpu_s"] for run, page in zip(took["run"], took[name], strict=True)]
        found |= {name: {"ratio": statistics.median(ratios), "cpu_s": [page["cpu_s"] for page in took[name]]}}
    return found | {"run": {"cpu_s": [run["cpu_s"] for run in took["run"]], "peak_bytes": took["run"][0]["peak_bytes"]}}


def main() -> None:
    """Parse the command line and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--folder", type=Path, required=True, help="where logs lie; those that are there are used again"
    )
    parser.add_argument(
        "--copies", type=int, nargs="*", default=[], help="sizes of metadata, in copies of the base log"
    )
    parser.add_argument("--text", type=int, nargs="*", default=[], help="sizes with texts, in simulated logs")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--out", type=Path, help="JSON file to which results are added")
    options = parser.parse_args()
    wanted = [("metadata", metadata_logs, n) for n in options.copies] + [("text", text_logs, n) for n in options.text]
    for kind, make, n in wanted:
        found = compare(kind, make(options.folder, n), options.folder, options.pairs)
        print(json.dumps(found, indent=1), flush=True)
        if options.out:
            keep(options.out, "exchanges", [found])


if __name__ == "__main__":
    main()
