"""Inspect AI reads a log in all its ways, and writes it again without a loss.

inspect_log.py LOG: whole, header alone, sample by sample, as data frames; `inspect log convert` both ways.
"""

import json
import sys
import tempfile
from pathlib import Path

import pandas
from inspect_ai.analysis import evals_df, samples_df
from inspect_ai.log import (
    convert_eval_logs,
    read_eval_log,
    read_eval_log_sample,
    read_eval_log_sample_summaries,
    read_eval_log_samples,
)


def content(log: object) -> dict:
    return log.model_dump(mode="json", exclude={"location", "etag"})


def main(file: str) -> None:
    whole = read_eval_log(file)
    header = read_eval_log(file, header_only=True)
    assert header.samples is None and header.eval == whole.eval and header.results == whole.results
    assert header.stats == whole.stats
    samples = list(read_eval_log_samples(file, all_samples_required=True))
    ids = sorted(sample.id for sample in whole.samples)
    assert sorted(sample.id for sample in samples) == ids
    for sample in samples:
        assert read_eval_log_sample(file, id=sample.id) == sample
    summaries = read_eval_log_sample_summaries(file)
    assert sorted(summary.id for summary in summaries) == ids

    with tempfile.TemporaryDirectory() as folder:
        convert_eval_logs(file, "json", folder)
        [as_json] = Path(folder).rglob("*.json")
        assert content(read_eval_log(str(as_json))) == content(whole)
        convert_eval_logs(str(as_json), "eval", f"{folder}/back")
        [back] = Path(folder, "back").rglob("*.eval")
        assert content(read_eval_log(str(back))) == content(whole)

    frame = samples_df(file)
    print(
        json.dumps(
            {
                "log": json.loads(whole.model_dump_json()),
                "evals": evals_df(file).shape[0],
                "goals": [None if pandas.isna(value) else value for value in frame["score_goal"].tolist()],
            }
        )
    )


main(*sys.argv[1:])
