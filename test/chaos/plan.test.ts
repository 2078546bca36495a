import { type PlannedFault, planFaults } from '../../chaos/plan';

const kindsOf = (faults: readonly PlannedFault[]) => new Set(faults.map(({ kind }) => kind));
const KINDS = new Set(['kill', 'freeze', 'network', 'disk-full', 'clock', 'deploy', 'pause']);
const SEEDS = Array.from({ length: 25 }, (_, index) => index + 1);

test('a seed replays: the same seed and minutes give the same plan, another seed another', () => {
  expect(planFaults(7, 2)).toEqual(planFaults(7, 2));
  expect(planFaults(8, 2)).not.toEqual(planFaults(7, 2));
});

test('a plan survives being printed and read again', () => {
  const plan = planFaults(7, 10);
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
});

test('a longer run begins as the shorter one does', () => {
  const short = planFaults(7, 2);
  expect(planFaults(7, 5).slice(0, short.length)).toEqual(short);
});

test('faults come in order and within the time', () => {
  for (const seed of SEEDS) {
    const times = planFaults(seed, 2).map(({ atSeconds }) => atSeconds);
    expect(times).toEqual([...times].sort((one, other) => one - other));
    expect(times.length).toBeGreaterThanOrEqual(10);
    expect(times.at(-1)).toBeLessThan(120);
  }
});

test('every kind comes within four minutes, and every target is struck by some of 25 seeds', () => {
  for (const seed of SEEDS) expect(kindsOf(planFaults(seed, 4))).toEqual(KINDS);
  const struck = SEEDS.flatMap((seed) => planFaults(seed, 2)).flatMap((fault) =>
    fault.kind === 'kill' || fault.kind === 'freeze' ? [`${fault.kind} ${fault.target}`] : [],
  );
  expect(new Set(struck).size).toBe(20);
});
