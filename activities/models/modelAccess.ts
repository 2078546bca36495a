import type { AnswerForm } from '../../domain/prompts/answerForm';
import type { Role } from '../../schemas/ledger';
import type { Batching, ModelSpec } from '../../schemas/model';
import type { ChatMessage } from '../../schemas/training';
import type { BatchedModels } from './batchApi/batchedModels';
import { type Account, askWithinBudget } from './budget/askWithinBudget';
import type { CampaignBudgets } from './budget/campaignBudgets';
import type { Completion } from './chatCompletion';
import type { LanguageModels } from './languageModels';
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
  /** How it may wait for a batch; none: it is asked directly. */
  batching?: Batching | null | undefined;
}

/** Errors: MODEL_*, CALLS_EXHAUSTED, MONEY_EXHAUSTED, CONFIGURATION_MISSING, STORAGE_*; the signal's reason. */
export type AskModel = (question: Question) => Promise<Completion>;

/**
 * The way of every call that a campaign makes of models other than its own policies: its budget, then the wire; what
 * comes back must be by a snapshot that the campaign takes.
 */
export class ModelAccess {
  constructor(
    private readonly models: LanguageModels,
    private readonly budgets: CampaignBudgets,
    private readonly batched: BatchedModels,
    private readonly watch: SnapshotWatch,
  ) {}

  /** Does work that asks models on a campaign's account; what it took of a limit and did not use is given back. */
  whileUsed<R>(account: Account, work: (ask: AskModel) => Promise<R>): Promise<R> {
    const { campaign, stage } = account;
    const budget = this.budgets.of(campaign);
    const directly: AskModel = (question) => askDirectly(this.models, question);
    const onWire: AskModel = (question) =>
      question.batching
        ? this.batched.ask(campaign, question, question.batching, directly)
        : directly(question);
    const ask = this.watch.over(account, askWithinBudget(budget, account, onWire));
    return budget.whileUsed(stage, () => work(ask));
  }
}

/** A call on nobody's account. */
export async function askDirectly(
  models: LanguageModels,
  { model, ...asked }: Omit<Question, 'role'>,
): Promise<Completion> {
  return models.complete(models.endpointOf(model), { ...asked, sampling: model.sampling });
}
