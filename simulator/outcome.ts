import type { Act, Offer, Turn } from './acts';
import type { Position } from './games/game';

/** One turn as a position understands it; `act` is missing where it makes no sense in the game. */
export interface ReadTurn {
  readonly own: boolean;
  readonly turn: Turn;
  readonly act: Act | undefined;
}

/** What was agreed so far, seen from one side. */
export interface Outcome {
  /** The offer that was accepted while it stood; the first acceptance counts. */
  readonly agreed: Offer | undefined;
  readonly acceptedByOwn: boolean;
  /** Somebody left. */
  readonly left: boolean;
}

export function readTurns(position: Position, turns: readonly Turn[]): ReadTurn[] {
  return turns.map((turn) => ({ own: turn.own, turn, act: actOf(position, turn) }));
}

function actOf(position: Position, { own, action }: Turn): Act | undefined {
  if (action.type === 'leave') return { kind: 'leave' };
  return action.type === 'speak' ? position.read(action.argument, own) : undefined;
}

/** Agreement is the acceptance of the other side's last offer; leaving before that ends without. */
export function outcomeOf(turns: readonly ReadTurn[]): Outcome {
  let ownOffer: Offer | undefined;
  let theirOffer: Offer | undefined;
  for (const { own, act } of turns) {
    if (act?.kind === 'leave') return { agreed: undefined, acceptedByOwn: false, left: true };
    if (act?.kind === 'offer') {
      if (own) ownOffer = act.offer;
      else theirOffer = act.offer;
    }
    const standing = own ? theirOffer : ownOffer;
    if (act?.kind === 'accept' && standing) return { agreed: standing, acceptedByOwn: own, left: false };
  }
  return { agreed: undefined, acceptedByOwn: false, left: false };
}
