import type { Plan, Stage } from '../../schemas/plan';

/** The last stage of every plan. */
const RESULTS = 'results';

/**
 * A campaign's plan without all that trains or serves a policy: tasks, conversations of experts, their filter, the
 * expert's evaluation. The same code runs it, in seconds and without a trainer.
 */
export function withoutTraining(plan: Plan): Plan {
  const stages: Stage[] = [];
  for (const stage of plan.stages) {
    const kept = stage.id === RESULTS ? withoutPolicies(stage, stages) : stage;
    const known = Object.values(kept.inputs).every((input) => stages.some(({ id }) => id === input.stage));
    if (known && !NEEDS_GPU.has(kept.kind)) stages.push(kept);
  }
  return { ...plan, stages };
}

const NEEDS_GPU: ReadonlySet<string> = new Set(['importCorpus', 'importPolicy', 'trainPolicy']);

function withoutPolicies(stage: Stage, kept: readonly Stage[]): Stage {
  const inputs = Object.entries(stage.inputs).filter(([, input]) =>
    kept.some(({ id }) => id === input.stage),
  );
  const parameters = { ...(stage.parameters as object), policies: [], pairs: [] };
  return { ...stage, parameters, inputs: Object.fromEntries(inputs) };
}
