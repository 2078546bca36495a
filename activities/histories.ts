import { inParallel } from '../domain/inParallel';
import type { ArtifactRef } from '../schemas/artifact';
import { MEDIA_TYPES } from '../schemas/names';
import type { ArtifactStore } from '../artifacts/artifactStore';
import { failure } from './support/failures';

/** One run of a workflow. */
export interface WorkflowRun {
  workflow: string;
  run: string;
}

export interface RunHistory {
  /** As the SDK writes histories in JSON. */
  json: string;
  /** False while the run still goes on. */
  isClosed: boolean;
  /** Runs that it continued as, and those of its children. */
  started: WorkflowRun[];
}

/** Where histories come from: Temporal, which forgets them after its retention. */
export interface HistorySource {
  /** Null for a run that Temporal does not know, or no more. */
  fetch(run: WorkflowRun): Promise<RunHistory | null>;
}

export interface ArchivedHistory extends WorkflowRun {
  history: ArtifactRef;
}

const FETCHES_AT_ONCE = 4;

export function createHistoryActivities({
  store,
  histories,
}: {
  store: ArtifactStore;
  histories: HistorySource;
}) {
  return {
    /**
     * Keeps the history of a run that has ended, and those of all that it started and that have ended as well.
     * Errors: RUN_STILL_OPEN, which is tried again until the run has ended; STORAGE_*.
     */
    async archiveHistories(root: WorkflowRun): Promise<ArchivedHistory[]> {
      const archived: ArchivedHistory[] = [];
      for (let runs = [root]; runs.length > 0; ) {
        const found = await inParallel(runs, FETCHES_AT_ONCE, async (run) => ({
          run,
          history: await histories.fetch(run),
        }));
        const closed = found.flatMap(({ run, history }) => (history?.isClosed ? [{ run, history }] : []));
        if (archived.length === 0 && closed.length === 0) throw stillOpen(root, found[0]?.history ?? null);
        archived.push(
          ...(await inParallel(closed, FETCHES_AT_ONCE, ({ run, history }) => keep(run, history))),
        );
        runs = closed.flatMap(({ run, history }) =>
          // What it continued as is archived by whoever goes on.
          history.started.filter(
            ({ workflow }) => workflow !== run.workflow || run.workflow !== root.workflow,
          ),
        );
      }
      return archived;
    },
  };

  async function keep(run: WorkflowRun, { json }: RunHistory): Promise<ArchivedHistory> {
    const name = `history-${run.workflow.replaceAll('/', '_')}.json`;
    return { ...run, history: await store.putText(json, name, MEDIA_TYPES.history) };
  }
}

function stillOpen({ workflow }: WorkflowRun, history: RunHistory | null): Error {
  if (history)
    return failure(
      'RUN_STILL_OPEN',
      `Workflow ${workflow} still runs; its history is kept when it has ended.`,
    );
  return failure(
    'HISTORY_MISSING',
    `Temporal has no history of workflow ${workflow}: it was deleted, or its retention is over.`,
  );
}
