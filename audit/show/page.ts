/** What is shown of something: facts by their names, then texts under titles. */
export interface Page {
  title: string;
  facts: [name: string, value: string][];
  sections: { title: string; lines: string[] }[];
}

/** A page for people, and the same as data. */
export interface Shown {
  page: Page;
  document: Record<string, unknown>;
}

/** Names with their values, such as `24 rows, 3 tied`. */
export const numbers = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, value]) => `${Number.isInteger(value) ? value : value.toFixed(2)} ${name}`)
    .join(', ');
