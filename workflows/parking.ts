import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  type TemporalFailure,
} from '@temporalio/workflow';
import { PARKING_FAILURE_TYPES, PROBED_FAILURE_TYPES } from '../schemas/names';
import type { Parking } from './messages';

/** A cause outside is looked for after this long; the pause doubles with each look. */
const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** Why a stage is parked, and when it is tried again by itself. What has no type of ours may pass as well. */
export function parkingOf(error: TemporalFailure, before: Parking | null): Parking {
  const cause = rootOf(error);
  const type = (cause instanceof ApplicationFailure && cause.type) || cause.name;
  const needsPerson = PARKING_FAILURE_TYPES.includes(type) && !PROBED_FAILURE_TYPES.includes(type);
  const tries = before ? before.tries + 1 : 0;
  const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries);
  return {
    type,
    message: cause.message,
    since: before?.since ?? new Date().toISOString(),
    tries,
    nextTryAt: needsPerson ? null : new Date(Date.now() + pause).toISOString(),
  };
}

/** Parked because of a model: it is asked before everything is started again. */
export const concernsModel = (parking: Parking | null): parking is Parking =>
  parking !== null && (parking.type.startsWith('MODEL_') || parking.type === 'CONFIGURATION_MISSING');

/** What Temporal's wrappers are around. */
function rootOf(error: Error): Error {
  const wrapped = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  return wrapped && error.cause ? rootOf(error.cause) : error;
}
