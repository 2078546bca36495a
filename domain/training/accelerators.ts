/** What an estimate needs to know of the machine that trains. */
export interface Accelerator {
  /** Peak of dense matrix multiplication by precision, FLOP/s. */
  peak: { bfloat16: number; float32: number };
  /** Memory, bytes. */
  memory: number;
}

const GIB = 2 ** 30;
const TERA = 1e12;

/**
 * Peaks of NVIDIA's data sheets: bfloat16 dense on tensor cores, float32 without them, as the trainer multiplies.
 * A core: two 256-bit units at 3 GHz.
 */
export const ACCELERATORS = {
  'nvidia-a100': { peak: { bfloat16: 312 * TERA, float32: 19.5 * TERA }, memory: 80 * GIB },
  'nvidia-h100': { peak: { bfloat16: 989 * TERA, float32: 67 * TERA }, memory: 80 * GIB },
  'nvidia-l4': { peak: { bfloat16: 121 * TERA, float32: 30.3 * TERA }, memory: 24 * GIB },
  'nvidia-rtx-4090': { peak: { bfloat16: 165 * TERA, float32: 82.6 * TERA }, memory: 24 * GIB },
  'cpu-core': { peak: { bfloat16: 0.1 * TERA, float32: 0.1 * TERA }, memory: 8 * GIB },
} as const satisfies Record<string, Accelerator>;

export type AcceleratorName = keyof typeof ACCELERATORS;
