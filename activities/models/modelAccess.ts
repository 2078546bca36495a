import type { AnswerForm } from '../../domain/prompts/answerForm';
import type { Role } from '../../schemas/ledger';
import type { Batching, ModelSpec } from '../../schemas/model';
import type { ChatMessage } from '../../schemas/training';
import type { Waiting } from '../conversation/patience';
import type { BatchedModels } from './batchApi/batchedModels';
import { type Account, askWithinBudget } from './budget/askWithinBudget';
import type { CampaignBudgets } from './budget/campaignBudgets';
import type { Completion } from './chatCompletion';
import type { LanguageModels } from './languageModels';
import { estimateTokens } from './rateLimits/estimateTokens';
import type { RateLimits } from './rateLimits/rateLimits';
import type { SnapshotWatch } from './snapshots/snapshotWatch';

/** One question to a model that the campaign names. */
export interface Question {
  model: ModelSpec;
  /** What the model is to the campaign. */
  role: Role;
  messages: ChatMessage[];
  seed: number;
  /** What the endpoint is to keep the answer to, where the model's `structuredOutput` says so. */
  form?: AnswerForm;
  /** Names what shares the beginning of the prompt, such as one side of a conversation. */
  conversation?: string;
  signal: AbortSignal;
  /** Once it is made it costs money: it is not cut off then. */
  isPaid?: boolean;
  /** How it may wait for a batch; none: it is asked directly. */
  batching?: Batching | undefined;
  /** Is told when the call waits for a limit of the provider, and null when it goes on. */
  tell?: (waiting: Waiting | null) => void;
}

/** Never aborted. */
const NEVER = new AbortController().signal;

/** Errors: MODEL_*, CALLS_EXHAUSTED, MONEY_EXHAUSTED, CONFIGURATION_MISSING, STORAGE_*; the signal's reason. */
export type AskModel = (question: Question) => Promise<Completion>;

/**
 * The way of every call that a campaign makes of models other than its own policies: its budget, the
 * provider's limits, then the wire; what comes back must be by a snapshot that the campaign takes.
 */
export class ModelAccess {
  constructor(
    private readonly models: LanguageModels,
    private readonly budgets: CampaignBudgets,
    private readonly batched: BatchedModels,
    private readonly watch: SnapshotWatch,
    private readonly limits: RateLimits,
  ) {}

  /** Does work that asks models on a campaign's account; what it took of a limit and did not use is given back. */
  whileUsed<R>(account: Account, work: (ask: AskModel) => Promise<R>): Promise<R> {
    const { campaign, stage } = account;
    const budget = this.budgets.of(campaign);
    const directly: AskModel = (question) => this.admit(account, question);
    const onWire: AskModel = (question) =>
      question.batching
        ? this.batched.ask({ campaign, stage }, { ...question, batching: question.batching }, directly)
        : directly(question);
    const within = this.watch.over(account, askWithinBudget(budget, account, onWire));
    const ask: AskModel = (question) =>
      within(question).catch((error: unknown) => {
        question.signal.throwIfAborted();
        throw error;
      });
    return budget.whileUsed(stage, () => work(ask));
  }

  /** Asks a single question on a campaign's account: limits of the provider are not waited for, any snapshot is taken. */
  askOnce(account: Account, question: Question): Promise<Completion> {
    const budget = this.budgets.of(account.campaign);
    const ask = askWithinBudget(budget, account, (asked) => askDirectly(this.models, asked));
    return budget.whileUsed(account.stage, () => ask(question));
  }

  private admit({ campaign, priority = 0 }: Account, question: Question): Promise<Completion> {
    const { model, messages, signal, isPaid, tell = () => undefined } = question;
    const admission = { campaign, priority, signal, tell, tokens: estimateTokens(messages, model) };
    const asked = isPaid ? { ...question, signal: NEVER } : question;
    return this.limits.of(model).admit(admission, () => askDirectly(this.models, asked));
  }
}

/** A call on nobody's account. */
export async function askDirectly(
  models: LanguageModels,
  { model, ...asked }: Omit<Question, 'role'>,
): Promise<Completion> {
  return models.complete(models.endpointOf(model), { ...asked, sampling: model.sampling });
}
