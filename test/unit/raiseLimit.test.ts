import fc from 'fast-check';
import { definitionOf } from '../../domain/plan/comparePlans';
import { withRaisedLimits } from '../../domain/plan/raiseLimit';
import type { Plan } from '../../schemas/plan';

const estimate = { episodes: 0, calls: 0, tokens: 0, gpuSeconds: 0 };
const common = { inputs: {}, queue: 'general', estimate, gate: null };

const planOf = (...limits: number[]): Plan => ({
  campaign: 'test',
  simulated: true,
  episodesInFlight: 8,
  limits: { modelCalls: null },
  stages: [
    { ...common, id: 'train', kind: 'trainPolicy', parameters: { seed: 1 } },
    ...limits.map((unratedShare, index) => ({
      ...common,
      id: `collect ${index}`,
      kind: 'collectEpisodes' as const,
      parameters: { split: 'test', unratedShare },
    })),
  ],
});

const share = fc.double({ min: 0, max: 1, noNaN: true });

test('a limit is raised in every stage that has it, is never lowered, and changes nothing else', () => {
  fc.assert(
    fc.property(fc.array(share), share, (limits, raised) => {
      const after = withRaisedLimits(planOf(...limits), { unratedShare: raised });
      expect(after).toEqual(planOf(...limits.map((limit) => Math.max(limit, raised))));
      expect(after.stages.map(definitionOf)).toEqual(planOf(...limits).stages.map(definitionOf));
    }),
  );
});

test('the limit of calls is raised, never lowered, and none is made where there was none', () => {
  const limited = { ...planOf(), limits: { modelCalls: 100 } };
  expect(withRaisedLimits(limited, { modelCalls: 150 }).limits).toEqual({ modelCalls: 150 });
  expect(withRaisedLimits(limited, { modelCalls: 50 }).limits).toEqual({ modelCalls: 100 });
  expect(withRaisedLimits(planOf(), { modelCalls: 50 }).limits).toEqual({ modelCalls: null });
});
