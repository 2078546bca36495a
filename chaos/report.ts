import type { CallCount, Finding } from './check';
import type { Outcome } from './disturb';
import type { Fault } from './faultProxy';
import { isChild, type PlannedFault } from './plan';

/** What a run came to, as `--json` prints it. */
export interface ChaosReport {
  seed: number;
  minutes: number;
  campaign: string;
  holds: boolean;
  plan: PlannedFault[];
  undisturbedSeconds: number;
  passes: { seconds: number; outputs: number; differing: string[] }[];
  outcomes: (Pick<Outcome, 'overAtSeconds' | 'atRisk' | 'recoveredAfterSeconds'> & { number: number })[];
  calls: CallCount & { repeated: number };
  /** Processes that ended though nobody had ended them, and were started again. */
  deaths: string[];
  findings: Finding[];
  replay: string;
}

export function describeFault(fault: PlannedFault): string {
  switch (fault.kind) {
    case 'kill':
      return isChild(fault.target)
        ? `kill ${fault.target}`
        : `kill ${fault.target}, started again after ${fault.downSeconds} s`;
    case 'freeze':
      return `freeze ${fault.target} for ${fault.seconds} s`;
    case 'network':
      return `network: ${describeNetwork(fault.fault)} between ${fault.worker === 'all' ? 'all workers' : fault.worker} and ${fault.peer} for ${fault.seconds} s`;
    case 'disk-full':
      return `disk full: ${fault.worker} writes at most ${fault.bytes} bytes a file for ${fault.seconds} s`;
    case 'clock':
      return `clock of ${fault.worker} moved by ${fault.hours} h for ${fault.seconds} s`;
    case 'deploy':
      return 'deploy: all workers replaced by another build';
    case 'pause':
      return `paused by a person for ${fault.seconds} s`;
  }
}

function describeNetwork(fault: Fault): string {
  switch (fault.kind) {
    case 'cut':
    case 'stall':
      return fault.kind;
    case 'latency':
      return `${fault.milliseconds} ms more`;
    case 'reset':
      return `${shareOf(fault)} reset ${fault.answered ? 'after the answer' : 'before they arrive'}`;
    case 'half':
      return `${shareOf(fault)} answered by half`;
    case 'corrupt':
      return `${shareOf(fault)} answered with a flipped bit`;
    case 'status':
      return `${shareOf(fault)} answered by ${fault.status}`;
  }
}

const shareOf = ({ probability, times }: { probability?: number; times?: number }): string =>
  `${times === undefined ? `${(probability ?? 1) * 100} % of requests` : `${times} request`}`;

export function describeOutcome({ fault, overAtSeconds, atRisk, recoveredAfterSeconds }: Outcome): string {
  const planned = `${fault.atSeconds.toFixed(1).padStart(6)} s  ${describeFault(fault)}`;
  if (atRisk === null) return `${planned}: nobody to strike`;
  const recovery =
    recoveredAfterSeconds === null
      ? 'nothing to do then'
      : `work again ${recoveredAfterSeconds.toFixed(1)} s later`;
  return `${planned}: over at ${overAtSeconds.toFixed(1)} s, ${recovery}, ${atRisk} calls at risk`;
}

export function renderReport(report: ChaosReport): string {
  const { calls, passes, findings, deaths } = report;
  return [
    ...passes.map(
      ({ seconds, outputs, differing }, index) =>
        `${mark(differing)} pass ${index + 1}, ${seconds.toFixed(0)} s (${report.undisturbedSeconds.toFixed(0)} s undisturbed): ${
          differing.length === 0
            ? `all ${outputs} digests as undisturbed`
            : `other digests than undisturbed: ${differing.join(', ')}`
        }`,
    ),
    ...findings.flatMap(({ promise, problems }) => [
      `${mark(problems)} ${promise}`,
      ...problems.map((problem) => `    ${problem}`),
    ]),
    `calls: ${calls.answered} answered, ${calls.recorded} recorded, ${calls.repeated} made again of ${calls.lost} with lost answers and ${calls.atRisk} at risk`,
    ...deaths.map((death) => `died by itself: ${death}`),
    `${report.holds ? 'Everything holds' : 'BROKEN'}. Again: ${report.replay}`,
  ].join('\n');
}

const mark = (problems: readonly unknown[]): string => (problems.length === 0 ? '✓' : '✗');
