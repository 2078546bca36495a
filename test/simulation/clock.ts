import type { SimulatedProcess } from './simulatedProcess';

/** Something that is going to happen. */
export interface Scheduled {
  cancel(): void;
}

interface Event {
  at: number;
  /** Of two at the same time the one that was made first comes first. */
  order: number;
  /** Whose event it is: a dead process has none, a frozen one has them later. Null for the world outside. */
  process: SimulatedProcess | null;
  action: (() => unknown) | null;
}

/** When all simulations begin; any time would do. */
const BEGINNING = Date.parse('2026-11-01T00:00:00Z');

const realSetImmediate = setImmediate;

/** Resolves when all promises that could settle have done so. */
const settled = (): Promise<void> => new Promise((resolve) => realSetImmediate(resolve));

/** Virtual time in milliseconds: it jumps from event to event, and nothing else lets it pass. */
export class VirtualClock {
  now = BEGINNING;
  private readonly heap: Event[] = [];
  private made = 0;

  get elapsed(): number {
    return this.now - BEGINNING;
  }

  /** @param process whose doing it is, if any process's */
  after(ms: number, process: SimulatedProcess | null, action: () => unknown): Scheduled {
    const event: Event = { at: this.now + Math.max(0, ms), order: this.made++, process, action };
    this.push(event);
    return {
      cancel: () => {
        event.action = null;
      },
    };
  }

  /** At a time since the beginning. */
  at(elapsed: number, action: () => unknown): Scheduled {
    return this.after(elapsed - this.elapsed, null, action);
  }

  /** Lets events happen until this holds. @throws when nothing is left to happen, or it takes longer than `mostMs` */
  async runUntil(done: () => boolean, mostMs: number): Promise<void> {
    const deadline = this.now + mostMs;
    await settled();
    while (!done()) {
      const event = this.pop();
      if (!event) throw new Error('nothing is left to happen');
      if (event.at > deadline) throw new Error(`not done after ${mostMs / 1000} simulated seconds`);
      if (!event.action || event.process?.isDead) continue;
      this.now = event.at;
      if (event.process && event.process.frozenUntil > this.now) {
        this.push({ ...event, at: event.process.frozenUntil });
        event.action = null;
        continue;
      }
      await event.action();
      await settled();
    }
  }

  private push(event: Event): void {
    const { heap } = this;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(event, heap[parent])) break;
      heap[index] = heap[parent] as Event;
      index = parent;
    }
    heap[index] = event;
  }

  private pop(): Event | undefined {
    const { heap } = this;
    const [first] = heap;
    const last = heap.pop();
    if (!last || !first || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const child = isBefore(heap[left + 1], heap[left]) ? left + 1 : left;
      if (!isBefore(heap[child], last)) break;
      heap[index] = heap[child] as Event;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: Event | undefined, b: Event | undefined): boolean {
  if (!a || !b) return a !== undefined;
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}
