import type { BatchProgress, PlayedRow, RatedRow } from '../../schemas/batch';
import type { Turn } from '../../schemas/episode';
import type { Waiting } from './patience';

/** How far the episodes of a batch are. */
export class EpisodeBatch {
  private readonly rated = new Map<number, RatedRow>();
  private readonly played = new Map<number, PlayedRow>();
  private readonly open = new Map<number, Turn[]>();
  private readonly waiting = new Map<number, Waiting>();

  constructor(
    readonly design: string,
    readonly from: number,
    kept?: Pick<BatchProgress, 'rated' | 'played' | 'open'>,
  ) {
    for (const row of kept?.rated ?? []) this.rated.set(row.number, row);
    for (const row of kept?.played ?? []) if (!this.rated.has(row.number)) this.played.set(row.number, row);
    for (const { number, turns } of kept?.open ?? [])
      if (!this.rated.has(number) && !this.played.has(number)) this.open.set(number, turns);
  }

  ratedRow(number: number): RatedRow | undefined {
    return this.rated.get(number);
  }

  playedRow(number: number): PlayedRow | undefined {
    return this.played.get(number);
  }

  /** The turns of an episode so far; those added to it are part of the batch. */
  turnsOf(number: number): Turn[] {
    const turns = this.open.get(number) ?? [];
    this.open.set(number, turns);
    return turns;
  }

  finishPlaying(row: PlayedRow): PlayedRow {
    this.open.delete(row.number);
    this.played.set(row.number, row);
    return row;
  }

  finishRating(row: RatedRow): RatedRow {
    this.played.delete(row.number);
    this.rated.set(row.number, row);
    return row;
  }

  wait(number: number, waiting: Waiting | null): void {
    if (waiting) this.waiting.set(number, waiting);
    else this.waiting.delete(number);
  }

  get ratedCount(): number {
    return this.rated.size;
  }

  /** One of the failures that its episodes wait out. */
  get waitsFor(): Waiting | null {
    return [...this.waiting.values()][0] ?? null;
  }

  /** Grows with every step that is worth a heartbeat. */
  get steps(): number {
    let turns = 0;
    for (const open of this.open.values()) turns += open.length;
    return turns + 1000 * (this.played.size + 2 * this.rated.size);
  }

  /** Characters that models said in the conversations under way: most of what a heartbeat carries. */
  get openCharacters(): number {
    let characters = 0;
    for (const turns of this.open.values())
      for (const { action } of turns) characters += action.argument.length;
    return characters;
  }

  progress(): BatchProgress {
    return {
      design: this.design,
      from: this.from,
      rated: [...this.rated.values()],
      played: [...this.played.values()],
      open: [...this.open].map(([number, turns]) => ({ number, turns: [...turns] })),
      waiting: this.waitsFor,
    };
  }

  /** All rows in the order of their numbers, rated ones as rated. */
  ratedRows(): RatedRow[] {
    return [...this.rated.values()].sort((a, b) => a.number - b.number);
  }
}
