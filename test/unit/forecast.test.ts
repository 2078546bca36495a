import { renderForecast } from '../../cli/render/forecastTable';
import { forecastPlan, moneyFor } from '../../domain/plan/forecast/forecastPlan';
import { resolveCampaign } from '../../cli/resolveCampaign';
import type { Plan } from '../../schemas/plan';
import { PAPER } from '../support/paperCampaign';

async function paper(): Promise<{ plan: Plan; forecast: ReturnType<typeof forecastPlan> }> {
  const { plan, shape } = await resolveCampaign(PAPER, {}, 'optional');
  return { plan, forecast: forecastPlan(plan, shape) };
}

const HOUR = 3600;

test('what is to be expected lies between its bounds', async () => {
  const { forecast } = await paper();
  const asking = forecast.stages.flatMap((stage) => stage.asking);
  const ranges = [
    ...asking.flatMap(({ calls, inputTokens, outputTokens }) => [calls, inputTokens, outputTokens]),
    forecast.models,
    forecast.training,
    forecast.serving,
    forecast.seconds,
  ];
  for (const { low, expected, high } of ranges) {
    expect(low).toBeLessThanOrEqual(expected);
    expect(expected).toBeLessThanOrEqual(high);
  }
});

test('the paper’s campaign: a call a turn and one a rating, all models priced, hours of a GPU', async () => {
  const { plan, forecast } = await paper();
  const episodes = plan.stages.reduce((sum, { estimate }) => sum + estimate.episodes, 0);
  expect(episodes).toBe(7500);
  const judging = forecast.stages.flatMap(({ asking }) => asking.filter(({ role }) => role === 'judge'));
  expect(judging.reduce((sum, { calls }) => sum + calls.low, 0)).toBe(episodes);
  expect(forecast.unpriced).toEqual([]);
  expect(forecast.models.low).toBeGreaterThan(20e9);
  expect(forecast.models.high).toBeLessThan(1000e9);
  expect(forecast.training.expected).toBeGreaterThan(HOUR);
  // Behaviour cloning, then self-reinforcement, then the evaluation: not all of it at once.
  expect(forecast.seconds.expected).toBeGreaterThan(forecast.training.expected / 2);
});

test('money is tokens times prices; a model without a price is named, and counts as nothing', async () => {
  const { plan } = await paper();
  const asked = { calls: { low: 1, expected: 1, high: 1 } };
  const million = { low: 1e6, expected: 1e6, high: 1e6 };
  const { forecast } = await paper();
  const judge = forecast.stages.flatMap(({ asking }) => asking).find(({ role }) => role === 'judge');
  const model = judge?.model ?? null;
  const asking = { ...asked, role: 'judge' as const, model, inputTokens: million, outputTokens: million };
  expect(moneyFor(asking, plan)).toEqual({ low: 12.5e9, expected: 12.5e9, high: 12.5e9 });
  expect(moneyFor(asking, {})).toEqual({ low: 0, expected: 0, high: 0 });
  const batching = { judge: { deadlineHours: 6, gatherSeconds: 60 } };
  expect(moneyFor(asking, { ...plan, batching })).toEqual({ low: 6.25e9, expected: 6.25e9, high: 12.5e9 });
  const { prices: _prices, ...unpriced } = plan;
  expect(forecastPlan(unpriced, null).unpriced).toEqual([
    'gpt-4o-2024-11-20 at https://api.openai.com/v1',
    'gpt-4o-mini-2024-07-18 at https://api.openai.com/v1',
  ]);
});

test.each([80, 200])('the table of what is asked fits a terminal of %d columns', async (width) => {
  const { plan, forecast } = await paper();
  const text = renderForecast(forecast, plan, width);
  const table = text.slice(0, text.indexOf('\n\n')).split('\n');
  expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(width);
  for (const role of ['author', 'expert', 'partner', 'judge', 'policies', 'in all'])
    expect(table.filter((line) => line.startsWith(role))).toHaveLength(1);
});
