export { bootstrapMeans } from './bootstrap';
export { compareEvaluations, type Comparing } from './compareEvaluations';
export { mean } from './mean';
export { pairedTTest } from './pairedTTest';
export { summariseEvaluation, type EvaluationRow } from './summariseEvaluation';
