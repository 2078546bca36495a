import { blobKey } from '../../artifacts/artifactStore';
import { canonicalJson, sha256 } from '../../artifacts/canonicalJson';
import { payloadOf } from '../../artifacts/signing/envelope';
import { Envelope } from '../../schemas/attestation';
import { LogEntry } from '../../schemas/campaignLog';
import type { Simulation } from './simulate';
import type { World } from './world';

/** Several times what a run of this campaign needs; Temporal ends a history at 51,200. */
const MOST_EVENTS = 2_000;

/** All that is wrong with a disturbed simulation, beside the undisturbed one of the same campaign; nothing when all is well. */
export const problemsOf = (simulation: Simulation, reference: Simulation): string[] => [
  ...resultProblems(simulation, reference),
  ...callProblems(simulation, reference),
  ...steeringProblems(simulation),
  ...logProblems(simulation),
  ...simulation.people.complaints,
  ...remains(simulation),
];

/** Every episode has one rating, each of its sides one decision, and every training row is of a side that is kept. */
export function rowProblems({ result, world }: Simulation): string[] {
  const rows = (stage: string, output: string): Record<string, string>[] => {
    const digest = result.stages.find(({ id }) => id === stage)?.outputs[output]?.digest.sha256 ?? '';
    const lines = String(world.storage.objects.get(blobKey(digest))).split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  };
  return ['BC', 'BC+SR'].flatMap((round) => {
    const episodes = rows(`${round}/collect`, 'episodes');
    const decisions = rows(`${round}/filter`, 'decisions');
    const kept = new Set(decisions.filter(({ keep }) => keep).map(sideOf));
    const ratings = new Set(episodes.map(({ rating }) => rating));
    const loose = rows(`${round}/filter`, 'dataset').filter((row) => !kept.has(sideOf(row)));
    const decided = new Set(decisions.map(sideOf)).size;
    return [
      ...(ratings.size === episodes.length ? [] : [`${ratings.size} ratings of ${episodes.length} episodes`]),
      ...(decided === 2 * episodes.length && decided === decisions.length
        ? []
        : [`${decisions.length} decisions on ${decided} sides of ${episodes.length} episodes`]),
      ...loose.map((row) => `a training row of ${sideOf(row)}, which is not kept`),
    ];
  });
}

const sideOf = ({ episode, position }: Record<string, string>): string => `${episode}/${position}`;

/** What campaigns make is the same whatever happened to them. */
function resultProblems(simulation: Simulation, reference: Simulation): string[] {
  const [made, expected] = [madeBy(simulation), madeBy(reference)];
  const different = [...expected].filter(([what, digest]) => made.get(what) !== digest).map(([what]) => what);
  const more = [...made.keys()].filter((what) => !expected.has(what));
  return [
    ...different.map((what) => `${what} is ${made.get(what)}, not ${expected.get(what)}`),
    ...more.map((what) => `${what} is made, and is not in the undisturbed campaign`),
  ];
}

/** Outputs, counts and cost of all stages, and the documents of all finished batches. */
function madeBy({ result, world }: Simulation): Map<string, string> {
  const stages = result.stages.map(({ id, key, outputs, counts, cost }): [string, string] => {
    const { gpuSeconds: _time, ...spent } = cost;
    const digests = Object.entries(outputs).map(([name, { digest }]): [string, string] => [
      name,
      digest.sha256,
    ]);
    return [`stage ${id}`, canonicalJson([key, Object.fromEntries(digests), counts, spent])];
  });
  const batches = world.storage
    .keys('batches/finished/')
    .map((key): [string, string] => [key, JSON.stringify(world.storage.document(key))]);
  return new Map([...stages, ...batches]);
}

/** Each question of the undisturbed campaign is paid for, no other is, and little is paid for twice. */
function callProblems({ world, people }: Simulation, reference: Simulation): string[] {
  const [paid, expected] = [world.ledger.counts, reference.world.ledger.counts];
  const missing = [...expected].filter(([question, times]) => (paid.get(question) ?? 0) < times);
  const unexpected = world.ledger.paid
    .map(({ question }) => question)
    .filter((question) => !expected.has(question));
  const foreign = unexpected.filter(asksModel);
  // Where a policy was served, another one may be: its answers come, and are not used.
  const misdirected = unexpected.length - foreign.length;
  const repeated = world.ledger.paid.length - reference.world.ledger.paid.length - misdirected;
  const allowed = world.ledger.mayBeRepeated;
  const counted = world.ledger.paid.filter(({ question }) => asksModel(question)).length;
  return [
    ...missing.map(([question]) => `never asked: ${question}`),
    ...foreign.map((question) => `asked, and not in the undisturbed campaign: ${question}`),
    ...(repeated > allowed
      ? [`${repeated} calls were paid for again, and at most ${allowed} were in flight or not told yet`]
      : []),
    ...(counted > people.mostCalls ? [`${counted} calls were made, and ${people.mostCalls} allowed`] : []),
  ];
}

const asksModel = (question: string): boolean => question.startsWith('model ');

/** Each request is on record once, as it was answered; what was refused without a record has none. */
function steeringProblems({ world, people }: Simulation): string[] {
  const records = logOf(world).flatMap(({ event }) => (event.kind === 'steering' ? [event.record] : []));
  const requests = records.map(({ request }) => request);
  const answers = [...people.answers].flatMap(([request, given]) =>
    given.map((answer) => ({ request, answer })),
  );
  const wrong = answers.flatMap(({ request, answer }) => {
    if ('record' in answer) {
      const stored = records.find(({ number }) => number === answer.record.number);
      return stored && canonicalJson(stored) === canonicalJson(answer.record)
        ? []
        : [`${request} is answered otherwise than recorded`];
    }
    const stored = records.find((record) => record.request === request);
    return stored && stored.refused === null && !people.answers.get(request)?.some((one) => 'record' in one)
      ? [`${request} is refused, and has an effect`]
      : [];
  });
  return [
    ...records.flatMap(({ number }, index) =>
      number === index + 1 ? [] : [`record ${index + 1} is missing`],
    ),
    ...(new Set(requests).size < requests.length ? [`a request is on record twice: ${requests.join()}`] : []),
    ...wrong,
  ];
}

/** The campaign's log, of which each entry is there once, in the chain. */
export function logOf({ storage }: World): LogEntry[] {
  return storage
    .keys('campaigns/simulated/log/')
    .map((key) => LogEntry.parse(JSON.parse(payloadOf(Envelope.parse(storage.document(key))))));
}

/** Every stage has ended once on record, nothing is twice, and each entry names the one before. */
function logProblems({ world, result }: Simulation): string[] {
  const entries = logOf(world);
  const files = world.storage.keys('campaigns/simulated/log/').map((key) => world.storage.objects.get(key));
  const broken = entries.filter(
    ({ number, previous }, index) =>
      number !== index + 1 || previous !== (index === 0 ? null : sha256(files[index - 1] ?? '')),
  );
  const finished = entries.flatMap(({ event }) => (event.kind === 'stage-finished' ? [event.stage] : []));
  const ends = entries.filter(({ event }) => event.kind === 'campaign-finished').length;
  return [
    ...broken.map(({ number }) => `the log's chain is broken at entry ${number}`),
    ...(new Set(entries.map(({ id }) => id)).size < entries.length
      ? ['an entry of the log is there twice']
      : []),
    ...(finished.sort().join() ===
    result.stages
      .map(({ id }) => id)
      .sort()
      .join()
      ? []
      : [`the log has these stages finished: ${finished.join()}`]),
    ...(ends === 1 ? [] : [`the log has ${ends} ends of the campaign`]),
  ];
}

/** A finished campaign leaves nothing that runs. */
function remains({ world }: Simulation): string[] {
  const { temporal, workers, children, policyServers } = world;
  return [
    ...temporal.runs.filter(({ isClosed }) => !isClosed).map(({ workflowId }) => `${workflowId} still runs`),
    ...temporal.runs
      .filter(({ events }) => events > MOST_EVENTS)
      .map(({ workflowId, events }) => `a run of ${workflowId} has ${events} events`),
    ...temporal.waiting.map(({ name }) => `${name} still waits for a worker`),
    ...workers.flatMap(({ attempts }) => [...attempts].map(({ task }) => `${task.name} still runs`)),
    ...(policyServers.alive.length > 0 ? [`${policyServers.alive.length} policies are still served`] : []),
    ...(children.size > 0 ? [`${children.size} trainers are left`] : []),
  ];
}
