export interface Column {
  title: string;
  align: 'left' | 'right';
}

const GAP = '  ';
const DEFAULT_WIDTH = 100;
const NARROWEST = 60;

/** Columns of the terminal; 100 where there is none. */
export const terminalWidth = (): number => Math.max(NARROWEST, process.stdout.columns ?? DEFAULT_WIDTH);

/** Rows under their titles, each column as wide as its widest cell. Lines have no trailing spaces. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columnWidths(columns, rows);
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return columns[index]?.align === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join(GAP)
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)];
}

/** Characters of the table's longest line. */
export const tableWidth = (columns: readonly Column[], rows: readonly (readonly string[])[]): number =>
  columnWidths(columns, rows).reduce((sum, width) => sum + width, GAP.length * (columns.length - 1));

const columnWidths = (columns: readonly Column[], rows: readonly (readonly string[])[]): number[] =>
  columns.map(({ title }, index) =>
    Math.max(title.length, ...rows.map((cells) => (cells[index] ?? '').length)),
  );

/** Breaks a text at spaces into lines of at most `width` characters; a longer word keeps a line to itself. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
