import { type Setting, settingsOf, type SettingsSchema } from './settings';

export interface DocumentedSchemas {
  campaign: SettingsSchema;
  worker: SettingsSchema;
  providers: SettingsSchema;
  prices: SettingsSchema;
}

/** docs/settings.md: every setting of a file and every variable of a worker, from the schemas that read them. */
export const settingsPage = ({ campaign, worker, providers, prices }: DocumentedSchemas): string =>
  [
    '<!-- Written by `npm run schema` from the schemas that read the settings; not to be changed by hand. -->',
    '# Settings',
    'What a campaign file may say, in its order. `[]` stands for each item of a list; a setting with a word after the colon is one of several choices, and those under it go with it.',
    ...sectionsOf(campaign),
    '## Environment of workers',
    'Read once, when a worker starts. Empty is as if it were not there.',
    table(settingsOf(worker)),
    '## File of `PI_LOOP_PROVIDERS`',
    'What accounts with providers may ask ([limits.md](limits.md)). Read once, when a worker starts.',
    table(settingsOf(providers)),
    '## Table of prices',
    'A file that `prices` in a campaign file or `PI_LOOP_PRICES` names; its prices go before the listed ones.',
    table(settingsOf(prices)),
  ].join('\n\n') + '\n';

function sectionsOf(campaign: SettingsSchema): string[] {
  const settings = settingsOf(campaign);
  const names = new Set(settings.map(sectionOf));
  return [...names].flatMap((name) => [
    `## ${name}`,
    table(settings.filter((setting) => sectionOf(setting) === name)),
  ]);
}

const sectionOf = ({ path }: Setting): string => /^\w+/.exec(path)?.[0] ?? path;

const table = (settings: readonly Setting[]): string =>
  [
    '| setting | value | default | meaning |',
    '| --- | --- | --- | --- |',
    ...settings.map(
      ({ path, type, fallback, required, meaning }) =>
        `| \`${path}\` | ${cell(type)} | ${required ? '**required**' : fallback === null ? '' : `\`${cell(fallback)}\``} | ${cell(meaning)} |`,
    ),
  ].join('\n');

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ');
