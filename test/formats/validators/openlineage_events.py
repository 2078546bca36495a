"""OpenLineage's own classes read events: every field must be one they know, and they write the same again.

openlineage_events.py FILE: newline-delimited run events; facets that are ours are passed over.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

from openlineage.client import event_v2 as event
from openlineage.client import facet_v2 as facets
from openlineage.client.serde import Serde

RUN_FACETS = {
    "executionParameters": lambda parameters: facets.execution_parameters_run.ExecutionParametersRunFacet(
        [facets.execution_parameters_run.ExecutionParameter(**parameter) for parameter in parameters]
    ),
    "errorMessage": facets.error_message_run.ErrorMessageRunFacet,
    "processing_engine": facets.processing_engine_run.ProcessingEngineRunFacet,
    "tags": lambda tags: facets.tags_run.TagsRunFacet([facets.tags_run.TagsRunFacetFields(**tag) for tag in tags]),
    "parent": lambda run, job, root: facets.parent_run.ParentRunFacet(
        facets.parent_run.Run(**run),
        facets.parent_run.Job(**job, facets=None),
        facets.parent_run.Root(
            facets.parent_run.RootRun(**root["run"]), facets.parent_run.RootJob(**root["job"], facets=None)
        ),
    ),
}
JOB_FACETS = {"jobType": facets.job_type_job.JobTypeJobFacet}
DATASET_FACETS = {"version": facets.dataset_version_dataset.DatasetVersionDatasetFacet}
OUTPUT_FACETS = {"outputStatistics": facets.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet}
OWN = {"sotopia_rating"}


def read_facets(given: dict, known: dict) -> dict:
    read = {}
    for name, fields in given.items():
        if name in OWN:
            assert {"_producer", "_schemaURL"} <= set(fields), f"{name} is no facet"
            read[name] = fields
            continue
        rest = {key: value for key, value in fields.items() if key not in ("_producer", "_schemaURL")}
        read[name] = known[name](**rest)
        assert read[name]._schemaURL == fields["_schemaURL"], f"{name}: {fields['_schemaURL']}"
    return read


def read_dataset(kind: type, given: dict) -> object:
    more = {"outputFacets": read_facets(given["outputFacets"], OUTPUT_FACETS)} if "outputFacets" in given else {}
    return kind(given["namespace"], given["name"], **more, facets=read_facets(given["facets"], DATASET_FACETS))


def read_event(given: dict) -> object:
    event.set_producer(given["producer"])
    read = event.RunEvent(
        eventTime=given["eventTime"],
        producer=given["producer"],
        eventType=event.RunState[given["eventType"]],
        run=event.Run(given["run"]["runId"], read_facets(given["run"]["facets"], RUN_FACETS)),
        job=event.Job(given["job"]["namespace"], given["job"]["name"], read_facets(given["job"]["facets"], JOB_FACETS)),
        inputs=[read_dataset(event.InputDataset, dataset) for dataset in given["inputs"]],
        outputs=[read_dataset(event.OutputDataset, dataset) for dataset in given["outputs"]],
    )
    assert without_empty(Serde.to_dict(read)) == without_empty(given), "written again it is another event"
    return read


def without_empty(value: object) -> object:
    if isinstance(value, dict):
        return {key: without_empty(item) for key, item in value.items() if item not in ({}, [], None)}
    return [without_empty(item) for item in value] if isinstance(value, list) else value


def main(file: str) -> None:
    events = [read_event(json.loads(line)) for line in Path(file).read_text().splitlines()]
    runs = defaultdict(list)
    for one in events:
        runs[one.run.runId].append(one.eventType.value)
    for run, types in runs.items():
        ends = [kind for kind in types if kind in ("COMPLETE", "ABORT", "FAIL")]
        if types.count("START") != 1 or types[0] != "START" or len(ends) > 1 or (ends and types[-1] != ends[0]):
            raise SystemExit(f"run {run} has the events {types}")
    print(json.dumps({"events": len(events), "runs": list(runs.values())}))


main(*sys.argv[1:])
