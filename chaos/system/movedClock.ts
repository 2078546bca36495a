import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT } from '../../deploy/local/checkout';

/** Variables of a process whose clock `moveClock` moves by the same file. */
export function movableClock(file: string): Record<string, string> {
  moveClock(file, 0);
  return {
    NODE_OPTIONS: `--require=${join(CHECKOUT, 'chaos/system/clockPreload.cjs')}`,
    PI_LOOP_CLOCK_FILE: file,
  };
}

/** Moves the clock at once, to so many milliseconds from the real time. */
export function moveClock(file: string, milliseconds: number): void {
  writeFileSync(file, String(milliseconds));
}
