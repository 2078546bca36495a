/** What a speaker puts forward. `items` are goods, a cause or a day; `amount` is dollars. */
export interface Offer {
  readonly items: readonly string[];
  readonly amount?: number;
}

/** What an utterance does in a game. Offers are always seen from the side that reads them: items it would get. */
export type Act =
  | { readonly kind: 'offer'; readonly offer: Offer }
  | { readonly kind: 'tell'; readonly items: readonly string[] }
  | { readonly kind: 'ask' }
  | { readonly kind: 'accept' }
  | { readonly kind: 'leave' };

/** Acts that are spoken; leaving is an action of its own. */
export type SpokenAct = Exclude<Act, { kind: 'leave' }>;

export const ACTION_TYPES = ['none', 'speak', 'non-verbal communication', 'action', 'leave'] as const;
export type ActionType = (typeof ACTION_TYPES)[number];

/** One action of a conversation, as both prompt templates can say it. */
export interface Action {
  readonly type: ActionType;
  readonly argument: string;
}

/** One turn, seen from one side. */
export interface Turn {
  readonly own: boolean;
  readonly action: Action;
}

export const LEAVE: Action = { type: 'leave', argument: '' };
export const speak = (argument: string): Action => ({ type: 'speak', argument });
