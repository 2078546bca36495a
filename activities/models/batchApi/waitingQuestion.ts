import type { Completion } from '../chatCompletion';
import type { AskModel, Question } from '../modelAccess';
import type { RequestLine } from './batchLines';

/** A question that waits for a batch's answer. It is closed once, by an answer, a failure, or its asker's leaving. */
export class WaitingQuestion {
  readonly answer: Promise<Completion>;
  /** Settles when it is closed, in whichever way. */
  readonly closed: Promise<unknown>;
  isOpen = true;
  /** It was sent for this asker, in a batch or directly; else who sent it has booked what it costs. */
  wasSent = false;
  readonly answered: (completion: Completion) => void;
  readonly failed: (error: unknown) => void;

  constructor(
    readonly line: RequestLine,
    private readonly question: Question,
    private readonly ask: AskModel,
  ) {
    const { promise, resolve, reject } = withResolvers<Completion>();
    const { signal } = question;
    const leave = () => this.failed(signal.reason);
    const answer = (completion: Completion) =>
      resolve(this.wasSent ? completion : { ...completion, bookedBefore: true });
    this.answered = this.closing(answer, leave);
    this.failed = this.closing(reject, leave);
    this.answer = promise;
    this.closed = promise.catch(() => undefined);
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  }

  /** Gives up on batches. */
  askDirectly(): void {
    this.wasSent = true;
    if (this.isOpen) void this.ask(this.question).then(this.answered, this.failed);
  }

  private closing<V>(settle: (value: V) => void, leave: () => void): (value: V) => void {
    return (value) => {
      this.isOpen = false;
      this.question.signal.removeEventListener('abort', leave);
      settle(value);
    };
  }
}

function withResolvers<V>() {
  let resolve!: (value: V) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<V>((onAnswer, onFailure) => {
    resolve = onAnswer;
    reject = onFailure;
  });
  return { promise, resolve, reject };
}

/** Aborts when nobody waits for any of the questions any more. */
export function untilClosed(questions: readonly WaitingQuestion[]): AbortSignal {
  const nobody = new AbortController();
  void Promise.all(questions.map(({ closed }) => closed)).then(() => nobody.abort());
  return nobody.signal;
}
