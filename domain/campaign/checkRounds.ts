import type { CampaignSpec, Round } from '../../schemas/campaign';
import { alternatives, quoted } from './describeValue';
import { nearestWord } from './nearestWord';
import type { Path, SpecIssue } from './specIssue';

const BASE = 'base';

/** Names that the plan gives to other things than rounds. */
const RESERVED = [BASE, 'dev', 'test', 'expert', 'evaluate', 'tasks', 'corpus', 'results'];

export function checkRounds(spec: CampaignSpec): SpecIssue[] {
  return [
    ...spec.rounds.flatMap((round, index) => [
      ...checkName(spec.rounds, round, index),
      ...checkPolicies(spec.rounds, round, index),
      ...checkSharedTasks(spec.rounds, round, index),
      ...checkCheckpoint(spec, round, index),
    ]),
    ...checkEvaluated(spec),
  ];
}

const nameOf = (index: number): Path => ['rounds', index, 'name'];

function checkName(rounds: readonly Round[], { name }: Round, index: number): SpecIssue[] {
  const path = nameOf(index);
  if (RESERVED.includes(name)) {
    return [{ path, found: quoted(name), expected: `a name other than ${alternatives(RESERVED)}` }];
  }
  const first = rounds.findIndex((round) => round.name === name);
  if (first === index) return [];
  return [
    {
      path,
      found: quoted(name),
      expected: `a name of its own: rounds[${first}] has this one`,
      related: [nameOf(first)],
    },
  ];
}

function checkPolicies(rounds: readonly Round[], round: Round, index: number): SpecIssue[] {
  const { from, collectWith, kind } = round;
  const issues = [
    ...policyOf(rounds, index, 'from', from),
    ...policyOf(rounds, index, 'collectWith', collectWith),
  ];
  if (collectWith === undefined || kind === 'SR') return issues;
  const path: Path = ['rounds', index, 'collectWith'];
  return [
    ...issues,
    {
      path,
      found: quoted(collectWith),
      expected: 'no collectWith in a BC round: the expert collects there',
      related: [['rounds', index, 'kind']],
    },
  ];
}

function policyOf(
  rounds: readonly Round[],
  index: number,
  key: 'from' | 'collectWith',
  name: string | undefined,
): SpecIssue[] {
  const policies = [...new Set([BASE, ...rounds.slice(0, index).map((round) => round.name)])];
  if (name === undefined || policies.includes(name)) return [];
  const expected = `a policy that is there before this round: ${alternatives(policies.map(quoted))}`;
  return [named(['rounds', index, key], name, expected, policies, rounds.slice(0, index))];
}

function checkSharedTasks(rounds: readonly Round[], round: Round, index: number): SpecIssue[] {
  const { tasksOf, tasks } = round;
  if (tasksOf === undefined) return [];
  const earlier = rounds.slice(0, index);
  const owners = earlier.filter((other) => other.tasksOf === undefined).map((other) => other.name);
  const owner = earlier.findIndex((other) => other.name === tasksOf && other.tasksOf === undefined);
  if (owner < 0) {
    const expected =
      owners.length === 0
        ? 'no tasksOf: no earlier round has tasks of its own'
        : `an earlier round with tasks of its own: ${alternatives(owners.map(quoted))}`;
    return [named(['rounds', index, 'tasksOf'], tasksOf, expected, owners, earlier)];
  }
  const owned = rounds[owner]?.tasks;
  if (owned === tasks) return [];
  return [
    {
      path: ['rounds', index, 'tasks'],
      found: String(tasks),
      expected: `${owned}, as in round ${quoted(tasksOf)}, whose tasks it takes`,
      related: [
        ['rounds', owner],
        ['rounds', index, 'tasksOf'],
      ],
    },
  ];
}

function checkCheckpoint({ evaluation }: CampaignSpec, { checkpoint }: Round, index: number): SpecIssue[] {
  if (checkpoint.choose !== 'best-on-dev' || evaluation.devTasks > 0) return [];
  return [
    {
      path: ['evaluation', 'devTasks'],
      found: '0',
      expected: `at least 1, since rounds[${index}] chooses its checkpoint on dev tasks`,
      related: [['rounds', index, 'checkpoint']],
    },
  ];
}

function checkEvaluated({ evaluation, rounds }: CampaignSpec): SpecIssue[] {
  const policies = [...new Set([BASE, ...rounds.map((round) => round.name)])];
  const listed = evaluation.policies ?? [];
  return [
    ...listed.flatMap((name, index): SpecIssue[] => {
      const path: Path = ['evaluation', 'policies', index];
      if (!policies.includes(name)) {
        return [
          named(
            path,
            name,
            `a policy of this campaign: ${alternatives(policies.map(quoted))}`,
            policies,
            rounds,
          ),
        ];
      }
      return repeated(path, listed, index);
    }),
    ...evaluation.references.flatMap((_, index) =>
      repeated(['evaluation', 'references', index], evaluation.references, index),
    ),
  ];
}

function repeated(path: Path, names: readonly string[], index: number): SpecIssue[] {
  const name = names[index] ?? '';
  return names.indexOf(name) === index
    ? []
    : [{ path, found: `${quoted(name)} again`, expected: 'each name once' }];
}

/** A name that refers to one of `candidates`; its rule depends on the names of these rounds. */
function named(
  path: Path,
  name: string,
  expected: string,
  candidates: readonly string[],
  rounds: readonly Round[],
): SpecIssue {
  const suggestion = nearestWord(name, candidates);
  const related = rounds.map((_, index) => nameOf(index));
  return {
    path,
    found: quoted(name),
    expected,
    ...(suggestion === undefined ? {} : { suggestion }),
    related,
  };
}
