/** Text that models or people wrote, as one line of Markdown that holds no markup. */
export const plain = (text: string): string =>
  text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]<>#|!~$&]/g, (character) => `\\${character}`);

/** A table; cells are Markdown. */
export const table = (rows: readonly (readonly string[])[]): string => {
  const [header = [], ...body] = rows;
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...body.map(line)].join('\n');
};
