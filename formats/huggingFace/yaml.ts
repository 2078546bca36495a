import { stringify } from 'yaml';

/** A card's front matter; undefined and null members are left out. */
export const frontMatter = (value: object): string =>
  `---\n${stringify(JSON.parse(JSON.stringify(value, (_, member: unknown) => member ?? undefined)), { lineWidth: 0 })}---\n`;
