export { bootstrapMeans } from './bootstrap';
export { compareEvaluations, type Comparing } from './compareEvaluations';
export { mean } from './mean';
export { pairedInterval } from './pairedInterval';
export { pairedTTest } from './pairedTTest';
export { isTolerable, snapshotShift, TOLERATED_SHIFT } from './snapshotShift';
export { summariseEvaluation, type EvaluationRow } from './summariseEvaluation';
