import { createHash } from 'node:crypto';
import type { GameTask } from './games/game';
import { wordsOf } from './words';

/**
 * Half of all contents of tasks are kept for authors, half for corpora, by a digest of the private goals: a
 * model pre-trained on a corpus has met none of the tasks it will be trained and measured on. Neither the order of
 * words, nor who has which goal, nor the item makes a task new.
 */
export function isForAuthor(task: GameTask): boolean {
  const key = task.goals
    .map((goal) => wordsOf(goal).sort().join(' '))
    .sort()
    .join('|');
  return (createHash('sha256').update(key).digest()[0] ?? 0) < 128;
}
