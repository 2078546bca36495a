import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { campaignJsonSchema, pricesJsonSchema, providersJsonSchema } from '../../schemas/jsonSchema';
import { type Setting, settingsOf } from '../../schemas/settings';
import { settingsPage } from '../../schemas/settingsPage';
import { workerJsonSchema } from '../../workers/config';

const page = join(__dirname, '../../docs/settings.md');
const schemas = {
  campaign: campaignJsonSchema(),
  worker: workerJsonSchema(),
  providers: providersJsonSchema(),
  prices: pricesJsonSchema(),
};
const settings = Object.values(schemas).flatMap((schema) => settingsOf(schema));
const named = (path: string): Setting | undefined => settings.find((setting) => setting.path === path);

describe('docs/settings.md', () => {
  it('is what `npm run schema` writes from the schemas today', () => {
    expect(readFileSync(page, 'utf8')).toBe(settingsPage(schemas));
  });

  it('says of every setting what it means', () => {
    expect(settings.filter(({ meaning }) => meaning === '').map(({ path }) => path)).toEqual([]);
  });

  it('reaches into lists, choices and mappings, with bounds and defaults', () => {
    expect(named('rounds[].pairsPerTask')).toMatchObject({ type: 'whole number from 1', fallback: '10' });
    expect(named('rounds[].filter.policy: paper-bc')).toBeDefined();
    expect(named('rounds[].filter.top')).toMatchObject({ fallback: '2', required: false });
    expect(named('policy.base.directory')).toMatchObject({ required: true });
    expect(named('PI_LOOP_DIALOGUE_SLOTS')).toMatchObject({ fallback: '128' });
  });

  it('tells of no machine', () => {
    expect(readFileSync(page, 'utf8')).not.toMatch(/\/(home|root|Users)\//);
  });
});
